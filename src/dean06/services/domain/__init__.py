"""The law of a dossier as code: states, steps, clock, codes, hashes; no Django, no HTTP."""
