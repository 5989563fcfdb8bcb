"""The log as mathematics: what a leaf is, how the tree grows, what a checkpoint says. Neither Django nor a database."""
