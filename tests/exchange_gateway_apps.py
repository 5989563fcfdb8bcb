"""ASGI applications of the gateway tests: both gateways with a handler of the test, and a foreign information system."""

import asyncio
import functools
import json
import os
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dean06.site.settings")

import django
import time_machine

from dean06.core import clock

true_now = clock.now


def now_or_shifted():
    """The clock of this process, as far off as the file that the test writes says."""
    try:
        return true_now() + timedelta(seconds=float(Path(os.environ["GATEWAY_CLOCK"]).read_text()))
    except FileNotFoundError:
        return true_now()


if "GATEWAY_CLOCK" in os.environ:
    clock.now = now_or_shifted  # before any module takes it by name

django.setup()

from dean06.core.errors import NotFound  # noqa: E402
from dean06.core.logs import configure  # noqa: E402
from dean06.exchange.endpoints import consumer_app, provider_app  # noqa: E402
from dean06.exchange.guarding import Guard  # noqa: E402
from dean06.exchange.public import ProviderResponse, register_provider  # noqa: E402

SUBJECT = UUID("0190a000-0000-7000-8000-000000000001")
OPENAPI = {
    "openapi": "3.1.0",
    "info": {"title": "Dân cư", "version": "1"},
    "servers": [{"url": "http://10.0.0.1"}],
    "paths": {
        "/v1/persons/look-up": {
            "servers": [{"url": "http://10.0.0.2"}],
            "post": {
                "servers": [{"url": "http://10.0.0.3"}],
                "responses": {"200": {"description": "x", "links": {"next": {"operationId": "x", "server": {"url": "http://10.0.0.4"}}}}},
            },
        }
    },
    "components": {"schemas": {"Rack": {"type": "object", "properties": {"servers": {"type": "array"}}}}},
}


def handler(request):
    if request.path.endswith("/missing"):
        raise NotFound
    if request.path.endswith("/broken"):
        raise ValueError("000190000017")
    if request.path.endswith("/slow"):
        time.sleep(14)
    echo = {"path": request.path, "query": request.query, "method": request.method, "client": request.client, "inside": request.inside}
    return ProviderResponse(200, {"full_name": "Nguyễn Thị Mẫu", "religion": "00", "echo": echo}, (SUBJECT,))


if "GATEWAY_REST_CLOCK" in os.environ:  # circuits rest until the test says that time has passed
    Guard.__init__.__kwdefaults__["clock"] = lambda: float(Path(os.environ["GATEWAY_REST_CLOCK"]).read_text())

register_provider("VN/GOV/G01/POPULATION/population", handler=handler, openapi=OPENAPI)
register_provider("VN/GOV/G01/POPULATION/paused", handler=handler, openapi=OPENAPI)

configure()
consumer_gateway = consumer_app()
provider_gateway = provider_app()


OF_THE_TRANSPORT = [
    "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "upgrade", "user-agent", "host", "server", "expect",
    "x-road-client", "x-road-request-id", "x-road-request-hash", "x-road-service",
]  # fmt: skip


OWN = [
    (b"content-type", b"application/json"),
    (b"x-own", b"kept"),
    (b"x-road-id", b"forged"),
    (b"x-road-error", b"forged"),
    (b"set-cookie", b"a=1"),
]
CACHED = [(b"etag", b'"v1"'), (b"cache-control", b"max-age=60"), (b"vary", b"accept"), (b"last-modified", b"Sun, 01 Nov 2026 00:00:00 GMT")]
SPECIAL = {
    "redirect": (302, [(b"location", b"http://127.0.0.1:9/elsewhere")], b""),
    "empty": (204, [], b""),
    "text": (200, [(b"content-type", b"text/plain")], b"plain"),
    "fails": (503, [], None),
    "subject": (200, [(b"x-exchange-subjects", str(SUBJECT).encode())], None),
    "nonsense": (200, [(b"x-exchange-subjects", b"nonsense")], None),
    "hop": (200, [(name.encode(), b"of-the-service") for name in OF_THE_TRANSPORT], None),
    "cached": (200, CACHED, None),
}
"""What the last segment of a path does: status, headers, and a body unless the system tells what it was asked."""
SEEN = {}


@functools.cache
def may_answer(name):
    """Return what a question with ``until=NAME`` waits for: that ``/release`` is asked for the name."""
    return asyncio.Event()


async def system(scope, receive, send):
    """An information system that tells what it was asked."""
    if scope["type"] != "http":
        return
    body = b""
    more = True
    while more:
        event = await receive()
        body += event.get("body", b"")
        more = event.get("more_body", False)
    path = scope["raw_path"].decode()
    if path == "/release":
        may_answer(json.loads(body)["name"]).set()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"null"})
        return
    if path in HELP:
        found = await asyncio.get_running_loop().run_in_executor(None, HELP[path], json.loads(body))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": json.dumps(found).encode()})
        return
    if path.startswith("/x1/"):
        await lie(scope, send, body)
        return
    if found := re.search(rb"until=([a-z]+)", scope["query_string"]):
        await may_answer(found[1].decode()).wait()
    if found := re.search(rb"sleep=([0-9.]+)", scope["query_string"]):
        await asyncio.sleep(float(found[1]))
    place = f"{scope['method']} {path}"
    SEEN[place] = SEEN.get(place, 0) + 1
    told = {
        "path": path,
        "query": scope["query_string"].decode(),
        "method": scope["method"],
        "headers": {k.decode(): v.decode() for k, v in scope["headers"]},
        "body": body.decode("latin-1"),
        "seen": SEEN[place],
    }
    status, headers, answer = SPECIAL.get(path.rpartition("/")[2], (200, [], None))
    if path.endswith("/cached") and told["headers"].get("if-none-match") == '"v1"':
        status, answer = 304, b""
    if answer is None:
        headers, answer = [*OWN, *headers], json.dumps(told).encode()
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


