"""The evidence of one transaction as a file that proves itself: for a member, a court, an auditor, without this installation.

``tools/verify_ledger.py bundle`` verifies it offline. Like X-Road's ASiC containers it holds what was signed and by whom;
beyond them it shows that the record stands in a log that a witness and a time-stamp authority vouch for.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.db import transaction

from dean06.core.actor import Actor
from dean06.core.clock import now
from dean06.core.databases import database_of
from dean06.exchange.domain.identifiers import ClientId
from dean06.exchange.domain.proving import is_signed_record
from dean06.exchange.entries import EvidenceKey
from dean06.exchange.errors import EvidenceNotFound
from dean06.exchange.evidence import PROVIDER_LOG
from dean06.exchange.models import EvidenceIndex
from dean06.exchange.proving.indexing import index_evidence
from dean06.exchange.proving.keys import key_of
from dean06.ledger.public import evidence_of, public_keys_pem, record, witnesses
from dean06.signing.public import trust_anchor_pem

OPERATORS_LOG: Final = "exchange.evidence"
"""Who searched and who was handed out what."""
FORMAT: Final = "dean06-evidence/1"
MOST_RECORDS: Final = 20
README: Final = """Bằng chứng của một giao dịch chia sẻ dữ liệu · Evidence of one data exchange transaction

Kiểm tra không cần mạng và không cần dean06 / verify offline and without dean06:

    python verify_ledger.py bundle {name} --key ledger-keys.pem --trust root.pem --witness witnesses.txt

Lấy ba tệp khóa từ nơi bạn tin, không phải từ thư mục trust/ này. Take the three key files from a place that you
trust, not from trust/ in this archive; they lie here to be compared.

records/<side>.json   entry of the side's log, its readable part with salt, path to a signed checkpoint, and anchors:
                      checkpoints that witnesses cosigned or that a time-stamp authority stamped (RFC 3161)
members/<key id>.pem  certificates of the signing keys (RFC 7638 thumbprint), up to the issuing authority
trust/                the root, the log's public keys and the witnesses' verifier keys as this installation knows them
manifest.json         SHA-256 of every file; until when what a key signed counts, where it ended (overlap, revocation)
"""


def find(identifier: str, *, party: ClientId | None = None) -> list[EvidenceIndex]:
    """Return the records about a transaction (by X-Road-Request-Id or X-Road-Id) that this side holds.

    Args:
        identifier: of the transaction, or of the message as its sender named it.
        party: only what this subsystem is a party to, from its own side: its questions from the consumer's log, its answers
            from the provider's. None is the operator, who sees all.

    Raises:
        EvidenceNotFound: nothing that the party may have.
    """
    rows = _rows(identifier)
    if not rows:  # the worker may not have been here yet
        index_evidence()
        rows = _rows(identifier)
    rows = [row for row in rows if party is None or _is_own(row, party)]
    if not rows:
        raise EvidenceNotFound
    return rows


def _rows(identifier: str) -> list[EvidenceIndex]:
    index = EvidenceIndex.objects.using(database_of("exchange")).order_by("entry_id")
    return list(index.filter(transaction_id=identifier)[:MOST_RECORDS]) or list(index.filter(message_id=identifier)[:MOST_RECORDS])


def _is_own(row: EvidenceIndex, party: ClientId) -> bool:
    if row.log == PROVIDER_LOG:
        return row.service.startswith(f"{party}/")
    return row.client == str(party)


def evidence_bundle(identifier: str, *, name: str) -> tuple[list[str], bytes]:
    """Return for an operator the entries about a transaction and the zip that proves them.

    Raises:
        EvidenceNotFound: no such transaction.
        ProofPending: not numbered yet.
    """
    rows = find(identifier)
    return [str(row.entry_id) for row in rows], bundle(rows, name=name)


def bundle(rows: Iterable[EvidenceIndex], *, name: str = "bundle.zip") -> bytes:
    """Return the zip of some records.

    Raises:
        ProofPending: one is not numbered yet.
    """
    records: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        side = row.log.rpartition(".")[2]
        records[side if side not in records else f"{side}-{len(records) + 1}"] = evidence_of(row.entry_id)
    files = {f"records/{side}.json": _json(one) for side, one in records.items()}
    keys = _keys(records.values())
    files |= {f"members/{key_id}.pem": key.certificates for key_id, key in keys.items() if key.certificates}
    files |= {
        "trust/root.pem": trust_anchor_pem(),
        "trust/ledger-keys.pem": public_keys_pem(),
        "trust/witnesses.txt": "".join(f"{one.verifier_key}\n" for one in witnesses()).encode(),
        "README.txt": README.format(name=name).encode(),
    }
    manifest = {
        "format": FORMAT,
        "made_at": now().isoformat(),
        "records": [f"records/{side}.json" for side in records],
        "keys_end": {key_id: key.ends_at.isoformat() for key_id, key in keys.items() if key.ends_at is not None},
        "files": {path: hashlib.sha256(content).hexdigest() for path, content in files.items()},
    }
    return _zip({"manifest.json": _json(manifest), **files})


def _keys(records: Iterable[Mapping[str, Any]]) -> dict[str, EvidenceKey]:
    """Return the keys that signed, by identifier, whatever their state today."""
    found: dict[str, EvidenceKey] = {}
    for one in records:
        detail = json.loads(one["reading"]["payload"])["detail"] if one["reading"] else {}
        if not is_signed_record(detail):
            continue
        for party, signature in ((detail["client"], detail["request"]), (detail["service"], detail["answer"])):
            if (key := key_of(party, signature["key_id"])) is not None:
                found[signature["key_id"]] = key
    return found


def _json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def note_hand_out(entries: list[str], *, actor: Actor, who: str) -> None:
    """Record that evidence was handed out, and of which entries."""
    using = database_of("exchange")
    with transaction.atomic(using=using, durable=True):
        record("exchange.evidence_handed_out", log=OPERATORS_LOG, using=using, actor=actor, who=who, detail={"entries": entries})


def _zip(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return out.getvalue()
