"""How a foreseen failure looks over HTTP: one table of five rows and RFC 9457 bodies."""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

from dean06.core.errors import Conflict, Dean06Error, Denied, Invalid, NotFound, Unavailable

PROBLEM_CONTENT_TYPE: Final = "application/problem+json"  # RFC 9457, sec. 3

STATUS: Final[Mapping[type[Dean06Error], HTTPStatus]] = MappingProxyType(
    {
        Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
        Denied: HTTPStatus.FORBIDDEN,
        NotFound: HTTPStatus.NOT_FOUND,
        Conflict: HTTPStatus.CONFLICT,
        Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    }
)


def status_of(error: Dean06Error) -> HTTPStatus:
    """Return the HTTP status of an error's kind; 500 for a kind outside the table."""
    return next((status for kind, status in STATUS.items() if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)


def problem(error: Dean06Error, *, request_id: str = "") -> dict[str, object]:
    """Describe an error to a machine (RFC 9457): no context, no trace."""
    return {
        "type": f"urn:dean06:error:{error.code}",
        "code": error.code,
        "title": error.detail,
        "detail": error.message_vi,
        "status": int(status_of(error)),
        "instance": request_id,
    }
