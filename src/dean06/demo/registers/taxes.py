"""Tax codes (mã số thuế) of people and enterprises (doanh nghiệp); forms of domain.md A.3 [F]."""

from datetime import date
from typing import Annotated, Final

import msgspec

from dean06.demo.registers.describing import (
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
    list_of,
    nullable,
    one_of,
    record,
    shape,
)
from dean06.demo.registers.drawing import REFERENCE_DAY, day_between, draw, happens, pick, serial_of, tax_code, years_after
from dean06.demo.registers.errors import NotInRegister
from dean06.demo.registers.people import Resident, home_of, resident_at, resident_by_number
from dean06.demo.registers.places import PLACE, PLACE_EXAMPLE, place

TAX_AGE: Final = 18
SINCE_NUMBERS_ARE_CODES: Final = date(2025, 7, 1)  # TT 86/2024: the personal number is the tax code of a person [F]
FORMER_CODE_SHARE: Final = 0.6  # assumptions, as all shares here
STATUSES: Final = {"00": "Đã cấp", "01": "Ngừng, đã chấm dứt hiệu lực"}  # TT 90/2026, appendix I [F]; two of ten occur here
NO_DUTY: Final = "03"  # status 00 reason 03: a person without duty (domain.md J [F])
OWNER_AGES: Final = range(24, 68)
OWNER_SHARE: Final = 0.02
CLOSED_SHARE: Final = 0.12
LONGEST_BUSINESS_YEARS: Final = 15
TRADES: Final = ("Vận tải", "Xây dựng", "Du lịch", "Thủy sản", "Cơ khí", "Phần mềm", "May mặc", "Thương mại")
FORMS: Final = ("Công ty TNHH", "Công ty cổ phần", "Doanh nghiệp tư nhân")


class ByCode(msgspec.Struct, forbid_unknown_fields=True):
    """Ask by an enterprise's ten-digit code."""

    enterprise_code: Annotated[str, msgspec.Meta(pattern="^[0-9]{10}$")]


def look_up(asked: ByPerson) -> Disclosure:
    """Answer the tax code of a person; a child has one by law and no duty."""
    person = resident_by_number(asked.personal_id)
    status = "00" if person.is_alive else "01"
    has_duty = person.age >= TAX_AGE and person.is_alive
    document = {
        "personal_id": person.number,
        "full_name": person.full_name,
        "tax_code": person.number,
        "former_tax_code": tax_code(5_000_000 + person.row)
        if person.age >= TAX_AGE and happens(person.seed, "former code", FORMER_CODE_SHARE)
        else None,
        "status": status,
        "status_name": STATUSES[status],
        "reason": None if has_duty or not person.is_alive else NO_DUTY,
        "since": max(SINCE_NUMBERS_ARE_CODES, person.born_on).isoformat(),
    }
    return Disclosure(document, (person.key,))


def enterprise_of(person: Resident) -> dict[str, object] | None:
    """Return the enterprise that a person represents, if there is one."""
    code = tax_code(person.row)
    if code is None or not person.is_alive or person.age not in OWNER_AGES or not happens(person.seed, "enterprise", OWNER_SHARE):
        return None
    home = home_of(person)
    first = max(years_after(person.born_on, OWNER_AGES.start - 1), years_after(REFERENCE_DAY, -LONGEST_BUSINESS_YEARS))
    trade, form = pick(person.seed, "trade", TRADES), pick(person.seed, "form", FORMS)
    return {
        "enterprise_code": code,
        "name": f"{form} {trade} Trình Diễn {person.row}",
        "form": form,
        "status": "closed" if happens(person.seed, "closed", CLOSED_SHARE) else "active",
        "registered_on": day_between(person.seed, "registered", first, REFERENCE_DAY).isoformat(),
        "charter_capital_vnd": (1 + draw(person.seed, "capital", 100)) * 100_000_000,
        "seat": place(home.unit_code) if home else None,
        "representative": {"personal_id": person.number, "full_name": person.full_name},
    }


def look_up_enterprise(asked: ByCode) -> Disclosure:
    """Answer what is registered of an enterprise; its representative is the person whose data that is."""
    serial = serial_of(asked.enterprise_code)
    if serial is None:
        raise NotInRegister
    person = resident_at(serial)
    enterprise = enterprise_of(person)
    if enterprise is None:
        raise NotInRegister
    return Disclosure(enterprise, (person.key,))


