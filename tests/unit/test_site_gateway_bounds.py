"""What a gateway's server makes of the bytes that come: bounded, timed, answered in order, framed in one way only."""

import asyncio
import contextlib
import json
import tracemalloc

import pytest
import uvicorn
from structlog.testing import capture_logs
from uvicorn.server import ServerState

from dean06.exchange.domain.faults import PROVIDER_GATEWAY
from dean06.exchange.errors import BadRequest
from dean06.exchange.wire import Incoming, incoming, read_body
from dean06.site import gateway
from dean06.site.gateway import LARGEST_HEAD_BYTES, BoundedProtocol

ASKED = b"POST /first HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
SECOND = b"GET /second HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"POST /first HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


class Echo:
    """Tells each request's path, headers and body; notes what it served and who left before the body was whole."""

    speaks_as = PROVIDER_GATEWAY

    def __init__(self):
        self.served, self.left, self.pause = [], 0, 0.0

    async def __call__(self, scope, receive, send):
        try:
            request = incoming(scope)
            body = await read_body(request, receive)
        except BadRequest:
            self.left += 1
            return
        await asyncio.sleep(self.pause)
        self.served.append(scope["path"])
        told = json.dumps({"path": scope["path"], "names": [name for name, _ in request.headers], "body": body.decode()}).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(told)).encode())]})
        await send({"type": "http.response.body", "body": told})


def got(*pieces, echo=None, seconds=1.0, pause=0.02):
    """Send pieces one after the other and return all that comes back until the server closes or the time is over."""

    async def work():
        app = echo or Echo()
        config = uvicorn.Config(
            app, http=BoundedProtocol, ws="none", lifespan="off", log_config=None, access_log=False, proxy_headers=False
        )
        config.load()
        state = ServerState()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: BoundedProtocol(config, state, {}), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        received = bytearray()
        sending = asyncio.create_task(send(writer, pieces, pause))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                with contextlib.suppress(ConnectionError):
                    while data := await reader.read(65536):
                        received += data
                received += b"<closed>"
        sending.cancel()
        writer.close()
        server.close()
        for task in list(state.tasks):
            task.cancel()
        await asyncio.wait([sending, *state.tasks, asyncio.create_task(asyncio.sleep(0.01))])
        return bytes(received)

    return asyncio.run(work())


async def send(writer, pieces, pause):
    with contextlib.suppress(ConnectionError):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)


def told(received):
    """Return what the echo told, answer by answer."""
    parts = received.removesuffix(b"<closed>").split(b"HTTP/1.1 200 OK\r\n")[1:]
    return [json.loads(part.partition(b"\r\n\r\n")[2]) for part in parts]


# -- an offer to speak another protocol

OFFERS = [
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
    b"Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\r\n",
]


@pytest.mark.parametrize("offer", OFFERS, ids=["h2c", "websocket"])
@pytest.mark.parametrize("cut", [0, 1, 3])
def test_a_request_that_offers_another_protocol_keeps_its_body(offer, cut):
    body = b"abc"

    [answer] = told(got(ASKED + offer + body[:cut], body[cut:]))

    assert (answer["path"], answer["body"]) == ("/first", "abc")
    assert not {"upgrade", "http2-settings"} & set(answer["names"])


def test_what_follows_a_request_with_an_offer_is_the_next_request_and_its_body_is_none():
    hidden = b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n"
    asked = ASKED.replace(b"3", b"%d" % len(hidden)) + OFFERS[0] + hidden

    answers = told(got(asked + SECOND + asked + SECOND))

    assert [answer["path"] for answer in answers] == ["/first", "/second", "/first", "/second"]
    assert answers[0]["body"] == answers[2]["body"] == hidden.decode()


def test_a_chunked_body_behind_an_offer_arrives():
    [answer] = told(got(CHUNKED[:-2] + OFFERS[0], b"3\r\nabc\r\n0\r\n\r\n"))

    assert answer["body"] == "abc"


