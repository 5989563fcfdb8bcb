"""How a dossier's events become figures; no Django, no HTTP."""
