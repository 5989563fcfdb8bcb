"""Parameters as they arrive: bounded before they are read, each at most once."""

from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qsl

from dean06.identity.errors import InvalidRequest, RequestTooLarge

LARGEST_BODY_BYTES: Final = 16 * 1024
LARGEST_QUERY_BYTES: Final = 8 * 1024
MOST_PARAMETERS: Final = 40
LONGEST_VALUE: Final = 4096  # a client assertion is the longest


def decode_form(raw: bytes, *, limit: int = LARGEST_BODY_BYTES) -> dict[str, str]:
    """Read ``application/x-www-form-urlencoded`` bytes (a body or a query).

    Raises:
        RequestTooLarge: more than ``limit`` bytes.
        InvalidRequest: not UTF-8, too many parameters, or one of them twice.
    """
    if len(raw) > limit:
        raise RequestTooLarge
    try:
        pairs = parse_qsl(raw.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except ValueError as exc:  # UnicodeDecodeError is one
        raise InvalidRequest("The parameters are not UTF-8 text in form encoding.") from exc
    return single_values(pairs)


def single_values(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Refuse repeated parameters (RFC 6749 sec. 3.1) and drop empty ones, which count as absent.

    Raises:
        InvalidRequest: a parameter stands there twice, is too long or holds a NUL character.
    """
    values: dict[str, str] = {}
    for name, value in pairs:
        if name in values:
            raise InvalidRequest("A parameter is repeated.")
        if len(value) > LONGEST_VALUE or "\x00" in value:
            raise InvalidRequest("A parameter is too long or holds a forbidden character.")
        values[name] = value
    return {name: value for name, value in values.items() if value}


def required(parameters: dict[str, str], name: str) -> str:
    """Return a parameter's value.

    Raises:
        InvalidRequest: it is absent.
    """
    try:
        return parameters[name]
    except KeyError:
        raise InvalidRequest(f"The parameter {name} is missing.") from None
