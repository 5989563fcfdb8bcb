"""Social insurance (bảo hiểm xã hội) and health insurance cards (thẻ bảo hiểm y tế); forms of domain.md A.4."""

from typing import Final

from dean06.demo.registers.describing import (
    COUNT,
    DAY,
    HOLDER,
    NAME_EXAMPLE,
    NUMBER_EXAMPLE,
    PERSON_QUESTION,
    TEXT,
    ByPerson,
    Disclosure,
    Operation,
    Register,
    nullable,
    one_of,
    record,
    shape,
)
from dean06.demo.registers.drawing import REFERENCE_DAY, digits, draw, happens, pick
from dean06.demo.registers.people import Resident, home_of, resident_by_number
from dean06.demo.registers.places import PLACE, PLACE_EXAMPLE, place

SCHOOL_AGE: Final = 6
WORKING_AGE: Final = 18
PENSION_AGE: Final = {"male": 61, "female": 57}  # rounded down for 2026 (assumption)
COMPULSORY_SHARE: Final = 0.36  # assumptions, as all shares here
VOLUNTARY_SHARE: Final = 0.04
PENSION_SHARE: Final = 0.35
CARD_SHARE: Final = 0.95
SMALLEST_OFFICE: Final = 1
CARD_GROUPS: Final = {"child": "TE", "pupil": "HS", "employee": "DN", "pensioner": "HT", "household": "GD"}
"""Two letters of the object group; which letters mean which group is from memory (domain.md A.4 [M])."""
BENEFITS: Final = {"child": 1, "pupil": 4, "employee": 4, "pensioner": 3, "household": 4}
EMPLOYERS: Final = (
    "Công ty trình diễn Hạ Long",
    "Xí nghiệp trình diễn Bãi Cháy",
    "Trường học trình diễn số 1",
    "Bệnh viện trình diễn",
    "Hợp tác xã trình diễn Vân Đồn",
)
MOST_MONTHS: Final = 12 * 40


def number_of(person: Resident) -> str:
    """Return the ten-digit number of social insurance; it begins with 00, which no province has."""
    return "00" + digits(person.seed, "insurance", 8)


def participation_of(person: Resident) -> str:
    """Return how a person takes part."""
    if not person.is_alive or person.age < WORKING_AGE:
        return "none"
    if person.age >= PENSION_AGE[person.sex]:
        return "pension" if happens(person.seed, "pension", PENSION_SHARE) else "none"
    if happens(person.seed, "compulsory", COMPULSORY_SHARE):
        return "compulsory"
    return "voluntary" if happens(person.seed, "voluntary", VOLUNTARY_SHARE) else "none"


def look_up(asked: ByPerson) -> Disclosure:
    """Answer how a person takes part in social insurance."""
    person = resident_by_number(asked.personal_id)
    kind = participation_of(person)
    months = 0 if kind == "none" else 1 + draw(person.seed, "months", min(MOST_MONTHS, 12 * (person.age - WORKING_AGE) + 1))
    document = {
        "personal_id": person.number,
        "full_name": person.full_name,
        "insurance_number": number_of(person) if person.age >= SMALLEST_OFFICE else None,
        "participation": kind,
        "months_paid": months,
        "employer": pick(person.seed, "employer", EMPLOYERS) if kind == "compulsory" else None,
    }
    return Disclosure(document, (person.key,))


def group_of(person: Resident) -> str:
    """Return the object group of a health card."""
    if person.age < SCHOOL_AGE:
        return "child"
    if person.age < WORKING_AGE:
        return "pupil"
    return {"compulsory": "employee", "pension": "pensioner"}.get(participation_of(person), "household")


def look_up_card(asked: ByPerson) -> Disclosure:
    """Answer which health insurance card a person has; nearly all do."""
    person = resident_by_number(asked.personal_id)
    has_card = person.is_alive and happens(person.seed, "health card", 1.0 if person.age < SCHOOL_AGE else CARD_SHARE)
    document = {"personal_id": person.number, "full_name": person.full_name, "card": _card(person) if has_card else None}
    return Disclosure(document, (person.key,))


def _card(person: Resident) -> dict[str, object]:
    group = group_of(person)
    home = home_of(person)
    return {
        "card_number": f"{CARD_GROUPS[group]}{BENEFITS[group]}00{number_of(person)}",
        "group": group,
        "benefit_level": BENEFITS[group],
        "valid_from": REFERENCE_DAY.isoformat(),
        "valid_until": REFERENCE_DAY.replace(month=12, day=31).isoformat(),
        "first_facility": place(home.unit_code) if home else None,
    }


CARD: Final = record(
    card_number=shape("^[A-Z]{2}[0-9]{13}$", "Hai chữ và 13 chữ số; ý nghĩa từng phần chưa đối chiếu văn bản"),
    group=one_of(*CARD_GROUPS),
    benefit_level={"type": "integer", "minimum": 1, "maximum": 5},
    valid_from=DAY,
    valid_until=DAY,
    first_facility=nullable(PLACE),
)
SOCIAL: Final = Register(
    service="VN/GOV/G24/INSURANCE/social-insurance",
    title="Bảo hiểm xã hội",
    description="Ai tham gia bảo hiểm xã hội, theo diện nào, bao nhiêu tháng.",
    operations=(
        Operation(
            name="lookUpSocialInsurance",
            path="/v1/social-insurance/look-up",
            summary="Tra cứu quá trình tham gia bảo hiểm xã hội của một người",
            question=PERSON_QUESTION,
            parse=ByPerson,
            answer_schema=record(
                **HOLDER,
                insurance_number=nullable(shape("^[0-9]{10}$", "Mã số bảo hiểm xã hội, mười chữ số (chưa đối chiếu văn bản)")),
                participation=one_of("compulsory", "voluntary", "pension", "none"),
                months_paid=COUNT,
                employer=nullable(TEXT),
            ),
            example=(
                {"personal_id": NUMBER_EXAMPLE},
                {
                    "personal_id": NUMBER_EXAMPLE,
                    "full_name": NAME_EXAMPLE,
                    "insurance_number": "0000000011",
                    "participation": "compulsory",
                    "months_paid": 96,
                    "employer": EMPLOYERS[0],
                },
            ),
            answer=look_up,
        ),
    ),
)
HEALTH: Final = Register(
    service="VN/GOV/G24/HEALTHCARDS/health-cards",
    title="Thẻ bảo hiểm y tế",
    description="Thẻ bảo hiểm y tế của ai, mức hưởng nào, đến ngày nào.",
    operations=(
        Operation(
            name="lookUpHealthCard",
            path="/v1/health-cards/look-up",
            summary="Tra cứu thẻ bảo hiểm y tế của một người",
            question=PERSON_QUESTION,
            parse=ByPerson,
            answer_schema=record(**HOLDER, card=nullable(CARD)),
            example=(
                {"personal_id": NUMBER_EXAMPLE},
                {
                    "personal_id": NUMBER_EXAMPLE,
                    "full_name": NAME_EXAMPLE,
                    "card": {
                        "card_number": "GD4000000000011",
                        "group": "household",
                        "benefit_level": 4,
                        "valid_from": "2026-01-01",
                        "valid_until": "2026-12-31",
                        "first_facility": PLACE_EXAMPLE,
                    },
                },
            ),
            answer=look_up_card,
        ),
    ),
)
