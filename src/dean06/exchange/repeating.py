"""Answers that are kept for a day so that a repeated request is answered and not done again.

A stored answer may hold personal data: it is encrypted with a key that comes from a secret of its own in the data directory
(``secrets/kept-answers``, made at first use) and from the caller's own Idempotency-Key, of which the database holds a digest only. Neither
the database nor a backup of it opens an answer, and a change of Django's secret key loses none.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from secrets import token_bytes
from typing import Any, Final
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import transaction

from dean06.core.clock import now
from dean06.core.databases import database_of
from dean06.core.instance import kept_secret
from dean06.core.keys import PersonKey
from dean06.exchange.domain.repeats import Found, Repeatable, compare
from dean06.exchange.errors import KeptAnswerUnreadable, KeyInFlight, KeyReused
from dean06.exchange.models import KeptAnswer
from dean06.exchange.serving import ServiceAnswer

NONCE_BYTES: Final = 12
PURPOSE: Final = b"dean06 exchange kept answer 2"
KEPT_AS: Final = "kept-answers"


@dataclass(frozen=True, slots=True)
class Replayed:
    """An answer that was given before, and the transaction that it was given in."""

    answer: ServiceAnswer
    transaction_id: str


def claim(request: Repeatable, *, lease: timedelta) -> Replayed | None:
    """Claim a key for a request, or return the answer that was given under it.

    Args:
        request: what carries the key.
        lease: how long the request may be on its way; after that another try may be made.

    Raises:
        KeyInFlight: the first request is still being answered.
        KeyReused: the key was used for another request.
        KeptAnswerUnreadable: the request was done, and its answer cannot be opened.
    """
    using = database_of("exchange")
    with transaction.atomic(using=using, durable=True):
        rows = KeptAnswer.objects.using(using)
        fresh = KeptAnswer(digest=request.digest, claim=request.claim, fingerprint=request.fingerprint, leased_until=now() + lease)
        rows.bulk_create([fresh], ignore_conflicts=True)
        row = rows.select_for_update().get(digest=request.digest)
        if row.claim == request.claim:
            return None
        found = compare(
            known=bytes(row.fingerprint),
            mine=request.fingerprint,
            is_answered=row.answered_at is not None,
            is_leased=row.leased_until > now(),
        )
        if found is Found.NEW:
            rows.filter(digest=request.digest).update(leased_until=now() + lease, claim=request.claim)
            return None
    if found is Found.OTHER_REQUEST:
        raise KeyReused
    if found is Found.IN_FLIGHT:
        raise KeyInFlight
    return _opened(row, request)


def store(request: Repeatable, answer: ServiceAnswer, *, transaction_id: str) -> None:
    """Keep the answer of a request; committed when this returns."""
    document: dict[str, Any] = {
        "status": answer.status,
        "content_type": answer.content_type,
        "body": answer.body,
        "subjects": [str(subject) for subject in answer.subjects],
        "about_nobody": answer.about_nobody,
        "headers": answer.headers,
        "transaction_id": transaction_id,
    }
    nonce = token_bytes(NONCE_BYTES)
    sealed = _cipher(request).encrypt(nonce, msgspec.msgpack.encode(document), request.fingerprint)
    using = database_of("exchange")
    with transaction.atomic(using=using, durable=True):
        KeptAnswer.objects.using(using).filter(digest=request.digest, claim=request.claim).update(answered_at=now(), sealed=nonce + sealed)


def release(request: Repeatable) -> None:
    """Forget a claim whose request was not done: the next try is a first one."""
    using = database_of("exchange")
    with transaction.atomic(using=using, durable=True):
        KeptAnswer.objects.using(using).filter(digest=request.digest, claim=request.claim, answered_at__isnull=True).delete()


def _opened(row: KeptAnswer, request: Repeatable) -> Replayed:
    sealed = bytes(row.sealed)
    try:
        opened = _cipher(request).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], request.fingerprint)
    except InvalidTag as exc:
        raise KeptAnswerUnreadable from exc
    found = msgspec.msgpack.decode(opened)
    return Replayed(
        ServiceAnswer(
            found["status"],
            found["content_type"],
            body=found["body"],
            subjects=tuple(PersonKey(UUID(subject)) for subject in found["subjects"]),
            headers=tuple((name, value) for name, value in found["headers"]),
            about_nobody=found.get("about_nobody", False),
        ),
        found["transaction_id"],
    )


def _cipher(request: Repeatable) -> AESGCM:
    secret = f"{_secret_in(settings.DEAN06_DATA_DIR)}\n{request.key}".encode()
    return AESGCM(HKDF(SHA256(), 32, salt=request.digest.bytes, info=PURPOSE).derive(secret))


@cache
def _secret_in(data_dir: Path) -> str:
    return kept_secret(Path(data_dir) / "secrets" / KEPT_AS)
