"""A person's own pages: nothing here shows anyone else's data, because every query takes the actor's own key."""

from collections.abc import Callable
from functools import wraps
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_http_methods

from dean06.core.actor import Actor, actor_of
from dean06.core.errors import Dean06Error, Denied
from dean06.core.keys import PersonKey
from dean06.portal import neighbours
from dean06.portal.dossiers import dossier_lines
from dean06.portal.errors import CaseNotFound, LoginNeeded
from dean06.portal.looks import is_told, lines, untold
from dean06.portal.record import HOUSEHOLD, RECORD, members, own, person_facts, residence_facts, sex

Page = Callable[..., HttpResponse]
SHORT: Final = 3
SHORT_DOCUMENTS: Final = 4


def _own(*methods: str) -> Callable[[Page], Page]:
    def decorate(page: Page) -> Page:
        @require_http_methods(list(methods))
        @wraps(page)
        def guarded(request: HttpRequest, **arguments: object) -> HttpResponse:
            actor = actor_of(request)
            if actor.person is None or not actor.session:
                return redirect(f"{reverse('portal:login')}?{urlencode({'next': request.get_full_path()})}")
            response = page(request, actor, **arguments)
            add_never_cache_headers(response)
            return response

        return guarded

    return decorate


own_page: Final = _own("GET")
"""Let only a logged-in person in, send others to log in first, and keep the page out of caches."""
own_form: Final = _own("GET", "POST")
"""The same for a page that is also sent."""


def person_of(actor: Actor) -> PersonKey:
    """Return whose pages these are.

    Raises:
        LoginNeeded: nobody's.
    """
    if actor.person is None:
        raise LoginNeeded
    return actor.person


@own_page
def me(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show what the state holds about the person and who looked; a source that is away leaves the rest standing."""
    person = person_of(actor)
    try:
        document = own(RECORD, actor=actor)
    except Denied:
        raise
    except Dean06Error as refusal:
        context: dict[str, object] = {"refusal": refusal}
    else:
        context = {"document": document, "sex": sex(document.get("sex")), "residence": residence_facts(document)}
    looks = lines(person, size=SHORT)
    context |= {
        "looks": looks.rows,
        "more_looks": bool(looks.next_cursor),
        "dossiers": dossier_lines(person)[:SHORT],
        "documents": neighbours.documents_of(person)[:SHORT_DOCUMENTS],
    }
    return render(request, "portal/me.html", context)


@own_page
def record(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the whole record."""
    document = own(RECORD, actor=actor)
    return render(request, "portal/record.html", {"facts": person_facts(document), "residence": residence_facts(document)})


@own_page
def household(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the person's household."""
    own_number = str(own(RECORD, actor=actor).get("personal_id") or "")
    document = own(HOUSEHOLD, actor=actor)
    return render(request, "portal/household.html", {"household": document, "members": members(document, own_number=own_number)})


@own_page
def looks(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show everyone who looked at the person's data, why, and where the proof is."""
    person = person_of(actor)
    page = lines(person, cursor=request.GET.get("cursor", ""))
    return render(request, "portal/looks.html", {"looks": page.rows, "next_cursor": page.next_cursor, "untold": untold(person)})


@own_page
def proof(request: HttpRequest, actor: Actor, entry: UUID) -> HttpResponse:
    """Hand out the proof of one entry about the person herself, to be checked offline."""
    del request
    person = person_of(actor)
    if not is_told(neighbours.one_look(entry, person=person)):
        raise CaseNotFound(entry=str(entry))
    document = neighbours.proof(entry, person=person)
    response = JsonResponse(document, json_dumps_params={"ensure_ascii": False, "indent": 2})
    response["Content-Disposition"] = f'attachment; filename="bang-chung-{entry}.json"'
    return response


@own_page
def dossiers(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List the person's dossiers."""
    return render(request, "portal/dossiers.html", {"dossiers": dossier_lines(person_of(actor))})


@own_page
def documents(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List the documents in the person's data store."""
    return render(request, "portal/documents.html", {"documents": neighbours.documents_of(person_of(actor))})
