"""Driving licences (giấy phép lái xe): the role of the police, who took them over in 2025 (domain.md A.5 [F2])."""

from datetime import date
from typing import Any, Final

from dean06.demo.registers.describing import (
    DAY,
    HOLDER,
    NAME_EXAMPLE,
    NUMBER_EXAMPLE,
    PERSON_QUESTION,
    ByPerson,
    Disclosure,
    Operation,
    Register,
    list_of,
    nullable,
    one_of,
    record,
    shape,
)
from dean06.demo.registers.drawing import REFERENCE_DAY, day_between, digits, draw, happens, years_after
from dean06.demo.registers.people import Resident, resident_by_number

OLD_ENOUGH: Final = 18
MOTORCYCLE_SHARE: Final = {"male": 0.82, "female": 0.66}  # assumptions, as all shares here
CAR_SHARE: Final = {"male": 0.24, "female": 0.09}
CAR_YEARS: Final = 10
POINTS: Final = 12
MOST_POINTS_LOST: Final = 4


def look_up(asked: ByPerson) -> Disclosure:
    """Answer which licences a person holds; that there is none is an answer about the person too."""
    person = resident_by_number(asked.personal_id)
    document = {"personal_id": person.number, "full_name": person.full_name, "licences": licences_of(person)}
    return Disclosure(document, (person.key,))


def licences_of(person: Resident) -> list[dict[str, Any]]:
    """Return the licences of an adult."""
    if person.age < OLD_ENOUGH or not person.is_alive:
        return []
    adult_on = years_after(person.born_on, OLD_ENOUGH)
    found = []
    if happens(person.seed, "motorcycle", MOTORCYCLE_SHARE[person.sex]):
        found.append(_licence(person, "A1", day_between(person.seed, "A1", adult_on, REFERENCE_DAY), None))
    if happens(person.seed, "car", CAR_SHARE[person.sex]):
        issued = day_between(person.seed, "B", max(adult_on, years_after(REFERENCE_DAY, -CAR_YEARS - 1)), REFERENCE_DAY)
        found.append(_licence(person, "B", issued, years_after(issued, CAR_YEARS)))
    return found


def _licence(person: Resident, kind: str, issued: date, until: date | None) -> dict[str, Any]:
    return {
        "licence_number": digits(person.seed, f"licence {kind}", 12),
        "class": kind,
        "issued_on": issued.isoformat(),
        "valid_until": until.isoformat() if until else None,
        "points": POINTS - draw(person.seed, f"points {kind}", MOST_POINTS_LOST),
        "status": "expired" if until and until < REFERENCE_DAY else "valid",
    }


LICENCE: Final = record(
    licence_number=shape("^[0-9]{12}$", "Mười hai chữ số; cấu tạo chưa có nguồn chắc chắn"),
    **{"class": one_of("A1", "B", description="Hạng")},
    issued_on=DAY,
    valid_until=nullable(DAY),
    points={"type": "integer", "minimum": 0, "maximum": POINTS},
    status=one_of("valid", "expired"),
)
EXAMPLE: Final = {
    "licence_number": "000000000019",
    "class": "A1",
    "issued_on": "2010-03-09",
    "valid_until": None,
    "points": 12,
    "status": "valid",
}
REGISTER: Final = Register(
    service="VN/GOV/G01/LICENCES/driving-licences",
    title="Giấy phép lái xe",
    description="Ai có giấy phép lái xe hạng nào, còn hạn hay không.",
    operations=(
        Operation(
            name="lookUpDrivingLicences",
            path="/v1/driving-licences/look-up",
            summary="Tra cứu giấy phép lái xe của một người",
            question=PERSON_QUESTION,
            parse=ByPerson,
            answer_schema=record(**HOLDER, licences=list_of(LICENCE)),
            example=(
                {"personal_id": NUMBER_EXAMPLE},
                {"personal_id": NUMBER_EXAMPLE, "full_name": NAME_EXAMPLE, "licences": [EXAMPLE]},
            ),
            answer=look_up,
        ),
    ),
)
