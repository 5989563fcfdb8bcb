"""The demonstration walk: the whole flow by HTTP, for those without a browser."""
