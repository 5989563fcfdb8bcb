"""What a server may send, and what the client of the gateways makes of it."""

import asyncio
import contextlib

import pytest

from dean06.exchange.client import Refused, opened
from dean06.exchange.wire import LARGEST_BODY_BYTES

LIMIT_SECONDS = 60
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def asked(*answers, method="GET", headers=(), body=b"", times=1, close=True):
    """Ask a server that answers the n-th request with the n-th of ``answers``; return what came, how, and what it heard."""
    heard, served = [], []

    async def serve(reader, writer):
        served.append(asyncio.current_task())
        for sent in answers:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, OSError):
                break
            length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
            heard.append(head + await reader.readexactly(length))
            writer.write(sent)
            with contextlib.suppress(OSError):
                await writer.drain()
        if not close:
            with contextlib.suppress(OSError):
                await reader.read()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async def work():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        connection = await opened("127.0.0.1", server.sockets[0].getsockname()[1], tls=None)
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                got = [
                    await connection.ask(
                        method,
                        "/x?y=%2f",
                        host="register:1",
                        headers=headers,
                        body=body,
                        deadline=asyncio.get_running_loop().time() + LIMIT_SECONDS,
                    )
                    for _ in range(times)
                ]
            return got[-1], connection.is_open, heard
        finally:
            connection.close()
            server.close()
            await asyncio.wait(served)

    return asyncio.run(work())


def test_a_whole_answer_comes_with_its_headers_in_lower_case_and_the_connection_stays_open():
    got, is_open, [heard] = asked(b"HTTP/1.1 201 Made\r\nX-Name:  Nguy\xe1\xbb\x85n \r\nContent-Length: 2\r\n\r\nok", close=False)

    assert (got.status, got.body, is_open) == (201, b"ok", True)
    assert got.headers == (("x-name", "Nguyễn"), ("content-length", "2"))
    assert heard == b"GET /x?y=%2f HTTP/1.1\r\nhost: register:1\r\n\r\n"


def test_a_connection_answers_again_and_again():
    got, _, heard = asked(OK, OK, OK, times=3)

    assert (got.status, len(heard)) == (200, 3)


def test_what_frames_the_message_is_the_clients_own():
    _, _, [heard] = asked(OK, method="POST", headers=[("content-length", "99"), ("transfer-encoding", "chunked"), ("x", "1")], body=b"abc")

    assert heard == b"POST /x?y=%2f HTTP/1.1\r\nhost: register:1\r\nx: 1\r\ncontent-length: 3\r\n\r\nabc"


def test_a_body_in_chunks_is_joined():
    got, is_open, _ = asked(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", close=False)

    assert (got.body, is_open) == (b"abc", True)


def test_trailers_are_no_headers():
    got, is_open, _ = asked(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-Road-Error: forged\r\n\r\n", close=False
    )

    assert (got.body, got.headers, is_open) == (b"ab", (("transfer-encoding", "chunked"),), True)


def test_a_body_without_a_stated_length_ends_with_the_connection():
    got, is_open, _ = asked(b"HTTP/1.1 200 OK\r\n\r\nall of it")

    assert (got.body, is_open) == (b"all of it", False)


def test_an_interim_answer_is_passed_over():
    got, _, _ = asked(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK)

    assert (got.status, got.headers) == (200, (("content-length", "2"),))


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_an_answer_that_has_no_body_is_whole_with_its_head(status):
    got, is_open, _ = asked(b"HTTP/1.1 " + status + b"\r\n\r\n", close=False)

    assert (got.body, is_open) == (b"", True)


def test_the_answer_to_head_is_whole_with_its_head_and_ends_the_connection():
    got, is_open, _ = asked(b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n", method="HEAD", close=False)

    assert (got.status, got.body, is_open) == (200, b"", False)


def test_a_server_that_closes_is_not_asked_again():
    _, is_open, _ = asked(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")

    assert not is_open


def test_a_second_answer_to_one_request_ends_the_connection():
    got, is_open, _ = asked(OK + b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother", close=False)

    assert (got.body, is_open) == (b"ok", False)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\nbroken off",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nX: \xff\xfe\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 40_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"F00000\r\n" + b"a" * (LARGEST_BODY_BYTES + 1),
        b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * (LARGEST_BODY_BYTES + 1),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n" + b"X: aaaaaaaa\r\n" * 400_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX: " + b"a" * 4_000_000,
        b"HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n" * 100_000,
    ],
    ids=[
        "nothing",
        "short",
        "chunks cut",
        "no HTTP",
        "two lengths",
        "not UTF-8",
        "endless head",
        "endless chunk",
        "endless body",
        "trailers",
        "trailer",
        "interim",
    ],
)
def test_what_is_no_whole_answer_within_bounds_is_refused(answer):
    with pytest.raises(Refused):
        asked(answer)


@pytest.mark.parametrize("header", [("x", "a\r\nevil: 1"), ("x\r\nevil", "1"), ("x", "a\nb"), ("x", "a\0b")])
def test_a_line_break_in_a_header_is_never_sent(header):
    with pytest.raises(ValueError, match="line break"):
        asked(OK, headers=[header])
