"""registry: persons, households, residence."""
