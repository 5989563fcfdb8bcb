"""From the registry's person document to standard claims, and from claims to the registry's fields.

Source: OpenID Connect Core sec. 5.1 and 5.1.1; the person document is described by the registry's OpenAPI.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

FIELD_OF_CLAIM: Final[Mapping[str, str]] = {
    "name": "full_name",
    "birthdate": "born_on",
    "gender": "sex",
    "address": "permanent_residence",
    "number": "personal_id",
}
_FULL_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
BEARER: Final = "bearer "


def registry_fields(names: Iterable[str]) -> tuple[str, ...]:
    """Return the fields of the person document that some claims need."""
    return tuple(FIELD_OF_CLAIM[name] for name in names if name in FIELD_OF_CLAIM)


def userinfo_claims(document: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return the named claims as far as the document knows them; what is unknown is left out, never empty."""
    claims = {name: _claim(name, document.get(FIELD_OF_CLAIM[name])) for name in names if name in FIELD_OF_CLAIM}
    return {name: value for name, value in claims.items() if value}


def _claim(name: str, value: Any) -> Any:
    if name == "birthdate":
        return _birthdate(value)
    if name == "address":
        return _address(value)
    return value


def _birthdate(value: object) -> str:
    """Return a full date or the year alone: the two forms that the standard knows."""
    if not isinstance(value, str):
        return ""
    return value if _FULL_DATE.fullmatch(value) else value[:4]


def _address(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        return {}
    parts = [str(value[key]) for key in ("address", "unit_name") if value.get(key)]
    return {"formatted": ", ".join(parts), "country": "VN"} if parts else {}


def bearer_token(authorization: str) -> str:
    """Return the token of an ``Authorization: Bearer`` header (RFC 6750 sec. 2.1), or empty."""
    return authorization[len(BEARER) :].strip() if authorization.lower().startswith(BEARER) else ""
