"""Having witnesses: our checkpoints are submitted to them, and what they saw is asked back when we verify."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

import structlog
from django.db import connections, transaction
from pyreqwest.client import SyncClientBuilder
from pyreqwest.exceptions import PyreqwestError

from dean06.core import clock
from dean06.core.databases import all_databases, database_of
from dean06.ledger.checkpoints import is_signed, known_keys, raw_key
from dean06.ledger.domain.consistency import consistency_places, consistency_proof
from dean06.ledger.domain.cosignatures import Submission, VerifierKey
from dean06.ledger.domain.notes import KEY_NAME, SIGNATURE_MARK, Checkpoint, MalformedNote, Note
from dean06.ledger.errors import MalformedWitness
from dean06.ledger.models import LedgerCheckpoint, LedgerCosignature, LedgerWitness
from dean06.ledger.names import signed_logs
from dean06.ledger.sequencer import hashes_at

log = structlog.get_logger(__name__)

PATIENCE: Final = timedelta(seconds=5)
ATTEMPTS: Final = 2  # the second starts from the size that the witness says it knows

Transport = Callable[[str, str, str], tuple[int, str]]
"""Takes method, address and body; returns status and body; raises ``WitnessAway``."""


class WitnessAway(Exception):
    """The witness did not answer; it is asked again at the next round."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a witness saw of a log of ours: a checkpoint that bears our signature and the witness's."""

    checkpoint: Checkpoint
    witness: str
    note: str


def add_witness(*, verifier_key: str, address: str, logs: Sequence[str] = ()) -> str:
    """Submit our checkpoints to a witness from now on; return its name.

    Args:
        verifier_key: ``name+id+key`` as the witness hands it out.
        address: where it listens, without ``/add-checkpoint``.
        logs: names of our logs; none for all.

    Raises:
        MalformedWitness: key or address cannot be read.
    """
    try:
        key = VerifierKey.parse(verifier_key)
    except MalformedNote as exc:
        raise MalformedWitness(key=verifier_key) from exc
    if not address.startswith(("http://", "https://")):
        raise MalformedWitness(address=address)
    kept = {"verifier_key": str(key), "address": address.rstrip("/"), "logs": list(logs)}
    LedgerWitness.objects.using(database_of("ledger")).update_or_create(name=key.name, defaults=kept)
    return key.name


def witnesses() -> list[LedgerWitness]:
    """Return the witnesses that our checkpoints are submitted to."""
    return list(LedgerWitness.objects.using(database_of("ledger")).order_by("name"))


def submit_everywhere(transport: Transport | None = None) -> int:
    """Submit the newest checkpoint of each log to each of its witnesses; return how many were cosigned."""
    send = transport or _over_http
    return sum(submit(using, name, witness, send) for witness in witnesses() for using, name in _logs_of(witness))


def _logs_of(witness: LedgerWitness) -> Iterator[tuple[str, str]]:
    for using in all_databases():
        yield from ((using, name) for name in signed_logs(using) if not witness.logs or name in witness.logs)


def submit(using: str, name: str, witness: LedgerWitness, send: Transport) -> bool:
    """Submit the newest checkpoint of one log to one witness; say whether it was cosigned anew."""
    last = LedgerCosignature.objects.using(using).filter(log=name, witness=witness.name).order_by("-size").first()
    known = last.size if last else 0
    if (newest := _newest(using, name)) is None or newest.size == known:
        return False
    try:
        for _ in range(ATTEMPTS):
            if known > newest.size:
                _complain(witness, name, "tail_cut", f"the witness saw {known} entries, the log has {newest.size}")
                return False
            request = Submission(known, tuple(_proof(using, name, known, newest.size)), newest.note)
            status, body = send("POST", f"{witness.address}/add-checkpoint", str(request))
            if status == HTTPStatus.OK:
                return _keep(using, newest, witness, body)
            if status == HTTPStatus.UNPROCESSABLE_ENTITY or (status == HTTPStatus.CONFLICT and body.strip() == str(known)):
                _complain(witness, name, "log_forked", f"the witness saw another history up to {known} entries")
                return False
            if status != HTTPStatus.CONFLICT or not body.strip().isdigit():
                break
            known, newest = int(body), _newest(using, name) or newest  # another process may have been first
    except WitnessAway as exc:
        log.warning("ledger.witness_away", witness=witness.name, log=name, error=str(exc))
        return False
    log.warning("ledger.witness_refuses", witness=witness.name, log=name, status=status)
    return False


