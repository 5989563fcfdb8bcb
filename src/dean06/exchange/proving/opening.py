"""Opening a kept body: for an operator with the role, for a stated purpose, and told to whom it concerns.

What is shown is compared with the digests that both gateways signed. The opening is in the ledger before anything is shown; where
the transaction's evidence has subjects they see it on their own pages, by the same rule of telling as the look itself.
"""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from dean06.core.actor import Actor
from dean06.core.clock import today
from dean06.core.databases import database_of
from dean06.core.keys import PersonKey
from dean06.exchange.bodies.errors import BodiesNotReadable, BodiesNotYours, BodiesShredded, NoBodiesKept, PurposeNotStated
from dean06.exchange.bodies.keeping import KEPT, PARTS, TOO_LARGE
from dean06.exchange.bodies.models import BodyKey, KeptBody
from dean06.exchange.bodies.sealing import Unsealed, unseal, unwrap
from dean06.exchange.bodies.shredding import LOG
from dean06.exchange.domain.digests import content_digest
from dean06.exchange.errors import EvidenceNotFound
from dean06.exchange.evidence import PROVIDER_LOG
from dean06.exchange.models import EvidenceIndex
from dean06.exchange.operators import OPERATOR
from dean06.ledger.public import Draft, evidence_of, record_batch
from dean06.organisation.public import posts_held_by

