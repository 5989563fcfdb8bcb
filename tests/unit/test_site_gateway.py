"""An answer leaves in one piece where nothing speaks against it, and says the same as uvicorn's own where something does."""

import asyncio
import logging
from types import SimpleNamespace

import pytest

from dean06.site.gateway import OnePiece

LENGTH = (b"content-length", b"2")


class Transport:
    def __init__(self):
        self.written = []
        self.is_closed = False

    def write(self, data):
        self.written.append(bytes(data))

    def is_closing(self):
        return self.is_closed

    def close(self):
        self.is_closed = True


def start(*headers, status=200):
    return {"type": "http.response.start", "status": status, "headers": [*headers]}


def body(data=b"ok", *, more=False):
    return {"type": "http.response.body", "body": data, "more_body": more}


def sent(*events, method="GET", keep_alive=True):
    """Let an application send these events; return what was written, whether the answer is whole and the connection closed."""
    transport = Transport()

    async def application(_scope, _receive, send):
        for event in events:
            await send(event)

    async def work():
        cycle = OnePiece(
            scope={"method": method, "http_version": "1.1"},
            transport=transport,
            flow=SimpleNamespace(write_paused=False),
            logger=logging.getLogger("test_site_gateway"),
            access_logger=logging.getLogger("test_site_gateway"),
            access_log=False,
            default_headers=[(b"date", b"today")],
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=keep_alive,
            on_response=lambda: None,
        )
        await cycle.run_asgi(application)
        return cycle.response_complete

    return transport.written, asyncio.run(work()), transport.is_closed


def test_head_and_body_are_one_piece():
    assert sent(start((b"X-Name", "Nguyễn".encode()), LENGTH), body()) == (
        ["HTTP/1.1 200 OK\r\ndate: today\r\nx-name: Nguyễn\r\ncontent-length: 2\r\n\r\nok".encode()],
        True,
        False,
    )


@pytest.mark.parametrize(
    ("events", "options", "end", "is_closed"),
    [
        ((start(LENGTH), body()), {"method": "HEAD"}, b"content-length: 2\r\n\r\n", False),
        ((start(status=204), body(b"")), {}, b"date: today\r\n\r\n", False),
        ((start(), body()), {}, b"transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", False),
        ((start(LENGTH), body(b"o", more=True), body(b"k")), {}, b"content-length: 2\r\n\r\nok", False),
        ((start(LENGTH, (b"connection", b"close")), body()), {}, b"connection: close\r\n\r\nok", True),
        ((start(LENGTH), body()), {"keep_alive": False}, b"connection: close\r\n\r\nok", True),
    ],
)
def test_what_frames_or_ends_an_answer_goes_uvicorns_way(events, options, end, is_closed):
    written, is_whole, closed = sent(*events, **options)

    assert b"".join(written).endswith(end)
    assert (is_whole, closed) == (True, is_closed)


@pytest.mark.parametrize("value", [b"a\r\nx-forged: 1", b"a\n", b"a\r", b"a\0", b"a\x7f"])
def test_a_header_that_holds_a_control_sign_is_not_sent(value):
    written, is_whole, is_closed = sent(start((b"x-name", value), LENGTH), body())

    assert (written, is_whole, is_closed) == ([], False, True)


def test_a_header_name_that_is_none_is_not_sent():
    assert sent(start((b"x-name: a\r\nx-forged", b"1"), LENGTH), body()) == ([], False, True)


@pytest.mark.parametrize("data", [b"", b"too long"])
def test_a_length_that_is_not_the_bodys_breaks_the_answer_off(data):
    _, is_whole, is_closed = sent(start(LENGTH), body(data))

    assert (is_whole, is_closed) == (False, True)


def test_nothing_follows_a_whole_answer():
    written, _, is_closed = sent(start(LENGTH), body(), body(b"more"))

    assert (len(written), is_closed) == (1, True)
