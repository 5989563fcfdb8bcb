"""Agreements as a procedure of people: requested, approved by two others, signed, suspended, ended, renewed."""
