"""Where gateways fetch the signed configuration."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from dean06.exchange.configuration.publishing import newest, publish

CONTENT_TYPE = "application/jose"  # RFC 7515, sec. 9.2.1


@require_safe
def configuration_endpoint(request: HttpRequest) -> HttpResponse:
    """Answer with the newest configuration, or 304 if the gateway has it (RFC 9110, sec. 13.1.2).

    Public: it holds nothing that is not known to every member. The worker signs; here it is only read.
    """
    row = newest() or publish()
    etag = f'"{row.version}"'
    known = {part.strip().removeprefix("W/") for part in request.headers.get("If-None-Match", "").split(",")}
    response = HttpResponse(status=304) if etag in known or "*" in known else HttpResponse(row.token, content_type=CONTENT_TYPE)
    response["ETag"] = etag
    response["Cache-Control"] = "no-cache"
    return response
