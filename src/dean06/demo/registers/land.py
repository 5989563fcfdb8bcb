"""Land parcels (thửa đất): the role of the ministry of agriculture and environment."""

from typing import Any, Final

from dean06.core.keys import PersonKey
from dean06.demo.registers.describing import (
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
    list_of,
    one_of,
    record,
    shape,
)
from dean06.demo.registers.drawing import digits, draw, happens, pick
from dean06.demo.registers.people import Home, Resident, home_of, resident_by_number, spouse_of
from dean06.demo.registers.places import PLACE, PLACE_EXAMPLE, place

OWN_HOME_SHARE: Final = 0.78  # assumptions, as all shares here
FIELD_SHARE: Final = 0.25
PURPOSES: Final = {"residential": "Đất ở", "rice": "Đất trồng lúa", "perennial": "Đất trồng cây lâu năm"}
SHEETS: Final = 120
PARCELS: Final = 400
SMALLEST_AREA_M2: Final = 30


def look_up(asked: ByPerson) -> Disclosure:
    """Answer which parcels a person has the right to use, alone or with the spouse: the data are of both."""
    person = resident_by_number(asked.personal_id)
    holders = _with_spouse(person)
    head = next((one for one in holders if one.relation == "head"), None)
    home = home_of(head) if head else None
    parcels = _parcels(head, home, holders) if head and home and person.is_alive else []
    subjects: tuple[PersonKey, ...] = tuple(one.key for one in (holders if parcels else (person,)))
    return Disclosure({"personal_id": person.number, "full_name": person.full_name, "parcels": parcels}, subjects)


def _with_spouse(person: Resident) -> tuple[Resident, ...]:
    """Return the person and a living spouse of the same household."""
    spouse = spouse_of(person)
    if spouse is None or not spouse.is_alive or spouse.household_key != person.household_key:
        return (person,)
    return (person, spouse)


def _parcels(head: Resident, home: Home, holders: tuple[Resident, ...]) -> list[dict[str, Any]]:
    purposes = ["residential"] if happens(head.seed, "own home", OWN_HOME_SHARE) else []
    if happens(head.seed, "field", FIELD_SHARE):
        purposes.append(pick(head.seed, "field kind", ("rice", "perennial")))
    rights = [{"personal_id": one.number, "full_name": one.full_name} for one in sorted(holders, key=lambda one: one.row)]
    return [
        {
            "unit": place(home.unit_code),
            "sheet_number": 1 + draw(head.seed, f"sheet {purpose}", SHEETS),
            "parcel_number": 1 + draw(head.seed, f"parcel {purpose}", PARCELS),
            "area_m2": SMALLEST_AREA_M2 + draw(head.seed, f"area {purpose}", 170 if purpose == "residential" else 2_000),
            "purpose": purpose,
            "purpose_name": PURPOSES[purpose],
            "certificate_number": f"ZZ {digits(head.seed, f'certificate {purpose}', 8)}",
            "holders": rights,
        }
        for purpose in purposes
    ]


PARCEL: Final = record(
    unit=PLACE,
    sheet_number={"type": "integer", "minimum": 1},
    parcel_number={"type": "integer", "minimum": 1},
    area_m2={"type": "integer", "minimum": 1},
    purpose=one_of(*PURPOSES),
    purpose_name=one_of(*PURPOSES.values()),
    certificate_number=shape("^[A-Z]{2} [0-9]{8}$", "Số phát hành giấy chứng nhận, hai chữ và tám chữ số (chưa đối chiếu văn bản)"),
    holders=list_of(record(**HOLDER)),
)
REGISTER: Final = Register(
    service="VN/GOV/G10/LAND/land-parcels",
    title="Thửa đất",
    description="Ai có quyền sử dụng thửa đất nào, ở đâu, mục đích gì.",
    operations=(
        Operation(
            name="lookUpLandParcels",
            path="/v1/land-parcels/look-up",
            summary="Tra cứu thửa đất mà một người có quyền sử dụng",
            question=PERSON_QUESTION,
            parse=ByPerson,
            answer_schema=record(**HOLDER, parcels=list_of(PARCEL)),
            example=(
                {"personal_id": NUMBER_EXAMPLE},
                {
                    "personal_id": NUMBER_EXAMPLE,
                    "full_name": NAME_EXAMPLE,
                    "parcels": [
                        {
                            "unit": PLACE_EXAMPLE,
                            "sheet_number": 12,
                            "parcel_number": 34,
                            "area_m2": 85,
                            "purpose": "residential",
                            "purpose_name": "Đất ở",
                            "certificate_number": "ZZ 00000019",
                            "holders": [
                                {"personal_id": NUMBER_EXAMPLE, "full_name": NAME_EXAMPLE},
                                {"personal_id": OTHER_NUMBER_EXAMPLE, "full_name": OTHER_NAME_EXAMPLE},
                            ],
                        }
                    ],
                },
            ),
            answer=look_up,
        ),
    ),
)
