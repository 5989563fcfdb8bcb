"""cli: the ``dean06`` command."""
