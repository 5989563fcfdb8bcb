"""The desk for tokens behind a proxy, where every system is one address; packs of the front put together."""

import base64
import json
from functools import partial

import pytest

from dean06.exchange.errors import ClientNotAuthenticated
from dean06.exchange.ngsp import desk
from dean06.exchange.ngsp.dialect import dialect_of, shipped
from dean06.exchange.ngsp.throttle import Throttle

OWNER, SECRET = "a-consumer", "the right secret"


class EdgeOfOne:
    """What the desk uses of a gateway; remembers refusals."""

    def __init__(self):
        self.refusals = []

    async def in_thread(self, function):
        return function()

    async def record_refusal(self, error, *, detail, **_):
        self.refusals.append((error.code, detail["path"]))


@pytest.fixture
def asking(monkeypatch):
    def prove(*, key, secret):
        if (key, secret) != (OWNER, SECRET):
            raise ClientNotAuthenticated(key=key)

    monkeypatch.setattr(desk, "prove", prove)
    monkeypatch.setattr(desk, "issue_token", lambda **_: "a-token")
    monkeypatch.setattr(desk, "revoke_token", lambda **_: None)
    monkeypatch.setattr(desk, "current_dialect", lambda: dialect_of(()))
    monkeypatch.setattr(desk, "Throttle", partial(Throttle, clock=lambda: 1000.0))  # however long the machine takes, no time passes
    edge = EdgeOfOne()
    tokens = desk.TokenDesk(edge)

    async def ask(secret, *, path="/token", form=b"grant_type=client_credentials"):
        sent = []

        async def receive():
            return {"type": "http.request", "body": form}

        async def send(event):
            sent.append(event)

        basic = base64.b64encode(f"{OWNER}:{secret}".encode())
        headers = [(b"authorization", b"Basic " + basic), (b"content-type", b"application/x-www-form-urlencoded")]
        scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": headers}
        await tokens({**scope, "client": ("192.0.2.1", 1)}, receive, send)
        return sent[0]["status"], json.loads(sent[1]["body"] or b"{}")

    ask.edge = edge
    return ask


async def test_wrong_secrets_of_others_never_lock_the_owner_out(asking):
    wrong = [(await asking("a guess"))[0] for _ in range(40)]

    assert wrong == [401] * 5 + [429] * 35
    assert (await asking(SECRET))[0] == 200


async def test_the_owner_too_gets_tokens_at_a_measured_pace(asking):
    assert [(await asking(SECRET))[0] for _ in range(40)] == [200] * 20 + [429] * 20


@pytest.mark.parametrize("path", ["/token", "/revoke"])
async def test_a_refusal_is_remembered_under_the_address_that_was_asked(asking, path):
    await asking("a guess", path=path, form=b"grant_type=client_credentials&token=x")

    assert asking.edge.refusals == [("exchange.client_not_authenticated", path)]


def envelope(name, ok):
    return {**shipped()["envelopes"][0], "name": name, "ok": ok}


def test_envelopes_of_all_packs_add_up():
    address = {"service": "VN/GOV/G01/POPULATION/population"}
    first = {"addresses": [{**address, "address": "/a/1.0", "envelope": "one"}], "envelopes": [envelope("one", "yes")]}
    second = {"addresses": [{**address, "address": "/b/1.0", "envelope": "two"}], "envelopes": [envelope("two", "good")]}
    dialect = dialect_of([first, second])

    assert [dialect.address_of(path).envelope.ok for path in ("/a/1.0", "/b/1.0")] == ["yes", "good"]
