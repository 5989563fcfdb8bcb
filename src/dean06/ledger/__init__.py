"""ledger: append-only verifiable log."""
