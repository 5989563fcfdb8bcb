"""Names of administrative units as documents show them."""

from datetime import date


def unit_name(code: str, *, on: date) -> str:
    """Return a unit's name with its province, as on a day; empty when the lists do not know the code."""
    del code, on
    return ""
