"""Names of communes for the registers' documents."""

from dean06.core.errors import NotFound
from dean06.demo.registers.describing import TEXT, Schema, record
from dean06.reference.public import unit

PLACE: Schema = record(unit_code=TEXT, unit_name=TEXT)
PLACE_EXAMPLE: Schema = {"unit_code": "00004", "unit_name": "Phường Ba Đình"}


def place(code: str) -> Schema:
    """Name a unit as far as the lists know it; a former unit keeps its code."""
    try:
        return {"unit_code": code, "unit_name": unit(code).full_name}
    except NotFound:
        return {"unit_code": code, "unit_name": ""}
