"""Pages for those who build on the exchange: catalogue, console, snippets, checker of signatures."""
