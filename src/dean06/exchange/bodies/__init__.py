"""Kept bodies: what was asked and answered, encrypted beside the evidence, until its day is shredded."""
