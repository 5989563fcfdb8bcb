"""ASGI applications of the gateway tests: both gateways with a handler of the test, and a foreign information system."""

import asyncio
import json
import os
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dean06.site.settings")

import django
import time_machine

django.setup()

from dean06.core.errors import NotFound  # noqa: E402
from dean06.core.logs import configure  # noqa: E402
from dean06.exchange.endpoints import consumer_app, provider_app  # noqa: E402
from dean06.exchange.public import ProviderResponse, register_provider  # noqa: E402

SUBJECT = UUID("0190a000-0000-7000-8000-000000000001")
OPENAPI = {
    "openapi": "3.1.0",
    "info": {"title": "Dân cư", "version": "1"},
    "servers": [{"url": "http://10.0.0.1"}],
    "paths": {"/v1/persons/look-up": {"post": {}}},
}


def handler(request):
    if request.path.endswith("/missing"):
        raise NotFound
    if request.path.endswith("/broken"):
        raise ValueError("000190000017")
    if request.path.endswith("/slow"):
        time.sleep(8)
    echo = {"path": request.path, "query": request.query, "method": request.method, "client": request.client, "inside": request.inside}
    return ProviderResponse(200, {"full_name": "Nguyễn Thị Mẫu", "religion": "00", "echo": echo}, (SUBJECT,))


register_provider("VN/GOV/G01/POPULATION/population", handler=handler, openapi=OPENAPI)
register_provider("VN/GOV/G01/POPULATION/paused", handler=handler, openapi=OPENAPI)

configure()
consumer_gateway = consumer_app()
provider_gateway = provider_app()


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
    if path in HELP:
        found = await asyncio.get_running_loop().run_in_executor(None, HELP[path], json.loads(body))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": json.dumps(found).encode()})
        return
    headers = [
        (b"content-type", b"application/json"),
        (b"x-own", b"kept"),
        (b"x-road-id", b"forged"),
        (b"x-road-error", b"forged"),
        (b"set-cookie", b"a=1"),
    ]
    status = 200
    answer = json.dumps(
        {
            "path": path,
            "query": scope["query_string"].decode(),
            "method": scope["method"],
            "headers": {k.decode(): v.decode() for k, v in scope["headers"]},
            "body": body.decode("latin-1"),
        }
    ).encode()
    if path.endswith("/redirect"):
        status, headers, answer = 302, [(b"location", b"http://127.0.0.1:9/elsewhere")], b""
    if path.endswith("/empty"):
        status, headers, answer = 204, [], b""
    if path.endswith("/fails"):
        status = 503
    if path.endswith("/text"):
        headers, answer = [(b"content-type", b"text/plain")], b"plain"
    if path.endswith("/subject"):
        headers.append((b"x-exchange-subjects", str(SUBJECT).encode()))
    if path.endswith("/nonsense"):
        headers.append((b"x-exchange-subjects", b"nonsense"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


def entries(asked):
    """Return the ledger's entries with their opened readings."""
    from dean06.ledger.domain.leaves import SALT_BYTES
    from dean06.ledger.models import LedgerEntry, LedgerKey, LedgerReading
    from dean06.ledger.secrets import unlock, unwrap

    found = []
    for entry in LedgerEntry.objects.order_by("recorded_at", "id"):
        if str(entry.id) in asked["known"]:
            continue
        reading = LedgerReading.objects.get(entry_id=entry.id)
        data_key = unwrap(bytes(LedgerKey.objects.get(id=reading.key_id).wrapped), key_id=reading.key_id)
        opened = unlock(bytes(reading.nonce), bytes(reading.ciphertext), data_key=data_key, entry_id=entry.id)
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


HELP = {"/entries": entries, "/sign": sign}
