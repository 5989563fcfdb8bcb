"""Who owns which mobile number (thuê bao di động): the role of a telecom, with numbers that nobody can call."""

from typing import Annotated, Final

import msgspec

from dean06.demo.registers.describing import (
    DAY,
    FLAG,
    HOLDER,
    NAME_EXAMPLE,
    NUMBER,
    NUMBER_EXAMPLE,
    PERSON_QUESTION,
    ByPerson,
    Disclosure,
    Operation,
    PersonNumber,
    Register,
    list_of,
    record,
    shape,
)
from dean06.demo.registers.drawing import INVENTED_MOBILE, REFERENCE_DAY, day_between, happens, years_after
from dean06.demo.registers.people import Resident, resident_by_number

OWN_PHONE_AGE: Final = 14
FIRST_SHARE: Final = 0.93  # assumptions, as all shares here
NEXT_SHARE: Final = 0.22
MOST: Final = 3
SERIALS: Final = 100_000_000
LONGEST_YEARS: Final = 15


class Ownership(msgspec.Struct, forbid_unknown_fields=True):
    """Ask whether a number is registered to a person."""

    phone_number: Annotated[str, msgspec.Meta(pattern="^0[0-9]{9}$")]
    personal_id: PersonNumber


def numbers_of(person: Resident) -> list[dict[str, str]]:
    """Return the mobile numbers registered to a person: eight digits from her place in the population, so none is given twice."""
    if not person.is_alive or person.age < OWN_PHONE_AGE:
        return []
    count = 0
    while count < MOST and happens(person.seed, f"phone {count}", FIRST_SHARE if count == 0 else NEXT_SHARE):
        count += 1
    first = max(years_after(REFERENCE_DAY, -LONGEST_YEARS), years_after(person.born_on, OWN_PHONE_AGE))
    return [
        {
            "phone_number": f"{INVENTED_MOBILE}{(person.row * MOST + place) % SERIALS:08}",
            "since": day_between(person.seed, f"phone since {place}", first, REFERENCE_DAY).isoformat(),
        }
        for place in range(count)
    ]


def look_up(asked: ByPerson) -> Disclosure:
    """Answer which mobile numbers are registered to a person."""
    person = resident_by_number(asked.personal_id)
    return Disclosure({"personal_id": person.number, "full_name": person.full_name, "numbers": numbers_of(person)}, (person.key,))


def verify(asked: Ownership) -> Disclosure:
    """Answer whether a number is registered to a person: yes or no, nothing else leaves."""
    person = resident_by_number(asked.personal_id)
    is_hers = any(one["phone_number"] == asked.phone_number for one in numbers_of(person))
    return Disclosure({"is_registered_to_person": is_hers}, (person.key,))


PHONE: Final = shape("^0[0-9]{9}$", "Số thuê bao dạng trong nước: 0 và chín chữ số")
PHONE_EXAMPLE: Final = "0100000003"
REGISTER: Final = Register(
    service="VN/COM/DEMOTEL/SUBSCRIBERS/subscriptions",
    title="Thuê bao di động",
    description="Thuê bao di động đăng ký cho ai.",
    operations=(
        Operation(
            name="lookUpSubscriptions",
            path="/v1/subscriptions/look-up",
            summary="Tra cứu thuê bao di động của một người",
            question=PERSON_QUESTION,
            parse=ByPerson,
            answer_schema=record(**HOLDER, numbers=list_of(record(phone_number=PHONE, since=DAY))),
            example=(
                {"personal_id": NUMBER_EXAMPLE},
                {
                    "personal_id": NUMBER_EXAMPLE,
                    "full_name": NAME_EXAMPLE,
                    "numbers": [{"phone_number": PHONE_EXAMPLE, "since": "2018-02-03"}],
                },
            ),
            answer=look_up,
        ),
        Operation(
            name="verifySubscription",
            path="/v1/subscriptions/verify",
            summary="Xác minh một thuê bao có đăng ký cho một người hay không",
            question=record(phone_number=PHONE, personal_id=NUMBER),
            parse=Ownership,
            answer_schema=record(is_registered_to_person=FLAG),
            example=({"phone_number": PHONE_EXAMPLE, "personal_id": NUMBER_EXAMPLE}, {"is_registered_to_person": True}),
            answer=verify,
        ),
    ),
)
