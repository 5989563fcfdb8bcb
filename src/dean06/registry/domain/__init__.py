"""The law of the population registry as pure code: numbers, names, facts with two times."""
