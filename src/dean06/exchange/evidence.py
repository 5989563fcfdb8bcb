"""What is kept of each call: the provider's entry is the disclosure that the subject sees, nothing is logged twice.

Each gateway keeps a log of its own (``exchange.provider``, ``exchange.consumer``). An entry holds both signature bases
with both signatures, so that it can be verified by itself with the members' published keys.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, LiteralString
from uuid import UUID

from django.db import connections, transaction
from psycopg.errors import UniqueViolation

from dean06.core.actor import Actor
from dean06.core.clock import now
from dean06.core.databases import database_of
from dean06.core.keys import PersonKey
from dean06.core.statements import UUIDS, LoopConnection, Statement
from dean06.exchange.bodies import keeping
from dean06.exchange.bodies.sealing import Bodies
from dean06.exchange.domain.signatures import Signed
from dean06.ledger.public import Draft, EntryWriter, record_batch

PROVIDER_LOG: Final = "exchange.provider"
CONSUMER_LOG: Final = "exchange.consumer"
LONGEST_IN_REFUSAL: Final = 300
CLAIM: Final = (
    "INSERT INTO exchange_seennonce (digest, seen_at) SELECT nonce, %s FROM unnest(%s::uuid[]) AS asked(nonce)"
    " ON CONFLICT DO NOTHING RETURNING digest"
)
CLAIM_NOW: Final = Statement(
    "INSERT INTO exchange_seennonce (digest, seen_at) SELECT nonce, now() FROM unnest(%b::uuid[]) AS asked(nonce)"
    " WHERE set_config('synchronous_commit', 'off', true) = 'off' ON CONFLICT DO NOTHING RETURNING digest",
    UUIDS,
)
CLAIMED_BESIDE: Final[LiteralString] = """, claimed AS (
        INSERT INTO exchange_seennonce (digest, seen_at) SELECT nonce, now() FROM unnest(%b::uuid[]) AS asked(nonce)
        WHERE NOT EXISTS (SELECT 1 FROM destroyed)
    )"""
KNOWN: Final = Statement("SELECT digest FROM exchange_seennonce WHERE digest = ANY (%b::uuid[])", UUIDS)
TRIES: Final = 3
_LONG_NUMBER: Final = re.compile(r"[0-9]{9,}")
_RANDOM_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One entry to be written."""

    kind: str
    log: str
    actor: Actor
    who: str
    subjects: tuple[PersonKey, ...] = ()
    purpose: str = ""
    legal_basis: str = ""
    dossier: str = ""
    on_behalf_of: str = ""
    fields: tuple[str, ...] = ()
    detail: Mapping[str, Any] = field(default_factory=dict, repr=False)
    nonce: UUID | None = None
    """Of the request, where it is claimed by the statement that writes the entry."""
    bodies: Bodies | None = None

    def by(self, actor: Actor) -> "Evidence":
        """Return the same entry with the actor of the caller."""
        return replace(self, actor=actor)

    def with_bodies(self, *, request: bytes, answer: bytes) -> "Evidence":
        """Return the same entry with what was asked and answered, which is kept beside it; the entry says what is kept."""
        side = self.log.rpartition(".")[2]
        bodies, said = keeping.bodies_of(side=side, request=request, answer=answer, subjects=self.subjects)
        return replace(self, bodies=bodies, detail={**self.detail, "bodies": said}) if bodies else self

    @property
    def draft(self) -> Draft:
        """Return the ledger's entry."""
        return Draft(
            kind=self.kind,
            log=self.log,
            actor=self.actor,
            who=self.who,
            subjects=self.subjects,
            purpose=self.purpose,
            legal_basis=self.legal_basis,
            dossier=self.dossier,
            on_behalf_of=self.on_behalf_of,
            fields=self.fields,
            detail=self.detail,
        )


def write(evidence: Sequence[Evidence], *, using: str) -> list[UUID]:
    """Write entries in the caller's transaction."""
    entries = record_batch([one.draft for one in evidence], using=using)
    if kept := _with_entries(evidence, entries):
        with connections[using].cursor() as cursor:
            keeping.keep(cursor, kept)
    return entries


def _with_entries(evidence: Sequence[Evidence], entries: Sequence[UUID]) -> list[tuple[UUID, Bodies]]:
    return [(entry, one.bodies) for entry, one in zip(entries, evidence, strict=True) if one.bodies]


