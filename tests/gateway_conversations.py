"""Conversations with a gateway's server: a client that waits for what it needs to, and a clock that the test moves."""

import asyncio
import contextlib
import json

import uvicorn
from uvicorn.server import ServerState

from dean06.exchange.domain.faults import PROVIDER_GATEWAY
from dean06.exchange.errors import BadRequest
from dean06.exchange.wire import incoming, read_body
from dean06.site import gateway
from dean06.site.gateway import BoundedProtocol

LAST = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
"""Ends a conversation: what is answered before it was answered without waiting for anything."""
LIMIT_SECONDS = 60


class Echo:
    """Tells each request's path, headers and body; notes what it served and who left before the body was whole."""

    speaks_as = PROVIDER_GATEWAY

    def __init__(self):
        self.served, self.left = [], 0

    async def __call__(self, scope, receive, send):
        try:
            request = incoming(scope)
            body = await read_body(request, receive)
        except BadRequest:
            self.left += 1
            return
        await self.thinks()
        self.served.append(scope["path"])
        told = json.dumps({"path": scope["path"], "names": [name for name, _ in request.headers], "body": body.decode()}).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(told)).encode())]})
        await send({"type": "http.response.body", "body": told})

    async def thinks(self):
        """Answer at once."""


class Slow(Echo):
    """Thinks about each request until it may answer."""

    def __init__(self):
        super().__init__()
        self.thinking = asyncio.Queue()

    async def thinks(self):
        self.thinking.put_nowait(may_answer := asyncio.Event())
        await may_answer.wait()


class Clock:
    """The event loop as a protocol sees it, with a time that passes only when the test says so."""

    def __init__(self, loop):
        self._loop, self._now, self._timers = loop, 1000.0, []

    def __getattr__(self, name):
        return getattr(self._loop, name)

    def time(self):
        return self._now

    def call_later(self, delay, function, *args):
        return self.call_at(self._now + delay, function, *args)

    def call_at(self, when, function, *args):
        self._timers.append(timer := asyncio.TimerHandle(when, function, args, self._loop))
        return timer

    def passes(self, seconds):
        """Let time pass, and do on the way what was to be done."""
        end = self._now + seconds
        while due := [timer for timer in self._timers if not timer.cancelled() and timer.when() <= end]:
            first = min(due, key=asyncio.TimerHandle.when)
            self._timers.remove(first)
            self._now = max(self._now, first.when())
            first._run()
        self._now = end


class Hearing(BoundedProtocol):
    """Says how much it was sent."""

    heard = 0

    def __init__(self, made, *arguments):
        super().__init__(*arguments)
        self.made, self.is_news, self.is_lost = made, asyncio.Event(), asyncio.Event()

    def connection_made(self, transport):
        super().connection_made(transport)
        self.made.put_nowait(self)

    def data_received(self, data):
        super().data_received(data)
        self.heard += len(data)
        self.is_news.set()

    def connection_lost(self, exc):
        super().connection_lost(exc)
        self.is_news.set()
        self.is_lost.set()


class Conversation:
    """A client's connection to a gateway's server whose clock the test moves."""

    def __init__(self, app, reader, writer, protocol, clock):
        self.app, self.reader, self.writer, self.protocol, self.clock = app, reader, writer, protocol, clock
        self.sent = 0

    async def send(self, piece):
        """Send a piece and wait until the server has made of it what it can; nothing more is heard where it has closed."""
        self.sent += len(piece)
        with contextlib.suppress(ConnectionError):
            self.writer.write(piece)
            await self.writer.drain()
        while self.protocol.heard < self.sent and not self.is_over:
            self.protocol.is_news.clear()
            await self.protocol.is_news.wait()

    async def lasts(self, seconds):
        """Let time pass once the application stands where it waits for more."""
        for _ in range(20):
            await asyncio.sleep(0)
        self.clock.passes(seconds)

    @property
    def is_over(self):
        return self.protocol.transport.is_closing()


async def spoken(pieces, app, seconds_between, then):
    """Return what a server says to pieces sent one after the other; ``then`` goes on when all are sent."""
    told_little = {"ws": "none", "lifespan": "off", "log_config": None, "access_log": False, "proxy_headers": False}
    config = uvicorn.Config(app, http=Hearing, timeout_keep_alive=gateway.KEPT_OPEN_SECONDS, **told_little)
    config.load()
    state, clock, made = ServerState(), Clock(asyncio.get_running_loop()), asyncio.Queue()
    server = await asyncio.get_running_loop().create_server(lambda: Hearing(made, config, state, {}, clock), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    talk = Conversation(app, reader, writer, await made.get(), clock)
    received = bytearray()
    hearing = asyncio.create_task(everything(reader, received))
    talk.over = hearing
    try:
        for piece in pieces:
            if not talk.is_over:  # else the answer might be lost with the connection
                await talk.send(piece)
                clock.passes(seconds_between)
        await then(talk)
        await hearing
        if state.tasks:
            await asyncio.wait(state.tasks)
    finally:
        for task in (hearing, *state.tasks):
            task.cancel()
        writer.close()
        server.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        await talk.protocol.is_lost.wait()
    return bytes(received)


async def everything(reader, received):
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            received += data
    received += b"<closed>"


async def nothing_more(_talk):
    """Wait for what is said."""


async def answers_at_last(talk):
    """Let each request be answered when a sender would have been given up several times."""
    while not talk.is_over:
        thought = asyncio.create_task(talk.app.thinking.get())
        await asyncio.wait([thought, talk.over], return_when=asyncio.FIRST_COMPLETED)
        if thought.done():
            talk.clock.passes(3 * gateway.PATIENCE_SECONDS)
            thought.result().set()
        else:
            thought.cancel()


def got(*pieces, echo=None, seconds_between=0.0, then=nothing_more):
    """Send pieces one after the other and return all that comes back until the server closes."""

    async def work():
        async with asyncio.timeout(LIMIT_SECONDS):
            return await spoken(pieces, echo or Echo(), seconds_between, then)

    return asyncio.run(work())


def told(received):
    """Return what the echo told, answer by answer, when it also told the last."""
    parts = received.removesuffix(b"<closed>").split(b"HTTP/1.1 200 OK\r\n")[1:]
    *answers, last = [json.loads(part.partition(b"\r\n\r\n")[2]) for part in parts]
    assert (last["path"], last["body"]) == ("/last", "")
    return answers
