"""Names of administrative units as documents show them."""

from datetime import date

from dean06.reference.errors import UnitUnknown
from dean06.reference.public import unit


def unit_name(code: str, *, on: date) -> str:
    """Return a unit's name with its province as on a day, else as today; empty when the lists do not know the code."""
    for day in (on, None):
        try:
            return unit(code, on=day).path_name
        except UnitUnknown:
            continue
    return ""