def _newest(using: str, name: str) -> LedgerCheckpoint | None:
    return LedgerCheckpoint.objects.using(using).filter(log=name).order_by("-size").first()


def _proof(using: str, name: str, old: int, new: int) -> list[bytes]:
    places = [place for group in consistency_places(old, new) for place in group]
    with connections[using].cursor() as cursor:
        hashes = hashes_at(cursor, name, places)
    return consistency_proof(old, new, lambda place: hashes.get(place, b""))  # a hash that is gone makes a proof that fails


def _keep(using: str, newest: LedgerCheckpoint, witness: LedgerWitness, lines: str) -> bool:
    text = newest.note + lines
    try:
        is_good = VerifierKey.parse(witness.verifier_key).time_under(Note.parse(text)) is not None
    except MalformedNote:
        is_good = False
    if not is_good:
        log.error("ledger.cosignature_wrong", witness=witness.name, log=newest.log)
        return False
    row = LedgerCosignature(log=newest.log, size=newest.size, witness=witness.name, note=text)
    with transaction.atomic(using=using):
        LedgerCosignature.objects.using(using).bulk_create([row], ignore_conflicts=True)
    LedgerWitness.objects.using(database_of("ledger")).filter(pk=witness.pk).update(answered_at=clock.now())
    return True


def _complain(witness: LedgerWitness, name: str, problem: str, detail: str) -> None:
    log.error("ledger.witness_contradicts", witness=witness.name, log=name, problem=problem, detail=detail)
    found = {"problem": problem, "problem_detail": detail, "problem_log": name, "answered_at": clock.now()}
    LedgerWitness.objects.using(database_of("ledger")).filter(pk=witness.pk).update(**found)


def ask_witnesses(transport: Transport | None = None) -> tuple[list[Statement], list[str]]:
    """Ask every witness what it last saw of our logs.

    Returns:
        The statements that bear our own signature and the witness's, and the names of witnesses that did not answer.
    """
    send, statements, away = transport or _over_http, list[Statement](), list[str]()
    for witness in witnesses():
        try:
            for _, name in _logs_of(witness):
                _, body = send("GET", f"{witness.address}/checkpoint?log={quote(name)}", "")
                statements += [made for note in body.split("\f") if (made := statement_of(note, witness.verifier_key))]
        except WitnessAway:
            away.append(witness.name)
    return statements, away


def statement_of(note_text: str, verifier_key: str) -> Statement | None:
    """Read a cosigned note; none unless it bears our signature and that of the witness."""
    try:
        note, key = Note.parse(note_text), VerifierKey.parse(verifier_key)
        lines = note_text[len(note.text) + 1 :]
        is_plain = all(line.startswith((f"{SIGNATURE_MARK}{KEY_NAME} ", f"{SIGNATURE_MARK}{key.name} ")) for line in lines.splitlines())
        if not is_plain or not is_signed(note, known_keys()) or key.time_under(note) is None:
            return None
        return Statement(Checkpoint.parse(note.text), key.name, note_text)
    except MalformedNote:
        return None


def _over_http(method: str, address: str, body: str) -> tuple[int, str]:
    try:
        with SyncClientBuilder().timeout(PATIENCE).follow_redirects(False).no_proxy().build() as http:
            request = http.request(method, address)
            response = (request.body_bytes(body.encode()) if body else request).build().send()
            return response.status, response.text()
    except PyreqwestError as exc:
        raise WitnessAway(type(exc).__name__) from exc


def log_keys() -> list[bytes]:
    """Return the raw public keys of our logs, current and retired: what a witness must know of us."""
    return [raw_key(key) for key in known_keys().values()]
