"""demo: the synthetic country and the demo walk."""
