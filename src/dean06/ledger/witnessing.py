"""Being a witness: cosign another keeper's checkpoints if they continue what was seen before, and keep what contradicts it.

A witness reads no entry. It keeps the last size and root of each log that it follows; whoever cuts a log's tail or shows
two histories would have to make every witness forget.

Source: C2SP tlog-witness (``add-checkpoint``, its statuses and bodies), tlog-cosignature.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import structlog
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.db import transaction

from dean06.core import clock
from dean06.core.databases import database_of
from dean06.ledger.checkpoints import raw_key
from dean06.ledger.domain.consistency import is_consistent
from dean06.ledger.domain.cosignatures import Submission, VerifierKey, cosigned_bytes
from dean06.ledger.domain.merkle import EMPTY_ROOT
from dean06.ledger.domain.notes import ORIGIN_PREFIX, Checkpoint, MalformedNote, Note, key_id
from dean06.ledger.errors import MalformedWitness
from dean06.ledger.models import RefusedCheckpoint, WatchedLog
from dean06.signing.public import Signer, ensure_key, signer

log = structlog.get_logger(__name__)

KEY_PREFIX: Final = "witness."
PEM_END: Final = b"-----END PUBLIC KEY-----"
SIZE_TYPE: Final = "text/x.tlog.size"  # C2SP tlog-witness
TEXT_TYPE: Final = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a witness answers over HTTP."""

    status: HTTPStatus
    body: str = ""
    content_type: str = TEXT_TYPE


def witness_key(name: str) -> VerifierKey:
    """Return the public key of a witness of this installation.

    Raises:
        KeyNotFound: no witness of this name is here.
    """
    return VerifierKey(name, raw_key(signer(KEY_PREFIX + name).public_key))


def watch(*, witness: str, keeper: str, log_name: str, keys: Sequence[bytes]) -> VerifierKey:
    """Let a witness of this installation follow a log, making the witness's key if it has none.

    Args:
        witness: name of the witness, ``VN.COM.DEMOBANK``.
        keeper: who keeps the log, ``VN.GOV.G01``.
        log_name: name of the log at its keeper, ``exchange.provider``.
        keys: the log's Ed25519 public keys, 32 bytes each; they replace those known before.

    Raises:
        MalformedWitness: a key is no such key, or a name holds a space or a plus sign.
    """
    if not keys or any(len(key) != len(EMPTY_ROOT) for key in keys) or {" ", "+", "/", "\n"} & set(witness + keeper):
        raise MalformedWitness(witness=witness, keeper=keeper)
    ensure_key(KEY_PREFIX + witness, common_name=f"Nhân chứng {witness}"[:64], usage="ledger")
    WatchedLog.objects.using(_using()).update_or_create(
        witness=witness,
        keeper=keeper,
        origin=ORIGIN_PREFIX + log_name,
        defaults={"keys": [base64.b64encode(key).decode() for key in keys]},
    )
    return witness_key(witness)


def keys_of_pem(pem: bytes) -> list[bytes]:
    """Read a log's public keys, one or more, as ``dean06 ledger keys`` prints them.

    Raises:
        MalformedWitness: something else stands there.
    """
    parts = [part + PEM_END for part in pem.split(PEM_END)[:-1]]
    try:
        keys = [load_pem_public_key(part.strip()) for part in parts]
    except ValueError as exc:
        raise MalformedWitness from exc
    if not keys or not all(isinstance(key, Ed25519PublicKey) for key in keys):
        raise MalformedWitness
    return [key.public_bytes_raw() for key in keys if isinstance(key, Ed25519PublicKey)]