class EvidenceKeeper:
    """Writes evidence of many calls on a gateway's own connection and commits it."""

    def __init__(self) -> None:
        self._writer = EntryWriter(CLAIMED_BESIDE, UUIDS)

    async def keep(self, connection: LoopConnection, evidence: Sequence[Evidence]) -> list[UUID | None]:
        """Write entries and claim the nonces that come with them; when this returns they survive a crash.

        A nonce that is known refuses the whole statement. What is a replay is then left out, and the rest is written.

        Returns:
            The entries' identifiers; None for an entry whose request is a replay: it was not written.
        """
        known: set[UUID] = set()
        for _ in range(TRIES):
            left = _without(known, evidence)
            nonces = sorted(nonce for one in left.values() if (nonce := one.nonce))  # one order for all processes: nobody waits crosswise
            try:
                written = await self._written(connection, [*left.values()], nonces) if left else []
            except UniqueViolation:
                known |= {UUID(bytes=digest) for (digest,) in await connection.run(KNOWN, [nonces]) if digest}
                continue
            ids = dict(zip(left, written, strict=True))
            return [ids.get(place) for place in range(len(evidence))]
        raise ConnectionError("nonces become known faster than entries are written")

    async def _written(self, connection: LoopConnection, evidence: Sequence[Evidence], nonces: Sequence[UUID]) -> list[UUID]:
        drafts = [one.draft for one in evidence]
        if not any(one.bodies for one in evidence):
            return await self._writer.write(connection, drafts, nonces)
        try:
            async with connection.transaction():
                entries = await self._writer.write(connection, drafts, nonces)
                await keeping.keep_now(connection, _with_entries(evidence, entries))
        except BaseException:
            self._writer = EntryWriter(CLAIMED_BESIDE, UUIDS)  # it may remember keys that it made and that are not there now
            raise
        return entries


def _without(known: set[UUID], evidence: Sequence[Evidence]) -> dict[int, Evidence]:
    """Return the entries with their places, without those whose nonce is known or stands in another one before."""
    seen = set(known)
    left = {}
    for place, one in enumerate(evidence):
        if one.nonce is None or one.nonce not in seen:
            left[place] = one
        if one.nonce is not None:
            seen.add(one.nonce)
    return left


def keep(evidence: Sequence[Evidence]) -> list[UUID]:
    """Write entries and commit them; when this returns they survive a crash."""
    using = database_of("exchange")
    with transaction.atomic(using=using, durable=True):
        return write(evidence, using=using)


def claim(nonces: Sequence[UUID], *, using: str) -> list[bool]:
    """Say of each nonce whether it is new, and remember it, in the caller's transaction."""
    with connections[using].cursor() as cursor:
        cursor.execute(CLAIM, [now(), list(nonces)])
        return _claimed(nonces, {digest for (digest,) in cursor.fetchall()})


async def claim_now(connection: LoopConnection, nonces: Sequence[UUID]) -> list[bool]:
    """Claim nonces before their calls are served, visible to all processes.

    One statement that is its own transaction. The commit does not wait for the disk: the evidence of the same call is
    committed later, and the database's log is written in order, so no call that was answered can lose its nonce in a crash.
    """
    rows = await connection.run(CLAIM_NOW, [nonces])
    return _claimed(nonces, {UUID(bytes=digest) for (digest,) in rows if digest})


def _claimed(nonces: Sequence[UUID], fresh: set[UUID]) -> list[bool]:
    claimed = []
    for nonce in nonces:
        claimed.append(nonce in fresh)
        fresh.discard(nonce)  # the same nonce twice in one batch: the second is a replay
    return claimed


def nonce_digest(signed: Signed) -> UUID:
    """Return what is remembered of a request's key and nonce."""
    return UUID(bytes=hashlib.sha256(f"{signed.key_id}\n{signed.nonce}".encode()).digest()[:16])


def signed_detail(signed: Signed) -> dict[str, str]:
    """Return what makes a signature verifiable by itself."""
    return {"key_id": signed.key_id, "signature": signed.signature, "base": signed.base.decode("utf-8")}


def harmless(text: str) -> str:
    """Cut what a refused caller sent, and blank out long numbers; a random UUID stays whole: its digits are nobody's."""
    return text if _RANDOM_UUID.fullmatch(text) else _LONG_NUMBER.sub("…", text[:LONGEST_IN_REFUSAL])
