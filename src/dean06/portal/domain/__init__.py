"""Rules of the portal that need neither Django nor HTTP."""