async def lie(scope, send, body):
    """Answer as a provider's gateway whose answer belongs to another request in one point: the last segment names it."""
    from dean06.exchange.domain.digests import content_digest, head_bytes, request_hash

    path = scope["raw_path"].decode()
    asked = {name.decode(): value.decode() for name, value in scope["headers"]}
    kept = [(name, asked[name]) for name in asked["x-exchange-kept"].split(",")]
    head = head_bytes(scope["method"], path.replace("/x1/", "/r1/", 1), [*kept, ("x-road-request-id", asked["x-road-request-id"])])
    headers = {
        "x-road-client": asked["x-road-client"],
        "x-road-id": asked["x-road-id"],
        "x-road-service": "/".join(path.split("/")[2:7]),
        "x-road-request-id": asked["x-road-request-id"],
        "x-road-request-hash": request_hash(head, body),
        "content-digest": content_digest(b"{}"),
        "content-type": "application/json",
    }
    lie = path.rpartition("/")[2]
    assert lie in headers or lie == "signature", lie
    headers[lie] = "of another"
    await send({"type": "http.response.start", "status": 200, "headers": [(n.encode(), v.encode()) for n, v in headers.items()]})
    await send({"type": "http.response.body", "body": b"{}"})


def entries(asked):
    """Return the ledger's entries with their opened readings."""
    from dean06.ledger.domain.leaves import SALT_BYTES
    from dean06.ledger.domain.shapes import Unpacker
    from dean06.ledger.models import LedgerEntry, LedgerKey
    from dean06.ledger.secrets import unlock, unwrap
    from dean06.ledger.words import words_of

    found = []
    for entry in LedgerEntry.objects.order_by("recorded_at", "id"):
        if str(entry.id) in asked["known"]:
            continue
        data_key = unwrap(bytes(LedgerKey.objects.get(id=entry.key_id).wrapped), key_id=entry.key_id)
        opened = unlock(bytes(entry.ciphertext), data_key=data_key, entry_id=entry.id, unpack=Unpacker(words_of("default")))
        payload = json.loads(opened[SALT_BYTES:])
        found.append({"id": str(entry.id), "kind": entry.kind, "log": entry.log, "subjects": entry.subject_count, **payload})
    return found


def sign(asked):
    """Sign a request as the consumer's gateway would, without sending it."""
    from dean06.exchange import consuming, snapshot
    from dean06.exchange.domain.r1 import compose

    message = compose(
        client=asked["client"],
        service="VN/GOV/G01/POPULATION/population",
        method="POST",
        path=asked["path"],
        body=asked["body"].encode(),
        purpose="kyc",
    )
    with time_machine.travel(datetime.now(UTC) - timedelta(seconds=asked["age"])):
        outgoing = consuming.prepare(message, state=snapshot.current())
    return {"target": outgoing.target, "headers": outgoing.headers}


def kept(asked):
    """Return the answers that are kept for repeated requests, or the claims without one, as they lie in the database."""
    from dean06.exchange.models import KeptAnswer

    return [bytes(row.sealed).hex() for row in KeptAnswer.objects.filter(answered_at__isnull=asked.get("in_flight", False))]


def records(asked):
    """Return what monitoring keeps of a message."""
    from dean06.exchange.operations.models import Record

    rows = Record.objects.filter(message_id=asked["message_id"]).values()
    return [{name: value for name, value in row.items() if name not in {"request_in_at", "written_at"}} for row in rows]


def number(_asked):
    """Let the sequencer number what waits."""
    from dean06.ledger.public import sequence

    return sequence("default")


def appoint(asked):
    """Let a witness of this installation follow both logs of the exchange, and submit to it."""
    from dean06.ledger.public import add_witness, log_keys, watch

    for log in ("exchange.provider", "exchange.consumer"):
        key = watch(witness=asked["witness"], keeper="VN", log_name=log, keys=log_keys())
    return add_witness(verifier_key=str(key), address=asked["address"])


def submit(_asked):
    """Submit the newest checkpoints; say how many were cosigned and what a witness contradicts."""
    from dean06.ledger.public import submit_everywhere, witnesses

    return {"cosigned": submit_everywhere(), "problems": [one.problem for one in witnesses() if one.problem]}


def open_kept(asked):
    """Number and index what is new, and open the bodies that both sides kept of a transaction, as somebody who may."""
    from dean06.core.actor import Actor
    from dean06.exchange.models import EvidenceIndex
    from dean06.exchange.proving.indexing import index_evidence
    from dean06.exchange.proving.opening import open_bodies, standings

    number(None)
    index_evidence()
    reader = Actor(account="reader", roles=frozenset({"operator", "evidence_reader"}))
    rows = {row.log.rpartition(".")[2]: row for row in EvidenceIndex.objects.filter(transaction_id=asked["transaction_id"])}
    told = {side: {"said": row.bodies, "standing": standings([row])[row.entry_id].state} for side, row in rows.items()}
    for side, row in rows.items():
        opened = open_bodies(row.entry_id, purpose="Kiểm tra việc lưu nội dung", actor=reader)
        told[side]["opened"] = {one.name: [one.body.decode(), one.agrees] for one in opened}
    return told


HELP = {
    "/open-kept": open_kept,
    "/entries": entries,
    "/sign": sign,
    "/kept": kept,
    "/records": records,
    "/number": number,
    "/appoint": appoint,
    "/submit": submit,
}
