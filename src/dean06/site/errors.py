"""Pages for failures that no view handles."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Tell a person that the form was too old or came from elsewhere."""
    del reason
    return render(request, "ui/refusal.html", {"status": 403}, status=403)
