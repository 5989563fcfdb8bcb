"""The time-stamp authority over HTTP (RFC 3161, sec. 3.4)."""

from http import HTTPStatus
from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from dean06.core.errors import Dean06Error
from dean06.core.problems import PROBLEM_CONTENT_TYPE, problem
from dean06.signing.errors import TimestampQueryTooLarge, TimestampQueryUnreadable
from dean06.signing.timestamps import LARGEST_QUERY_BYTES, answer_timestamp_query

QUERY_TYPE: Final = "application/timestamp-query"
REPLY_TYPE: Final = "application/timestamp-reply"


@csrf_exempt  # a machine endpoint: no cookie is read, so there is nothing to forge
@require_POST
def timestamp_endpoint(request: HttpRequest) -> HttpResponse:
    """Answer ``POST /tsa`` of type ``application/timestamp-query``; 413 and 415 before anything is parsed."""
    if request.content_type != QUERY_TYPE:
        return _problem(TimestampQueryUnreadable(), HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    query = request.read(LARGEST_QUERY_BYTES + 1)
    if len(query) > LARGEST_QUERY_BYTES:
        return _problem(TimestampQueryTooLarge(), HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return HttpResponse(answer_timestamp_query(query), content_type=REPLY_TYPE)


def _problem(error: Dean06Error, status: HTTPStatus) -> HttpResponse:
    body = {**problem(error), "status": int(status)}
    return JsonResponse(body, status=status, content_type=PROBLEM_CONTENT_TYPE)
