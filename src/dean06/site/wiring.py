"""Joins that no module may make itself: who provides which service, who tells whom."""


def connect() -> None:
    """Connect the modules; called once at start-up of each process."""