@pytest.mark.parametrize("target", [b"/x", b"register:443"])
def test_connect_is_refused_and_what_follows_is_not_read(target):
    received = got(b"CONNECT " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n" + SECOND, SECOND)

    assert received.startswith(b"HTTP/1.1 400 ")
    assert received.count(b"HTTP/1.1 ") == 1
    assert received.endswith(b"<closed>")


# -- bounds


def test_trailers_are_no_headers():
    [answer] = told(got(CHUNKED + b"3\r\nabc\r\n0\r\nX-Road-Client: VN/COM/FORGED/SYSTEM\r\n\r\n"))

    assert (answer["body"], answer["names"]) == ("abc", ["host", "transfer-encoding"])


@pytest.mark.parametrize("line", [b"X: " + b"a" * 1000 + b"\r\n", b"a" * 1000], ids=["lines", "one line"])
def test_trailers_without_end_are_cut_off(line):
    flood = [line * 200] * 40
    tracemalloc.start()

    received = got(CHUNKED + b"3\r\nabc\r\n0\r\nX: ", *flood, pause=0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert received.endswith(b"<closed>")
    assert received.startswith((b"HTTP/1.1 400 ", b"<closed>"))
    assert peak < 8 * 1024 * 1024


def test_an_extension_of_a_chunk_without_end_is_cut_off():
    assert got(CHUNKED + b"3;x=", *[b"a" * 50_000] * 8).endswith(b"<closed>")


def test_a_head_without_end_is_cut_off():
    received = got(b"GET / HTTP/1.1\r\nX: ", *[b"a" * 20_000] * 8)

    assert b"exchange.headers_too_large" in received
    assert received.endswith(b"<closed>")


def test_the_body_before_a_head_does_not_count_as_head():
    """The end of a large body and the beginning of the next head come in one piece."""
    body = b"b" * (2 * LARGEST_HEAD_BYTES)
    asked = ASKED.replace(b"3", b"%d" % len(body)) + b"\r\n"

    answers = told(got(asked + body + SECOND[:5], SECOND[5:], pause=0.1))

    assert [answer["path"] for answer in answers] == ["/first", "/second"]


async def test_a_body_of_another_length_than_was_announced_is_refused():
    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    request = Incoming("POST", "/x", "", (("content-length", "3"),), "")

    with pytest.raises(BadRequest, match="not as long"):
        await read_body(request, receive)


# -- refusals


def test_a_refusal_waits_for_the_answers_to_what_was_asked_before():
    echo = Echo()
    echo.pause = 0.1

    received = got(ASKED + b"\r\nabc" + SECOND + b"no HTTP\r\n\r\n", echo=echo)

    assert echo.served == ["/first", "/second"]
    assert received.index(b'"/first"') < received.index(b'"/second"') < received.index(b"exchange.")
    assert received.endswith(b"<closed>")


def test_a_request_that_goes_wrong_behind_another_is_refused_in_its_turn_and_never_served():
    echo = Echo()
    echo.pause = 0.1

    received = got(ASKED + b"\r\nabc" + CHUNKED.replace(b"first", b"second") + b"no length\r\n", echo=echo)

    assert echo.served == ["/first"]
    assert received.index(b'"/first"') < received.index(b"HTTP/1.1 400 Bad Request")


def test_a_body_that_goes_wrong_is_refused_and_its_reader_learns_it():
    echo = Echo()

    received = got(CHUNKED + b"3\r\nabc\r\n", b"no length\r\n", echo=echo)

    assert received.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert received.count(b"HTTP/1.1 ") == 1
    assert (echo.served, echo.left) == ([], 1)


def test_a_refusal_speaks_in_the_gateway_s_name_and_its_reference_stands_in_the_log():
    with capture_logs() as logged:
        received = got(b"no HTTP\r\n\r\n")

    [refused] = [line for line in logged if line["event"] == "exchange.refused"]
    fault = json.loads(received.removesuffix(b"<closed>").partition(b"\r\n\r\n")[2])
    assert (fault["type"], fault["detail"]) == ("Server.ServerProxy.InvalidHttpMethod", refused["reference"])
    assert refused["gateway"] == PROVIDER_GATEWAY


# -- time


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(gateway, "PATIENCE_SECONDS", 0.3)


@pytest.mark.parametrize("began", [b"GET / HTTP/1.1\r\nHo", b"\r\n", SECOND + b"GET"])
def test_a_head_that_does_not_end_is_given_up(impatient, began):
    received = got(began, seconds=2)

    assert b"HTTP/1.1 408 Request Timeout\r\n" in received
    assert b"exchange.request_too_slow" in received
    assert received.endswith(b"<closed>")


def test_a_head_that_trickles_is_given_up(impatient):
    assert b"HTTP/1.1 408 " in got(*(b"%c" % letter for letter in b"GET /" + b"a" * 60), seconds=2)


def test_a_connection_on_which_nothing_is_asked_is_closed_without_a_word(impatient):
    assert got(seconds=2) == b"<closed>"


@pytest.mark.parametrize("began", [ASKED + b"\r\nab", CHUNKED + b"3\r\nab", CHUNKED + b"3\r\nabc\r\n0\r\nX: y\r\n"])
def test_a_body_that_stops_is_given_up_and_gives_back_its_place(impatient, began):
    echo = Echo()

    received = got(began, echo=echo, seconds=2)

    assert received.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert received.endswith(b"<closed>")
    assert (echo.served, echo.left) == ([], 1)


def test_a_body_that_trickles_is_given_up_and_one_that_is_only_large_is_not(impatient, monkeypatch):
    monkeypatch.setattr(gateway, "SLOWEST_BYTES_PER_SECOND", 1000)
    asked = ASKED.replace(b"3", b"2000") + b"\r\n"

    assert b"HTTP/1.1 408 " in got(asked, *[b"a"] * 100, seconds=2)
    [answer] = told(got(asked, *[b"a" * 100] * 20, seconds=2, pause=0.04))
    assert len(answer["body"]) == 2000


def test_an_answer_may_take_longer_than_a_request(impatient):
    echo = Echo()
    echo.pause = 0.8

    answers = told(got(ASKED + b"\r\nabc" + SECOND, echo=echo, seconds=3))

    assert [answer["path"] for answer in answers] == ["/first", "/second"]