READER: Final = "evidence_reader"
"""The role that opens bodies; it stands beside ``operator`` and two people grant it."""
SHORTEST_PURPOSE: Final = 10
TELLING: Final = ("notify", "notify_until", "notify_ground")
_DIGEST: Final = re.compile(r'^"content-digest": (?P<value>.+)$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Standing:
    """How the bodies of one entry stand.

    Attributes:
        parts: ``request`` and ``answer``, each ``kept`` or ``too_large``; one that was empty is not here.
        day: under whose key they were kept.
        shredded_at: when that day was shredded.
        has_row: whether the encrypted row is there.
    """

    parts: Mapping[str, str]
    day: date
    shredded_at: datetime | None
    has_row: bool

    @property
    def state(self) -> str:
        """Return ``kept``, ``too_large`` where no part was kept, ``shredded``, or ``missing`` where the row is gone without a trace."""
        if KEPT not in self.parts.values():
            return TOO_LARGE
        if self.has_row:
            return KEPT
        return "shredded" if self.shredded_at else "missing"


@dataclass(frozen=True, slots=True)
class OpenedPart:
    """Request or answer as it was; ``agrees`` says whether its digest is the one that was signed."""

    name: str
    body: bytes = field(repr=False)
    agrees: bool

    @property
    def text(self) -> str | None:
        """Return it as text, JSON indented; none if it is no text."""
        try:
            text = self.body.decode("utf-8")
        except UnicodeDecodeError:
            return None
        try:
            return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
        except ValueError:
            return text


def may_open(actor: Actor) -> bool:
    """Say whether a person may open bodies."""
    return actor.has_role(OPERATOR) and actor.has_role(READER)


def standings(rows: Iterable[EvidenceIndex]) -> dict[UUID, Standing]:
    """Return how the bodies of some entries stand; an entry without any is not among them."""
    using = database_of("exchange")
    rows = [row for row in rows if row.bodies]
    there = set(KeptBody.objects.using(using).filter(entry_id__in=[row.entry_id for row in rows]).values_list("entry_id", flat=True))
    days = BodyKey.objects.using(using).filter(day__in={row.bodies["day"] for row in rows}, destroyed_at__isnull=False)
    gone = {(key.day.isoformat(), key.side): key.destroyed_at for key in days.order_by("destroyed_at")}
    return {row.entry_id: _standing(row, has_row=row.entry_id in there, gone=gone) for row in rows}


def _standing(row: EvidenceIndex, *, has_row: bool, gone: Mapping[tuple[str, str], datetime | None]) -> Standing:
    parts = {name: row.bodies[name] for name in PARTS if name in row.bodies}
    shredded_at = None if has_row else gone.get((row.bodies["day"], _side(row)))
    return Standing(parts, date.fromisoformat(row.bodies["day"]), shredded_at, has_row)


def _side(row: EvidenceIndex) -> str:
    return str(row.log.rpartition(".")[2])


def entry_of(entry_id: UUID) -> EvidenceIndex:
    """Return an entry of the evidence.

    Raises:
        EvidenceNotFound: no such entry, or it is not numbered yet.
    """
    if (row := EvidenceIndex.objects.using(database_of("exchange")).filter(pk=entry_id).first()) is None:
        raise EvidenceNotFound(entry=str(entry_id))
    return row


def open_bodies(entry_id: UUID, *, purpose: str, dossier: str = "", actor: Actor) -> list[OpenedPart]:
    """Open what was kept beside an entry (mở nội dung đã lưu); when this returns the opening is in the ledger.

    Args:
        entry_id: of the evidence.
        purpose: why, in words that the person concerned reads.
        dossier: in which matter.
        actor: who opens.

    Raises:
        BodiesNotYours: the actor lacks a role.
        PurposeNotStated: too short.
        EvidenceNotFound, NoBodiesKept, BodiesShredded, BodiesNotReadable: there is nothing to open.
    """
    if not may_open(actor):
        raise BodiesNotYours(account=actor.account)
    if len(purpose.strip()) < SHORTEST_PURPOSE:
        raise PurposeNotStated
    row = entry_of(entry_id)
    detail, unsealed = _unsealed(row)
    if not unsealed.parts:
        raise NoBodiesKept(entry=str(row.entry_id))
    subjects, telling = _concerned(row, detail, unsealed)
    opened = [
        OpenedPart(name, unsealed.parts[name], _agrees(detail, name, unsealed.parts[name])) for name in PARTS if name in unsealed.parts
    ]
    _record(row, opened, subjects, telling, purpose=purpose.strip(), dossier=dossier.strip(), actor=actor)
    return opened


def _unsealed(row: EvidenceIndex) -> tuple[Mapping[str, Any], Unsealed]:
    if not row.bodies:
        raise NoBodiesKept(entry=str(row.entry_id))
    standing = standings([row])[row.entry_id]
    if standing.shredded_at is not None:
        raise BodiesShredded(day=standing.day.isoformat())
    using = database_of("exchange")
    reading = evidence_of(row.entry_id)["reading"]
    kept = KeptBody.objects.using(using).filter(pk=row.entry_id).first()
    key = BodyKey.objects.using(using).filter(pk=kept.key_id, wrapped__isnull=False).first() if kept else None
    if reading is None or kept is None or key is None or key.wrapped is None:
        raise BodiesNotReadable(entry=str(row.entry_id))
    detail = json.loads(reading["payload"])["detail"]
    day_key = unwrap(bytes(key.wrapped), key_id=key.id)
    salt = base64.b64decode(detail["bodies"]["salt"])
    found = unseal(bytes(kept.sealed), day_key=day_key, salt=salt, entry_id=row.entry_id) if day_key else None
    if found is None:
        raise BodiesNotReadable(entry=str(row.entry_id))
    return detail, found


def _concerned(row: EvidenceIndex, detail: Mapping[str, Any], unsealed: Unsealed) -> tuple[tuple[PersonKey, ...], dict[str, str]]:
    """Return whose data it is and how they are told: the provider's gateway knows, also where the consumer's copy is opened here.

    Raises:
        BodiesNotReadable: the provider's own record in this installation can't be opened any more, or never kept a body.
    """
    if row.log != PROVIDER_LOG:
        index = EvidenceIndex.objects.using(database_of("exchange"))
        provider = index.filter(transaction_id=row.transaction_id, log=PROVIDER_LOG, is_signed=True).first()
        if provider is not None:
            detail, unsealed = _unsealed(provider)
    return unsealed.subjects, {name: detail[name] for name in TELLING if name in detail}


def _agrees(detail: Mapping[str, Any], part: str, body: bytes) -> bool:
    signed = _DIGEST.search(detail[part]["base"])
    return signed is not None and signed["value"] == content_digest(body)


def _record(
    row: EvidenceIndex,
    opened: Iterable[OpenedPart],
    subjects: tuple[PersonKey, ...],
    telling: Mapping[str, str],
    *,
    purpose: str,
    dossier: str,
    actor: Actor,
) -> None:
    using = database_of("exchange")
    draft = Draft(
        kind="exchange.body_opened",
        log=LOG,
        actor=actor,
        who=_who(actor),
        subjects=subjects,
        purpose=purpose,
        dossier=dossier,
        detail={
            "transaction_id": row.transaction_id,
            "entry": str(row.entry_id),
            "side": _side(row),
            "parts": [one.name for one in opened],
            **telling,
        },
    )
    with transaction.atomic(using=using, durable=True):
        record_batch([draft], using=using)


def _who(actor: Actor) -> str:
    """Return the agency of the post that opens, as the person concerned reads it."""
    posts = posts_held_by(actor.person, on=today()) if actor.person else ()
    return next((post.unit_name for post in posts if READER in post.roles), "") or actor.unit_code or actor.account
