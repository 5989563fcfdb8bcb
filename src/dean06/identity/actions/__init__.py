"""Every write of identity: accounts, signing in, consent, codes and tokens."""
