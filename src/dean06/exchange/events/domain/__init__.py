"""Rules of events that know neither Django nor HTTP."""
