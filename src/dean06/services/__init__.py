"""services: procedures and dossiers, e-data store."""
