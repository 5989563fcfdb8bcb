"""Verifying the signatures of every message in the evidence logs, on all cores.

It is beside ``ledger verify``, which proves that no record was altered since it was written: this proves that what was
written is what the members signed. Each signature is verified by itself; there is no short cut for ECDSA.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from dean06.core.databases import database_of
from dean06.core.processes import spread
from dean06.exchange import snapshot
from dean06.exchange.domain.identifiers import ClientId
from dean06.exchange.domain.proving import faults, is_signed_record
from dean06.exchange.errors import UnknownMember
from dean06.exchange.evidence import CONSUMER_LOG, PROVIDER_LOG
from dean06.ledger.public import Finding, Opened, opened_after, size_of
from dean06.signing.errors import KeyNotFound
from dean06.signing.public import PublicKey, certificates_of, published_keys, verify_raw

LOGS: Final = (PROVIDER_LOG, CONSUMER_LOG)
PART: Final = 2_000

Tell = Callable[[str, int, int], None]
"""Is told, now and then, of which log how many entries were seen of how many."""


@dataclass(frozen=True, slots=True)
class SignaturesSeen:
    """What was verified, and everything that does not fit.

    Attributes:
        signatures: that were verified, two a transaction.
        unsigned: entries without any: refusals.
        unreadable: entries whose text was removed by law; their signatures are gone with it.
    """

    signatures: int = 0
    unsigned: int = 0
    unreadable: int = 0
    findings: tuple[Finding, ...] = ()

    def __add__(self, other: "SignaturesSeen") -> "SignaturesSeen":
        return SignaturesSeen(
            self.signatures + other.signatures,
            self.unsigned + other.unsigned,
            self.unreadable + other.unreadable,
            self.findings + other.findings,
        )


def verify_messages(*, tell: Tell = lambda *_: None, processes: int | None = None) -> SignaturesSeen:
    """Verify both signatures of every transaction that this installation keeps evidence of.

    Args:
        tell: is told how far it is.
        processes: how many share the work; one does it here.
    """
    seen = SignaturesSeen()
    for log in LOGS:
        size = size_of(database_of("exchange"), log)
        pieces = range(0, size, PART)
        work = partial(_verify_part, log)
        is_short = processes == 1 or size <= PART
        for number, part in enumerate(map(work, pieces) if is_short else spread(work, pieces, processes=processes), start=1):
            seen += part
            tell(log, min(number * PART, size), size)
    return seen


def _verify_part(log: str, first: int) -> SignaturesSeen:
    opened = opened_after(database_of("exchange"), log, first, limit=PART)
    keys = _Keys()
    details = [(one, one.payload["detail"]) for one in opened if one.payload is not None]
    signed = [(one, detail) for one, detail in details if is_signed_record(detail)]
    return SignaturesSeen(
        signatures=2 * len(signed),
        unsigned=len(details) - len(signed),
        unreadable=len(opened) - len(details),
        findings=tuple(finding for one, detail in signed for finding in _findings(log, one, faults(detail, signed_by=keys.signed))),
    )


def _findings(log: str, one: Opened, found: Iterator[tuple[str, str]]) -> Iterator[Finding]:
    return (Finding(log, problem, sentence, one.seq, one.entry_id) for problem, sentence in found)


@dataclass(slots=True)
class _Keys:
    """The members' public keys, also those that are retired by now: each is looked up once."""

    known: dict[tuple[str, str], PublicKey | None] = field(default_factory=dict)

    def signed(self, party: str, key_id: str, data: bytes, signature: bytes) -> bool:
        """Say whether the key of this id is the party's and made the signature."""
        place = (party, key_id)
        if place not in self.known:
            self.known[place] = _public_key(party, key_id)
        key = self.known[place]
        return key is not None and verify_raw(key, data, signature)


def _public_key(party: str, key_id: str) -> PublicKey | None:
    try:
        member = snapshot.current().member(ClientId.parse("/".join(party.split("/")[:4])))
        if member.enrolled is not None and key_id in member.enrolled:
            return member.enrolled[key_id].public_key
        published = next((one.public_key for one in published_keys(member.key_name) if one.kid == key_id), None)
        return published or _certified(certificates_of(member.key_name, key_id))
    except (UnknownMember, KeyNotFound):
        return None


def _certified(pem: bytes) -> PublicKey | None:
    key = x509.load_pem_x509_certificate(pem).public_key() if pem else None
    return key if isinstance(key, EllipticCurvePublicKey) else None
