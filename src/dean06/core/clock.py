"""The only source of time, so that tests own it."""

from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

LEGAL_TIME_ZONE: Final = ZoneInfo("Asia/Ho_Chi_Minh")  # Decision 134/2002/QĐ-TTg: UTC+7 for the whole country


def now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 -- this is the one place


def today() -> date:
    """Return the present day of the legal calendar (UTC+7)."""
    return now().astimezone(LEGAL_TIME_ZONE).date()


def legal(instant: datetime) -> datetime:
    """Return the same instant as the legal clock shows it."""
    return instant.astimezone(LEGAL_TIME_ZONE)
