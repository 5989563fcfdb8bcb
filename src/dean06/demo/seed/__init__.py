"""The demonstration country in a running installation: people, agencies, posts, accounts, agreements."""
