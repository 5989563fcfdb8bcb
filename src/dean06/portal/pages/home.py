"""Pages for everyone: home, search, about, accessibility."""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from dean06.ledger.public import public_keys_pem
from dean06.portal import neighbours
from dean06.ui.public import searched

MOST_USED: Final = 6


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Show where to begin."""
    return render(request, "portal/home.html", {"procedures": neighbours.procedures()[:MOST_USED]})


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """Find procedures and communes by words, with or without marks; old commune names lead to the units of today."""
    text = " ".join(searched(request).split())
    found = {"procedures": neighbours.search_procedures(text), "units": neighbours.search_units(text)} if text else {}
    return render(request, "portal/search.html", {"text": text, **found})


@require_GET
def about(request: HttpRequest) -> HttpResponse:
    """Say what this is and what a person may demand."""
    return render(request, "portal/about.html")


@require_GET
def accessibility(request: HttpRequest) -> HttpResponse:
    """State what was done for accessibility and what is known not to work."""
    return render(request, "portal/accessibility.html")


@require_GET
def ledger_keys(request: HttpRequest) -> HttpResponse:
    """Publish the keys that sign the ledger's checkpoints: whoever checks a proof needs them beside it."""
    del request
    return HttpResponse(public_keys_pem(), content_type="application/x-pem-file")