def add_checkpoint(witness: str, body: str) -> Reply:
    """Answer ``POST …/add-checkpoint``: the cosignature is given only after the new state is committed."""
    try:
        submission = Submission.parse(body)
        note = Note.parse(submission.note)
        offered = Checkpoint.parse(note.text)
    except MalformedNote:
        return Reply(HTTPStatus.BAD_REQUEST, "not a submission of a checkpoint\n")
    if submission.old_size > offered.size:
        return Reply(HTTPStatus.BAD_REQUEST, "the old size is larger than the checkpoint's\n")
    with transaction.atomic(using=_using()):
        followed = WatchedLog.objects.using(_using()).select_for_update().filter(witness=witness, origin=ORIGIN_PREFIX + offered.log)
        rows = list(followed.order_by("id"))
        watched = next((row for row in rows if _is_signed_by(row, note)), None)
        if watched is None:
            return Reply(HTTPStatus.FORBIDDEN if rows else HTTPStatus.NOT_FOUND, "this log is not followed here\n")
        reply, problem = _judge(watched, submission, offered)
        if reply is None:
            reply = _cosign(watched, submission.note, note, offered)
        elif problem:
            _keep_contradiction(watched, submission, problem)
    if problem:
        log.error("ledger.checkpoint_refused", witness=witness, keeper=watched.keeper, log=offered.log, problem=problem)
    return reply


def _judge(watched: WatchedLog, submission: Submission, offered: Checkpoint) -> tuple[Reply | None, str]:
    """Return the refusal of a submission, if any, and the name of what it would hide."""
    known = Reply(HTTPStatus.CONFLICT, f"{watched.size}\n", SIZE_TYPE)
    root = bytes(watched.root) if watched.root is not None else EMPTY_ROOT
    if offered.size < watched.size:
        return known, ""  # late, or a cut tail: the keeper learns the size, and only he can tell
    if offered.size == watched.size and offered.root != root:
        return known, "log_forked"
    if submission.old_size != watched.size:
        return known, ""
    if not is_consistent(watched.size, root, offered.size, offered.root, submission.proof):
        return Reply(HTTPStatus.UNPROCESSABLE_ENTITY, "the proof does not join what was seen to what is offered\n"), "log_forked"
    return None, ""


def _cosign(watched: WatchedLog, text: str, note: Note, offered: Checkpoint) -> Reply:
    by: Signer = signer(KEY_PREFIX + watched.witness)
    at = int(clock.now().timestamp())
    key = VerifierKey(watched.witness, raw_key(by.public_key))
    line = key.line(by.sign_raw(cosigned_bytes(note.text, at=at)), at=at)
    watched.size, watched.root, watched.note, watched.seen_at = offered.size, offered.root, text + line, clock.now()
    watched.save(using=_using(), update_fields=["size", "root", "note", "seen_at"])
    return Reply(HTTPStatus.OK, line)


def _keep_contradiction(watched: WatchedLog, submission: Submission, problem: str) -> None:
    RefusedCheckpoint.objects.using(_using()).bulk_create(
        [
            RefusedCheckpoint(
                digest=hashlib.sha256(f"{watched.witness}\n{watched.note}\n{submission.note}".encode()).hexdigest(),
                witness=watched.witness,
                keeper=watched.keeper,
                problem=problem,
                seen_note=watched.note,
                offered_note=submission.note,
                proof=[base64.b64encode(value).decode() for value in submission.proof],
            )
        ],
        ignore_conflicts=True,  # the same contradiction offered again tells nothing new
    )


def last_seen(witness: str, log_name: str, *, keeper: str = "") -> list[str]:
    """Return the newest cosigned notes that a witness holds of logs of this name, one for each keeper."""
    rows = WatchedLog.objects.using(_using()).filter(witness=witness, origin=ORIGIN_PREFIX + log_name).exclude(note="")
    return [row.note for row in (rows.filter(keeper=keeper) if keeper else rows).order_by("keeper")]


def _is_signed_by(watched: WatchedLog, note: Note) -> bool:
    for encoded in watched.keys:
        raw = base64.b64decode(encoded)
        for known, signature in note.signatures:
            if known != key_id(raw):
                continue
            try:
                Ed25519PublicKey.from_public_bytes(raw).verify(signature, note.text.encode())
            except InvalidSignature:
                continue
            return True
    return False


def _using() -> str:
    return database_of("ledger")
