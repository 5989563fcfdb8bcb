"""organisation: who holds which post in which unit from when to when."""
