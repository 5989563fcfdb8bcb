"""Loading packs of ``kind: ngsp``; the newest that was loaded is what the gateways go by, within a second."""

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from django.db import transaction

from dean06.core.actor import SYSTEM, Actor
from dean06.core.databases import database_of
from dean06.exchange.loading import KnownNames, known_names, remember
from dean06.exchange.models import PackVersion
from dean06.exchange.ngsp.dialect import Dialect, dialect_of, shipped
from dean06.exchange.packs import Pack, digest_of, holds_kind, read_packs, refuse

KIND: Final = "ngsp"
FRESH_SECONDS: Final = 1.0
EXCHANGE: Final = database_of("exchange")
Known = tuple[float, int, Dialect]


def load_front(path: Path, *, actor: Actor = SYSTEM) -> int:
    """Load the addresses and names of the front from a file, or from the packs of a directory.

    Returns:
        How many addresses there are; 0 also for a directory without such a pack, which changes nothing.

    Raises:
        PackRefused: faults, each with file, line and remedy; nothing is changed.
    """
    place = Path(path)
    if place.is_dir() and not holds_kind(place, KIND):
        return 0
    packs = read_packs(place, kind=KIND)
    refuse(list(_faults(packs, known_names())))
    _store(packs, actor=actor)
    return sum(len(pack.document["addresses"]) for pack in packs)


def _faults(packs: Sequence[Pack], known: KnownNames) -> Iterable[str]:
    seen: set[str] = set()
    envelopes = {one["name"] for document in (shipped(), *(pack.document for pack in packs)) for one in document.get("envelopes", ())}
    for pack in packs:
        for index, one in enumerate(pack.document["addresses"]):
            where = pack.at(("addresses", index))
            if one["address"] in seen:
                yield f"{where}: {one['address']} stands twice. Remove one."
            seen.add(one["address"])
            if one["service"] not in known.services:
                yield f"{where}: no service {one['service']}. Load its member first, or correct the identifier."
            if one.get("envelope", "") not in {"", *envelopes}:
                yield f"{where}: no envelope {one['envelope']}. Name one of {', '.join(sorted(envelopes))}."


@transaction.atomic(using=EXCHANGE, durable=True)
def _store(packs: Sequence[Pack], *, actor: Actor) -> None:
    newest = PackVersion.objects.using(EXCHANGE).filter(kind=KIND).order_by("-id").first()
    if newest is None or newest.digest != digest_of([dict(pack.document) for pack in packs]):
        remember(packs, kind=KIND, actor=actor, using=EXCHANGE)


class _Newest:
    """The dialect in force, read anew when a later pack was loaded."""

    def __init__(self) -> None:
        self._known: Known | None = None

    def __call__(self) -> Dialect:
        if self._known is not None and time.monotonic() - self._known[0] < FRESH_SECONDS:
            return self._known[2]
        rows = PackVersion.objects.using(EXCHANGE).filter(kind=KIND)
        number = rows.order_by("-id").values_list("id", flat=True).first() or 0
        if self._known is not None and self._known[1] == number:
            dialect = self._known[2]
        else:
            dialect = dialect_of(rows.get(id=number).document["packs"] if number else ())
        self._known = (time.monotonic(), number, dialect)
        return dialect


current_dialect: Final = _Newest()
"""Return what the front goes by, at most a second old."""
