"""signing: keys, certificates, PAdES, time-stamps."""
