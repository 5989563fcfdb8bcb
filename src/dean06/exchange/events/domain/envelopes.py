"""CloudEvents 1.0 in structured JSON: how an event looks to a consumer, and what may be wrong with one that is handed in.

Source: CloudEvents 1.0.2, sec. 3.1 (required attributes), 3.2 (optional), 2.1 and "Type System" (names and values), JSON Event
Format 1.0.2, sec. 2 and 3; extension ``sequence`` of the same project.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

CONTENT_TYPE: Final = "application/cloudevents+json; charset=utf-8"
MEDIA_TYPE: Final = "application/cloudevents+json"
SPEC_VERSION: Final = "1.0"
SEQUENCE_DIGITS: Final = 19  # a bigint; leading zeros keep the text in the order of the numbers, as the extension wants
REQUIRED: Final = ("id", "source", "specversion", "type")
TEXTS: Final = ("id", "source", "specversion", "type", "subject", "datacontenttype", "dataschema", "time")
_NAME: Final = re.compile(r"[a-z0-9]+")
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[!-~]+")
_URI_REFERENCE: Final = re.compile(r"[!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]+")
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})")
_MEDIA_TYPE: Final = re.compile(r"[A-Za-z0-9!#$&^_.+\-]+/[A-Za-z0-9!#$&^_.+\-]+(\s*;.*)?")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
INTEGERS: Final = range(-(2**31), 2**31)


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event as one consumer sees it.

    Attributes:
        id: the same at each delivery and to each consumer; with ``source`` it makes the event unique.
        source: the subsystem that tells.
        type: registered name, ``vn.gov.dancu.residence.changed``.
        sequence: place among the events of the type, from 1.
        time: when it happened.
        subject: the consumer's own pseudonym of the person; empty where the type concerns nobody.
        dataschema: which schema ``data`` follows.
        data: thin, without personal data.
    """

    id: str
    source: str
    type: str
    sequence: int
    time: datetime
    subject: str
    dataschema: str
    data: Mapping[str, Any] = field(repr=False)

    def document(self) -> dict[str, Any]:
        """Return the envelope as a JSON object."""
        return {
            "specversion": SPEC_VERSION,
            "id": self.id,
            "source": self.source,
            "type": self.type,
            **({"subject": self.subject} if self.subject else {}),
            "time": self.time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "datacontenttype": "application/json",
            "dataschema": self.dataschema,
            "sequence": sequence_text(self.sequence),
            "data": dict(self.data),
        }

    def body(self) -> bytes:
        """Return the bytes that are sent and signed."""
        return json.dumps(self.document(), ensure_ascii=False, separators=(",", ":")).encode()


def sequence_text(number: int) -> str:
    """Return a sequence number as text that sorts as the numbers do."""
    return f"{number:0{SEQUENCE_DIGITS}d}"


def faults(document: object) -> list[str]:
    """Say what keeps a JSON value from being a CloudEvent; nothing if it is one."""
    if not isinstance(document, dict):
        return ["An event is a JSON object."]
    return [*_missing(document), *_misnamed(document), *_malformed(document)]


def _missing(document: Mapping[str, Any]) -> Iterator[str]:
    for name in REQUIRED:
        if document.get(name) is None:
            yield f"{name} is required."
    if document.get("specversion", SPEC_VERSION) != SPEC_VERSION:
        yield f'specversion must be "{SPEC_VERSION}".'
    if "data" in document and "data_base64" in document:
        yield "data and data_base64 exclude each other."


def _misnamed(document: Mapping[str, Any]) -> Iterator[str]:
    for name, value in document.items():
        if name in ("data", "data_base64") or value is None:
            continue
        if not _NAME.fullmatch(name):
            yield f"{name[:40]!r} is no name of an attribute: lower-case letters and digits only."
        elif isinstance(value, bool):
            if name in TEXTS:
                yield f"{name} must be text."
        elif isinstance(value, int):
            if name in TEXTS or value not in INTEGERS:
                yield f"{name} must be text, or a whole number of 32 bits in an extension."
        elif not isinstance(value, str):
            yield f"{name} must be text, a whole number or true or false."
        elif _CONTROL.search(value):
            yield f"{name} holds control characters."


def _malformed(document: Mapping[str, Any]) -> Iterator[str]:
    texts = {name: document[name] for name in TEXTS if isinstance(document.get(name), str)}
    yield from (f"{name} must not be empty." for name, text in texts.items() if not text)
    if texts.get("source") and not _URI_REFERENCE.fullmatch(texts["source"]):
        yield "source must be a URI reference."
    if texts.get("dataschema") and not _URI.fullmatch(texts["dataschema"]):
        yield "dataschema must be an absolute URI."
    if texts.get("time") and not _is_time(texts["time"]):
        yield "time must be a time of RFC 3339."
    if texts.get("datacontenttype") and not _MEDIA_TYPE.fullmatch(texts["datacontenttype"]):
        yield "datacontenttype must be a media type."


def _is_time(text: str) -> bool:
    if not _TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text.upper())
    except ValueError:
        return False
    return True
