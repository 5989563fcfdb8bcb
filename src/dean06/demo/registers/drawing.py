"""Invented values: the same person and the same question give the same answer, in every process and on every day.

Numbers have the form of real ones where domain.md gives it (its mark stands beside), and a beginning that no real one has, so that
an invented number is nobody's.
"""

import hashlib
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final, TypeVar

Value = TypeVar("Value")

REFERENCE_DAY: Final = date(2026, 1, 1)
"""The day that all registers describe: ages count on it, so that the data do not change with the calendar."""
TAX_WEIGHTS: Final = (31, 29, 23, 19, 17, 13, 7, 5, 3)  # domain.md A.3 [F]: TT 105/2020, appendix 1
INVENTED_TAX_OFFICE: Final = "99"  # assumption: no tax office has it
INVENTED_MOBILE: Final = "01"  # domain.md A.6: 0 and nine digits; the eleven-digit 01… numbers are gone, so this is nobody's
DAYS_A_YEAR: Final = 365.25


def draw(key: str, what: str, bound: int) -> int:
    """Return a number from 0 up to and excluding ``bound``, fixed by a person's key and what it is drawn for."""
    return int.from_bytes(hashlib.sha256(f"{what}|{key}".encode()).digest()[:8], "big") % bound


def happens(key: str, what: str, share: float) -> bool:
    """Say whether something of a given share is so for this key."""
    return draw(key, what, 1_000_000) < share * 1_000_000


def pick(key: str, what: str, values: Sequence[Value]) -> Value:
    """Return one of the values."""
    return values[draw(key, what, len(values))]


def digits(key: str, what: str, count: int) -> str:
    """Return that many digits."""
    return f"{draw(key, what, 10**count):0{count}}"


def day_between(key: str, what: str, first: date, last: date) -> date:
    """Return a day from ``first`` to ``last``; ``first`` where the span is empty."""
    return first + timedelta(days=draw(key, what, max(1, (last - first).days)))


def years_between(earlier: date, later: date) -> int:
    """Return the whole years from one day to another: an age."""
    return later.year - earlier.year - ((later.month, later.day) < (earlier.month, earlier.day))


def years_after(day: date, years: int) -> date:
    """Return the same day years later; 28 February where there is no 29th."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def tax_code(serial: int) -> str | None:
    """Return a ten-digit tax code with its check digit, or nothing: one serial in eleven was never issued.

    Source: domain.md A.3 [F]: weights over nine digits, sum mod 11, check = 10 - remainder; remainder 0 has no code.
    """
    head = f"{INVENTED_TAX_OFFICE}{serial:07}"
    remainder = sum(weight * int(digit) for weight, digit in zip(TAX_WEIGHTS, head, strict=True)) % 11
    return f"{head}{10 - remainder}" if remainder else None


def serial_of(code: str) -> int | None:
    """Return the serial of an invented tax code, or nothing if it is none."""
    if not (code.startswith(INVENTED_TAX_OFFICE) and code.isdecimal()):
        return None
    serial = int(code[2:9])
    return serial if tax_code(serial) == code else None