def look_up_represented(asked: ByPerson) -> Disclosure:
    """Answer which enterprises a person represents."""
    person = resident_by_number(asked.personal_id)
    enterprise = enterprise_of(person)
    return Disclosure({"personal_id": person.number, "enterprises": [enterprise] if enterprise else []}, (person.key,))


ENTERPRISE: Final = record(
    enterprise_code=shape("^[0-9]{10}$", "Mã số doanh nghiệp = mã số thuế, chữ số thứ mười để kiểm tra"),
    name=TEXT,
    form=one_of(*FORMS),
    status=one_of("active", "closed"),
    registered_on=DAY,
    charter_capital_vnd={"type": "integer", "minimum": 0},
    seat=nullable(PLACE),
    representative=record(**HOLDER),
)
ENTERPRISE_EXAMPLE: Final = {
    "enterprise_code": tax_code(2),
    "name": "Công ty TNHH Du lịch Trình Diễn 2",
    "form": "Công ty TNHH",
    "status": "active",
    "registered_on": "2019-05-20",
    "charter_capital_vnd": 900_000_000,
    "seat": PLACE_EXAMPLE,
    "representative": {"personal_id": NUMBER_EXAMPLE, "full_name": NAME_EXAMPLE},
}
TAX: Final = Register(
    service="VN/GOV/G12/TAX/tax-codes",
    title="Mã số thuế cá nhân",
    description="Mã số thuế của một người và tình trạng; từ 01/07/2025 là số định danh cá nhân.",
    operations=(
        Operation(
            name="lookUpTaxCode",
            path="/v1/tax-codes/look-up",
            summary="Tra cứu mã số thuế của một người",
            question=PERSON_QUESTION,
            parse=ByPerson,
            answer_schema=record(
                **HOLDER,
                tax_code=shape("^[0-9]{12}$", "Số định danh cá nhân là mã số thuế"),
                former_tax_code=nullable(shape("^[0-9]{10}$", "Mã số thuế trước 01/07/2025")),
                status=one_of(*STATUSES),
                status_name=TEXT,
                reason=nullable(shape("^[0-9]{2}$", "Mã lý do; 03 là người chưa phát sinh nghĩa vụ")),
                since=DAY,
            ),
            example=(
                {"personal_id": NUMBER_EXAMPLE},
                {
                    "personal_id": NUMBER_EXAMPLE,
                    "full_name": NAME_EXAMPLE,
                    "tax_code": NUMBER_EXAMPLE,
                    "former_tax_code": tax_code(5_000_001),
                    "status": "00",
                    "status_name": STATUSES["00"],
                    "reason": None,
                    "since": "2025-07-01",
                },
            ),
            answer=look_up,
        ),
    ),
)
ENTERPRISES: Final = Register(
    service="VN/GOV/G12/ENTERPRISES/enterprises",
    title="Đăng ký doanh nghiệp",
    description="Doanh nghiệp theo mã số, và doanh nghiệp mà một người là đại diện theo pháp luật.",
    operations=(
        Operation(
            name="lookUpEnterprise",
            path="/v1/enterprises/look-up",
            summary="Tra cứu doanh nghiệp theo mã số",
            question=record(enterprise_code=shape("^[0-9]{10}$", "Mã số doanh nghiệp")),
            parse=ByCode,
            answer_schema=ENTERPRISE,
            example=({"enterprise_code": tax_code(2)}, ENTERPRISE_EXAMPLE),
            answer=look_up_enterprise,
        ),
        Operation(
            name="lookUpRepresentedEnterprises",
            path="/v1/enterprises/represented",
            summary="Tra cứu doanh nghiệp mà một người đại diện theo pháp luật",
            question=PERSON_QUESTION,
            parse=ByPerson,
            answer_schema=record(personal_id=HOLDER["personal_id"], enterprises=list_of(ENTERPRISE)),
            example=({"personal_id": NUMBER_EXAMPLE}, {"personal_id": NUMBER_EXAMPLE, "enterprises": [ENTERPRISE_EXAMPLE]}),
            answer=look_up_represented,
        ),
    ),
)
