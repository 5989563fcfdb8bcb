"""Civil status (hộ tịch): registrations of birth, marriage and death; the role of the ministry of justice.

Look-ups go by number, book and page beside names and the unit (domain.md J [F]).
"""

from datetime import date, timedelta
from typing import Any, Final

from dean06.demo.registers.describing import (
    DAY,
    HOLDER,
    NAME_EXAMPLE,
    NUMBER_EXAMPLE,
    OTHER_NAME_EXAMPLE,
    OTHER_NUMBER_EXAMPLE,
    PERSON_QUESTION,
    ByPerson,
    Disclosure,
    Operation,
    Register,
    nullable,
    one_of,
    record,
    shape,
)
from dean06.demo.registers.drawing import REFERENCE_DAY, day_between, draw, years_after
from dean06.demo.registers.people import Resident, home_of, resident_by_number, spouse_of
from dean06.demo.registers.places import PLACE, PLACE_EXAMPLE, place

MARRIAGE_AGE: Final = {"male": 20, "female": 18}  # law on marriage and family, from memory [M]
LATEST_REGISTRATION_DAYS: Final = 60  # of a birth (domain.md B.2 [F2]); the same is assumed of a death
ENTRIES_A_BOOK: Final = 300


def look_up(asked: ByPerson) -> Disclosure:
    """Answer what is registered of a person's birth, marriage and death; a spouse's data are the spouse's too."""
    person = resident_by_number(asked.personal_id)
    spouse = spouse_of(person)
    document = {
        "personal_id": person.number,
        "full_name": person.full_name,
        "marital_state": person.marital_state or "unknown",
        "birth": _registration(person, "birth", person.born_on, person.birth_unit_code),
        "marriage": _marriage(person, spouse) if spouse else None,
        "death": _registration(person, "death", person.died_on, person.birth_unit_code) if person.died_on else None,
    }
    return Disclosure(document, (person.key, spouse.key) if spouse else (person.key,))


def _registration(person: Resident, kind: str, happened: date, unit_code: str) -> dict[str, Any]:
    registered = happened + timedelta(days=draw(person.seed, f"{kind} delay", LATEST_REGISTRATION_DAYS))
    entry = 1 + draw(person.seed, f"{kind} entry", ENTRIES_A_BOOK)
    return {
        "entry_number": f"{entry}/{registered.year}",
        "registered_on": registered.isoformat(),
        "unit": place(unit_code) if unit_code else None,
    }


def _marriage(person: Resident, spouse: Resident) -> dict[str, Any]:
    elder, younger = sorted((person, spouse), key=lambda one: one.row)
    first = max(years_after(one.born_on, MARRIAGE_AGE[one.sex]) for one in (person, spouse))
    last = min(one.died_on or REFERENCE_DAY for one in (person, spouse))
    married = day_between(f"{elder.seed} {younger.seed}", "marriage", min(first, last), min(years_after(first, 12), last))
    home = home_of(elder) or home_of(younger)
    return {
        **_registration(elder, "marriage", married, home.unit_code if home else ""),
        "spouse": {"personal_id": spouse.number, "full_name": spouse.full_name},
    }


ENTRY: Final = {
    "entry_number": shape("^[0-9]+/[0-9]{4}$", "Số đăng ký trong sổ và năm (chưa đối chiếu văn bản)"),
    "registered_on": DAY,
    "unit": nullable(PLACE),
}
BIRTH_EXAMPLE: Final = {"entry_number": "17/1990", "registered_on": "1990-05-20", "unit": PLACE_EXAMPLE}
MARRIAGE_EXAMPLE: Final = {
    "entry_number": "41/2015",
    "registered_on": "2015-11-02",
    "unit": PLACE_EXAMPLE,
    "spouse": {"personal_id": OTHER_NUMBER_EXAMPLE, "full_name": OTHER_NAME_EXAMPLE},
}
REGISTER: Final = Register(
    service="VN/GOV/G15/CIVIL/civil-status",
    title="Hộ tịch",
    description="Khai sinh, kết hôn, khai tử đã đăng ký của một người.",
    operations=(
        Operation(
            name="lookUpCivilStatus",
            path="/v1/civil-status/look-up",
            summary="Tra cứu khai sinh, kết hôn, khai tử của một người",
            question=PERSON_QUESTION,
            parse=ByPerson,
            answer_schema=record(
                **HOLDER,
                marital_state=one_of("single", "married", "widowed", "divorced", "separated", "unknown"),
                birth=record(**ENTRY),
                marriage=nullable(record(**ENTRY, spouse=record(**HOLDER))),
                death=nullable(record(**ENTRY)),
            ),
            example=(
                {"personal_id": NUMBER_EXAMPLE},
                {
                    "personal_id": NUMBER_EXAMPLE,
                    "full_name": NAME_EXAMPLE,
                    "marital_state": "married",
                    "birth": BIRTH_EXAMPLE,
                    "marriage": MARRIAGE_EXAMPLE,
                    "death": None,
                },
            ),
            answer=look_up,
        ),
    ),
)
