"""Dates, numbers and masks as the product writes them (ui/README.md, "Words")."""

import re
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from django.utils.translation import get_language, gettext, ngettext, pgettext

from dean06.core.clock import legal

MINUS: Final = "−"
ISO_DAY: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:T.*)?")
ISO_MONTH: Final = re.compile(r"(\d{4})-(\d{2})")
PERSONAL_NUMBER_DIGITS: Final = 12
OLD_NUMBER_DIGITS: Final = 9
BULLET: Final = "•"

Moment = date | datetime | str | None


def unknown() -> str:
    """Return the word for a value that is not there."""
    return gettext("chưa có")


def undefined() -> str:
    """Return the words for a figure without a denominator."""
    return gettext("không xác định")


def day(value: Moment) -> str:
    """Write a date ``25/11/2026``; ISO text of lesser precision gives ``11/2026`` or ``2026``."""
    if value is None or value == "":
        return unknown()
    if isinstance(value, datetime):
        value = legal(value).date() if value.tzinfo else value.date()
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    if found := ISO_DAY.fullmatch(value):
        return f"{found[3]}/{found[2]}/{found[1]}"
    if found := ISO_MONTH.fullmatch(value):
        return f"{found[2]}/{found[1]}"
    return value


def moment(value: datetime | str | None) -> str:
    """Write an instant by the legal clock: ``25/11/2026, 14:10``."""
    if value is None or value == "":
        return unknown()
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    at = legal(at) if at.tzinfo else at
    return f"{at:%d/%m/%Y, %H:%M}"


def weekday(value: date | datetime | None) -> str:
    """Write a date with its day of the week: ``Thứ Ba, 01/12/2026``."""
    if value is None:
        return unknown()
    names = (
        gettext("Thứ Hai"),
        gettext("Thứ Ba"),
        gettext("Thứ Tư"),
        gettext("Thứ Năm"),
        gettext("Thứ Sáu"),
        gettext("Thứ Bảy"),
        gettext("Chủ nhật"),
    )
    on = (legal(value) if value.tzinfo else value).date() if isinstance(value, datetime) else value
    return f"{names[on.weekday()]}, {on:%d/%m/%Y}"


def number(value: float | Decimal | None, digits: int = 0) -> str:
    """Write a figure with the language's separators: ``1.174.473,5`` in Vietnamese."""
    if value is None:
        return undefined()
    rounded = Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    text = f"{abs(rounded):,.{digits}f}"
    if not (get_language() or "vi").startswith("en"):
        text = text.translate(str.maketrans(",.", ".,"))
    return (MINUS if rounded < 0 else "") + text


def percent(ratio: float | Decimal | None, digits: int = 1) -> str:
    """Write a ratio (0.947) as ``94,7 %``; None is "không xác định"."""
    if ratio is None:
        return undefined()
    space = "" if (get_language() or "vi").startswith("en") else "\N{NO-BREAK SPACE}"
    return f"{number(Decimal(str(ratio)) * 100, digits)}{space}%"


def dong(value: float | Decimal | None) -> str:
    """Write an amount of money: ``10.000 đồng``; 0 is "không mất phí"."""
    if value is None:
        return unknown()
    return gettext("%(amount)s đồng") % {"amount": number(value)}


def masked_number(value: object) -> str:
    """Mask a personal number: ``022 185 ••• •17``; an old one keeps its last three digits, anything else its last two."""
    text = re.sub(r"\s", "", str(value or ""))
    if not text:
        return unknown()
    if len(text) == PERSONAL_NUMBER_DIGITS:
        return f"{text[:3]} {text[3:6]} {BULLET * 3} {BULLET}{text[-2:]}"
    if len(text) == OLD_NUMBER_DIGITS:
        return f"{BULLET * 3} {BULLET * 3} {text[-3:]}"
    return BULLET * max(len(text) - 2, 0) + text[-2:]


def masked_name(value: object) -> str:
    """Mask a name for a public page: each word keeps its first letter."""
    return " ".join(word[0] + "*" * (len(word) - 1) for word in str(value or "").split())


def due_words(days_left: int | None, *, is_paused: bool = False) -> tuple[str, str]:
    """Say in words how a legal clock stands, and the class of its mark: "", soon, late, hold."""
    if is_paused:
        return gettext("tạm dừng"), "hold"
    if days_left is None:
        return unknown(), "hold"
    if days_left < 0:
        return ngettext("quá %(n)s ngày làm việc", "quá %(n)s ngày làm việc", -days_left) % {"n": -days_left}, "late"
    if days_left == 0:
        return pgettext("due", "hạn hôm nay"), "soon"
    words = ngettext("còn %(n)s ngày làm việc", "còn %(n)s ngày làm việc", days_left) % {"n": days_left}
    return words, "soon" if days_left == 1 else ""
