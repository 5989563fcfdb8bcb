"""Which part of a signed exchange does not agree: for developers whose gateway or client computes a hash or signature of its own.

What is pasted is compared as the gateways compare it, part by part; nothing is sent anywhere or kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPMethod
from typing import Final

from dean06.core.errors import Dean06Error
from dean06.exchange.domain.digests import Header, content_digest, head_bytes, request_hash
from dean06.exchange.domain.headers import kept
from dean06.exchange.domain.r1 import parse_request
from dean06.exchange.domain.signatures import LABEL, Line, Signed, VerifyRaw, answer_lines, raw_signature, request_lines, signature_base
from dean06.exchange.errors import BadRequest, InvalidSignature

LONGEST_HEAD: Final = 64 * 1024
R1: Final = "/r1/"
X1: Final = "/x1/"
REPEATED: Final = ("x-road-client", "x-road-id")
MOST_LINES: Final = 200


class UnreadablePaste(BadRequest):
    """The first line or a header line of what was pasted cannot be read."""

    code = "exchange.unreadable_paste"
    message_vi = "Không đọc được dòng đầu hoặc một dòng tiêu đề. Dán nguyên văn: dòng đầu, rồi mỗi tiêu đề một dòng."


@dataclass(frozen=True, slots=True)
class Pasted:
    """A request or an answer as text.

    Attributes:
        first: method and address, or status.
        headers: in order, names in lower case.
        body: raw bytes.
    """

    first: tuple[str, str]
    headers: tuple[Header, ...] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def values(self) -> dict[str, str]:
        """Return the headers by name."""
        return dict(kept(self.headers, without=frozenset()))


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the comparison.

    Attributes:
        name: component or header.
        verdict: ``agrees``, ``differs`` or ``missing``.
        found: what was pasted.
        expected: what follows from the rest; empty where nothing can be computed.
    """

    name: str
    verdict: str
    found: str = ""
    expected: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome: parts in order and the signature bases that were computed, to be compared with one's own."""

    parts: tuple[Part, ...]
    bases: Mapping[str, str] = field(default_factory=dict)

    @property
    def agrees(self) -> bool:
        """Say whether every part agrees."""
        return bool(self.parts) and all(part.verdict == "agrees" for part in self.parts)


def read_request(head: str, body: str) -> Pasted:
    """Read a pasted request: ``POST /r1/… HTTP/1.1`` and its headers.

    Raises:
        UnreadablePaste: not of that form.
    """
    first, headers = _head(head)
    words = first.split()
    if len(words) < 2 or words[0] not in HTTPMethod.__members__ or not words[1].startswith(("/", "http://", "https://")):  # noqa: PLR2004
        raise UnreadablePaste
    target = words[1]
    if not target.startswith("/"):
        target = "/" + target.split("/", 3)[3] if target.count("/") > 2 else "/"  # noqa: PLR2004 -- scheme://host/rest
    return Pasted((words[0], target), headers, body.encode())


def read_answer(head: str, body: str) -> Pasted:
    """Read a pasted answer: ``HTTP/1.1 200 OK`` and its headers.

    Raises:
        UnreadablePaste: not of that form.
    """
    first, headers = _head(head)
    status = next((word for word in first.split() if word.isdecimal() and len(word) == 3), "")  # noqa: PLR2004 -- a status has three digits
    if not status:
        raise UnreadablePaste
    return Pasted((status, ""), headers, body.encode())


def _head(text: str) -> tuple[str, tuple[Header, ...]]:
    lines = [line.strip("\r") for line in text.strip().splitlines()]
    if not lines or len(text) > LONGEST_HEAD or len(lines) > MOST_LINES:
        raise UnreadablePaste
    headers = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise UnreadablePaste
        headers.append((name.strip().lower(), value.strip()))
    return lines[0].strip(), tuple(headers)


def check(request: Pasted, answer: Pasted | None, *, verify_consumer: VerifyRaw, verify_provider: VerifyRaw, own_base: str = "") -> Checked:
    """Compare every part of an exchange.

    Args:
        request: of an information system (``/r1/``) or between gateways (``/x1/``).
        answer: to it, if there is one.
        verify_consumer: checks signatures with the keys of the consumer's member.
        verify_provider: checks signatures with the keys of the provider's member.
        own_base: the signature base that the developer's program computed, to be compared line by line.
    """
    target = request.first[1]
    if target.startswith(X1):
        return _between_gateways(request, answer, verify_consumer, verify_provider, own_base)
    if target.startswith(R1):
        return Checked(tuple(_of_information_system(request, answer)))
    return Checked((Part("@path", "differs", target, "/r1/… · /x1/…"),))


