"""Is this process alive: no database, no secrets."""

from django.http import HttpRequest, JsonResponse

from dean06 import __version__


def health(request: HttpRequest) -> JsonResponse:
    """Answer a supervisor or load balancer."""
    del request
    return JsonResponse({"status": "ok", "process": "web", "version": __version__})
