"""What ``ui/list.html`` and ``ui/parts/list_filter.html`` show: ready-made views with their counts, a search, one page of rows."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest

from dean06.core.paging import DEFAULT_SIZE, page_of

M = TypeVar("M", bound=Model)

LONGEST_SEARCH: Final = 100


def searched(request: HttpRequest, *, longest: int = LONGEST_SEARCH) -> str:
    """Return the words that are searched for (``q`` of the address), as long as the field lets people write and without NUL.

    A NUL can't be typed, but sent; no text of PostgreSQL holds it.
    """
    return request.GET.get("q", "").replace("\x00", "").strip()[:longest]


def listed(
    request: HttpRequest,
    rows: QuerySet[M],
    *,
    views: Mapping[str, tuple[str, Q]],
    search: Callable[[str], Q],
    order: Sequence[str],
    show: Callable[[M], object],
    size: int = DEFAULT_SIZE,
) -> dict[str, Any]:
    """Return the context of a list: ``chips``, ``view``, ``q``, ``longest``, ``rows``, ``next_cursor``.

    The address says what is wanted: ``view`` (the first one if it says none), ``q``, ``cursor``. A view's count is of all its rows, also
    while a search shows fewer.

    Args:
        request: of the page.
        rows: what the person may see, unordered; of what may be seen nothing is decided here.
        views: by their names in the address, each with what people read and which rows it holds.
        search: says which rows the words find; not asked without words.
        order: see `page_of`.
        show: makes of a row what the template's block ``row`` reads.
        size: rows a page.

    Raises:
        Http404: there is no such view.
        MalformedCursor: the cursor does not fit the order.
    """
    view = request.GET.get("view", next(iter(views)))
    if view not in views:
        raise Http404
    text = searched(request)
    found = rows.filter(views[view][1])
    page = page_of(found.filter(search(text)) if text else found, order=order, cursor=request.GET.get("cursor", ""), size=size)
    return {
        "chips": [
            {"view": name, "label": label, "count": rows.filter(condition).count(), "is_current": name == view}
            for name, (label, condition) in views.items()
        ],
        "view": view,
        "q": text,
        "longest": LONGEST_SEARCH,
        "rows": [show(row) for row in page.rows],
        "next_cursor": page.next_cursor,
    }