def _of_information_system(request: Pasted, answer: Pasted | None) -> list[Part]:
    """Recompute X-Road-Request-Hash from what was sent and the id that the gateway gave."""
    if answer is None:
        return [Part("x-road-request-hash", "missing")]
    values = answer.values
    path, _, query = request.first[1].partition("?")
    headers = [*request.headers]
    if "x-road-id" not in request.values and "x-road-id" in values:
        headers = _with_defaults(headers, values["x-road-id"])
    try:
        message = parse_request(method=request.first[0], raw_path=path, query=query, headers=headers, body=request.body)
    except Dean06Error as exc:
        return [Part("@request", "differs", exc.code)]
    parts = [_repeated(name, values, message.values.get(name, "")) for name in REPEATED]
    parts.append(_repeated("x-road-service", values, message.service.encoded))
    if "x-road-request-id" not in values:
        return [*parts, Part("x-road-request-id", "missing")]
    head = head_bytes(message.method, f"/r1/{message.address}", (*message.headers, ("x-road-request-id", values["x-road-request-id"])))
    return [*parts, _repeated("x-road-request-hash", values, request_hash(head, message.body))]


def _with_defaults(headers: list[Header], message_id: str) -> list[Header]:
    """Add what the gateway adds, in its order."""
    accept = [] if any(name == "accept" for name, _ in headers) else [("accept", "application/json")]
    return [*headers, *accept, ("x-road-id", message_id)]


def _repeated(name: str, values: Mapping[str, str], expected: str) -> Part:
    if name not in values:
        return Part(name, "missing", expected=expected)
    return Part(name, "agrees" if values[name] == expected else "differs", values[name], expected)


def _between_gateways(
    request: Pasted, answer: Pasted | None, verify_consumer: VerifyRaw, verify_provider: VerifyRaw, own_base: str
) -> Checked:
    values = request.values
    names = [name for name in values.get("x-exchange-kept", "").split(",") if name]
    parts = [_repeated("content-digest", values, content_digest(request.body))]
    absent = [name for name in names if name not in values]
    parts += [Part(name, "missing") for name in absent]
    head = head_bytes(
        request.first[0],
        f"/r1/{request.first[1].removeprefix(X1)}",
        (*((name, values[name]) for name in names if name in values), ("x-road-request-id", values.get("x-road-request-id", ""))),
    )
    parts.append(_repeated("x-exchange-head", values, content_digest(head)))
    try:
        lines = request_lines(method=request.first[0], target=request.first[1], headers=values)
    except InvalidSignature:
        return Checked((*parts, Part("signature-input", "missing")))
    checked, base = _signature(lines, values, verify_consumer)
    parts += [*_compared(base, own_base), *checked]
    bases = {"request": base}
    if answer is not None:
        later, bases["answer"] = _answer(answer, values, request_hash(head, request.body), verify_provider)
        parts += later
    return Checked(tuple(parts), bases)


def _answer(answer: Pasted, asked: Mapping[str, str], expected_hash: str, verify: VerifyRaw) -> tuple[list[Part], str]:
    values = answer.values
    parts = [_repeated(name, values, asked.get(name, "")) for name in (*REPEATED, "x-road-request-id")]
    parts.append(_repeated("x-road-request-hash", values, expected_hash))
    parts.append(_repeated("content-digest", values, content_digest(answer.body)))
    signed = Signed(asked.get("signature-input", ""), asked.get("signature", ""), b"", "", 0)
    checked, base = _signature(answer_lines(status=int(answer.first[0]), headers=values, request=signed), values, verify)
    return [Part(f"{part.name} (answer)", part.verdict, part.found, part.expected) for part in [*parts, *checked]], base


def _signature(lines: list[Line], values: Mapping[str, str], verify: VerifyRaw) -> tuple[list[Part], str]:
    """Compare the covered components with those that must be, then the value itself."""
    given = values.get("signature-input", "")
    if not given.startswith(f"{LABEL}=("):
        return [Part("signature-input", "missing", given[:200])], signature_base(lines, "").decode()
    params = given.removeprefix(f"{LABEL}=")
    covered = params[1:].partition(")")[0].split()
    expected = [name for name, _ in lines]
    base = signature_base(lines, params)
    parts = [Part(name, "missing", expected="; covered") for name in expected if name not in covered]
    parts += [Part(name, "differs", "covered") for name in covered if name not in expected]
    if not parts and covered != expected:
        parts = [Part("signature-input", "differs", " ".join(covered), " ".join(expected))]
    key_id = params.partition('keyid="')[2].partition('"')[0]
    try:
        is_good = verify(key_id, base, raw_signature(values.get("signature", "")))
    except InvalidSignature:
        return [*parts, Part("signature", "missing", values.get("signature", "")[:120])], base.decode()
    return [*parts, Part("signature", "agrees" if is_good else "differs", key_id)], base.decode()


def _compared(base: str, own_base: str) -> list[Part]:
    """Name each line of the developer's own signature base that is not ours."""
    if not own_base.strip():
        return []
    ours = dict(line.partition(": ")[::2] for line in base.splitlines())
    theirs = dict(line.partition(": ")[::2] for line in own_base.strip().splitlines())
    return [
        Part(f"base {name}", "differs" if name in theirs else "missing", theirs.get(name, ""), value)
        for name, value in ours.items()
        if theirs.get(name) != value
    ]
