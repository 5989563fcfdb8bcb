"""What a gateway's server makes of the bytes that come: bounded, timed, answered in order, framed in one way only."""

import json
import tracemalloc

import pytest
from structlog.testing import capture_logs

from dean06.exchange.domain.faults import PROVIDER_GATEWAY
from dean06.exchange.errors import BadRequest
from dean06.exchange.wire import Incoming, read_body
from dean06.site import gateway
from dean06.site.gateway import LARGEST_HEAD_BYTES
from gateway_conversations import LAST, Echo, Slow, answers_at_last, got, told

ASKED = b"POST /first HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
SECOND = b"GET /second HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"POST /first HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


# -- an offer to speak another protocol

OFFERS = [
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
    b"Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\r\n",
]


@pytest.mark.parametrize("offer", OFFERS, ids=["h2c", "websocket"])
@pytest.mark.parametrize("cut", [0, 1, 3])
def test_a_request_that_offers_another_protocol_keeps_its_body(offer, cut):
    body = b"abc"

    [answer] = told(got(ASKED + offer + body[:cut], body[cut:] + LAST))

    assert (answer["path"], answer["body"]) == ("/first", "abc")
    assert not {"upgrade", "http2-settings"} & set(answer["names"])


def test_what_follows_a_request_with_an_offer_is_the_next_request_and_its_body_is_none():
    hidden = b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n"
    asked = ASKED.replace(b"3", b"%d" % len(hidden)) + OFFERS[0] + hidden

    answers = told(got(asked + SECOND + asked + SECOND + LAST))

    assert [answer["path"] for answer in answers] == ["/first", "/second", "/first", "/second"]
    assert answers[0]["body"] == answers[2]["body"] == hidden.decode()


def test_a_chunked_body_behind_an_offer_arrives():
    [answer] = told(got(CHUNKED[:-2] + OFFERS[0], b"3\r\nabc\r\n0\r\n\r\n" + LAST))

    assert answer["body"] == "abc"


@pytest.mark.parametrize("target", [b"/x", b"register:443"])
def test_connect_is_refused_and_what_follows_is_not_read(target):
    received = got(b"CONNECT " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n" + SECOND, SECOND)

    assert received.startswith(b"HTTP/1.1 400 ")
    assert received.count(b"HTTP/1.1 ") == 1
    assert received.endswith(b"<closed>")


# -- bounds


def test_trailers_are_no_headers():
    [answer] = told(got(CHUNKED + b"3\r\nabc\r\n0\r\nX-Road-Client: VN/COM/FORGED/SYSTEM\r\n\r\n" + LAST))

    assert (answer["body"], answer["names"]) == ("abc", ["host", "transfer-encoding"])


@pytest.mark.parametrize("line", [b"X: " + b"a" * 1000 + b"\r\n", b"a" * 1000], ids=["lines", "one line"])
def test_trailers_without_end_are_cut_off(line):
    flood = [line * 200] * 40
    tracemalloc.start()

    received = got(CHUNKED + b"3\r\nabc\r\n0\r\nX: ", *flood)
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

    answers = told(got(asked + body + SECOND[:5], SECOND[5:] + LAST))

    assert [answer["path"] for answer in answers] == ["/first", "/second"]


async def test_a_body_of_another_length_than_was_announced_is_refused():
    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    request = Incoming("POST", "/x", "", (("content-length", "3"),), "")

    with pytest.raises(BadRequest, match="not as long"):
        await read_body(request, receive)


# -- refusals


def test_a_refusal_waits_for_the_answers_to_what_was_asked_before():
    echo = Slow()

    received = got(ASKED + b"\r\nabc" + SECOND + b"no HTTP\r\n\r\n", echo=echo, then=answers_at_last)

    assert echo.served == ["/first", "/second"]
    assert received.index(b'"/first"') < received.index(b'"/second"') < received.index(b"exchange.")
    assert received.endswith(b"<closed>")


def test_a_request_that_goes_wrong_behind_another_is_refused_in_its_turn_and_never_served():
    echo = Slow()

    received = got(ASKED + b"\r\nabc" + CHUNKED.replace(b"first", b"second") + b"no length\r\n", echo=echo, then=answers_at_last)

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


async def nothing_comes(talk):
    await talk.lasts(gateway.PATIENCE_SECONDS - 1)
    assert not talk.is_over
    await talk.lasts(1)


@pytest.mark.parametrize("began", [b"GET / HTTP/1.1\r\nHo", b"\r\n", SECOND + b"GET"])
def test_a_head_that_does_not_end_is_given_up(began):
    received = got(began, then=nothing_comes)

    assert b"HTTP/1.1 408 Request Timeout\r\n" in received
    assert b"exchange.request_too_slow" in received
    assert received.endswith(b"<closed>")


def test_a_head_that_trickles_is_given_up():
    letters = [b"%c" % letter for letter in b"GET /" + b"a" * 60]

    assert b"HTTP/1.1 408 " in got(*letters, seconds_between=1)


def test_a_connection_on_which_nothing_is_asked_is_closed_without_a_word():
    assert got(then=nothing_comes) == b"<closed>"


@pytest.mark.parametrize("began", [ASKED + b"\r\nab", CHUNKED + b"3\r\nab", CHUNKED + b"3\r\nabc\r\n0\r\nX: y\r\n"])
def test_a_body_that_stops_is_given_up_and_gives_back_its_place(began):
    echo = Echo()

    received = got(began, echo=echo, then=nothing_comes)

    assert received.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert received.endswith(b"<closed>")
    assert (echo.served, echo.left) == ([], 1)


def test_a_body_that_trickles_is_given_up_and_one_that_is_only_large_is_not(monkeypatch):
    monkeypatch.setattr(gateway, "SLOWEST_BYTES_PER_SECOND", 50)
    asked = ASKED.replace(b"3", b"2000") + b"\r\n"

    assert b"HTTP/1.1 408 " in got(asked, *[b"a"] * 100, seconds_between=1)
    [answer] = told(got(asked, *[b"a" * 100] * 20, LAST, seconds_between=1.9))
    assert len(answer["body"]) == 2000


def test_an_answer_may_take_longer_than_a_request():
    answers = told(got(ASKED + b"\r\nabc" + SECOND + LAST, echo=Slow(), then=answers_at_last))

    assert [answer["path"] for answer in answers] == ["/first", "/second"]
