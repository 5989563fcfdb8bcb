"""Paging by key: stable under inserts, no COUNT, no OFFSET."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

from dean06.core.errors import Invalid

Row = TypeVar("Row")
M = TypeVar("M", bound=Model)

DEFAULT_SIZE: Final = 50
LARGEST_SIZE: Final = 500
LONGEST_CURSOR: Final = 1024


class MalformedCursor(Invalid):
    """The page cursor was not made by this service."""

    code = "core.malformed_cursor"
    message_vi = "Liên kết trang không còn dùng được. Hãy mở lại danh sách từ đầu."


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows and, when there are more, the cursor of the next page."""

    rows: Sequence[Row]
    next_cursor: str = ""


def encode_cursor(values: Sequence[object]) -> str:
    """Pack the sort values of a page's last row."""
    text = json.dumps([v.isoformat() if isinstance(v, date | datetime) else str(v) if isinstance(v, UUID) else v for v in values])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *, width: int) -> list[Any]:
    """Unpack a cursor of ``width`` scalar values.

    Raises:
        MalformedCursor: not one of ours.
    """
    if len(cursor) > LONGEST_CURSOR:
        raise MalformedCursor
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error) as exc:
        raise MalformedCursor from exc
    if not isinstance(values, list) or len(values) != width or any(isinstance(v, list | dict) for v in values):
        raise MalformedCursor
    return values


def page_of(rows: QuerySet[M], *, order: Sequence[str], cursor: str = "", size: int = DEFAULT_SIZE) -> Page[M]:
    """Return one page of a queryset.

    Args:
        rows: what may be seen, unordered.
        order: field names, ``-`` for descending; the last one unique, none nullable.
        cursor: from the previous page, or empty for the first.
        size: rows a page, at most ``LARGEST_SIZE``.

    Raises:
        MalformedCursor: the cursor does not fit the order.
    """
    size = max(1, min(size, LARGEST_SIZE))
    if cursor:
        rows = _after(rows, order, decode_cursor(cursor, width=len(order)))
    found = list(rows.order_by(*order)[: size + 1])
    if len(found) <= size:
        return Page(found)
    last = found[size - 1]
    return Page(found[:size], encode_cursor([getattr(last, name.lstrip("-")) for name in order]))


def _after(rows: QuerySet[M], order: Sequence[str], values: Sequence[Any]) -> QuerySet[M]:
    if any(isinstance(value, str) and "\x00" in value for value in values):  # PostgreSQL's text holds none
        raise MalformedCursor
    condition = Q()
    equal = Q()
    for name, value in zip(order, values, strict=True):
        field = name.lstrip("-")
        condition |= equal & Q(**{f"{field}__{'lt' if name.startswith('-') else 'gt'}": value})
        equal &= Q(**{field: value})
    try:
        return rows.filter(condition)
    except (TypeError, ValueError, OverflowError, ValidationError) as exc:  # not of the field's type
        raise MalformedCursor from exc
