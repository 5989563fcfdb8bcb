"""Loading packs of members and agreements."""

from pathlib import Path


def load_members(path: Path) -> int:
    """Load members, subsystems and services from YAML files; return how many members are registered."""
    raise NotImplementedError(path)


def load_agreements(path: Path) -> int:
    """Load agreements from YAML files; return how many became new versions."""
    raise NotImplementedError(path)
