"""Pages of identity: parse, call, answer."""
