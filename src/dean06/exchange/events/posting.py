"""Sending requests to webhooks: pooled connections, several at a time, timed, bounded, never following a redirect."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import PyreqwestError

from dean06.exchange.domain.digests import Header

CONNECT_SECONDS: Final = 3
ANSWER_SECONDS: Final = 10
AT_A_TIME: Final = 16
LARGEST_ANSWER_BYTES: Final = 64 * 1024
CHUNK_BYTES: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class Post:
    """One request to a webhook."""

    address: str
    headers: Sequence[Header] = field(repr=False)
    body: bytes = field(repr=False)
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back; status 0 if nothing did."""

    status: int
    headers: dict[str, str] = field(default_factory=dict, repr=False)


Send = Callable[[Sequence[Post]], list[Answered]]
"""Sends requests and returns the answers in their order."""


class Sender:
    """Sends from any thread; one event loop with one pool of connections in a thread of its own."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: Client | None = None
        self._starting = threading.Lock()

    def __call__(self, posts: Sequence[Post]) -> list[Answered]:
        """Send requests, at most sixteen at a time, and return the answers in their order."""
        return asyncio.run_coroutine_threadsafe(self._all(posts), self._running()).result()

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="exchange-events", daemon=True).start()
            return self._loop

    async def _all(self, posts: Sequence[Post]) -> list[Answered]:
        if self._client is None:
            self._client = _client()
        gate = asyncio.Semaphore(AT_A_TIME)

        async def one(client: Client, post: Post) -> Answered:
            async with gate:
                return await _sent(client, post)

        return await asyncio.gather(*(one(self._client, post) for post in posts))

    def close(self) -> None:
        """Close connections and the loop."""
        if self._loop is None:
            return
        if self._client is not None:
            asyncio.run_coroutine_threadsafe(self._client.close(), self._loop).result()
            self._client = None
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._loop = None


async def _sent(client: Client, post: Post) -> Answered:
    request = client.request(post.method, post.address).headers(list(post.headers)).timeout(timedelta(seconds=ANSWER_SECONDS))
    try:
        async with (request.body_bytes(post.body) if post.body else request).build_streamed() as response:
            read = 0
            while read <= LARGEST_ANSWER_BYTES and (chunk := await response.body_reader.read(CHUNK_BYTES)) is not None:
                read += len(chunk)
            return Answered(response.status, {name.lower(): value for name, value in response.headers.items()})
    except (PyreqwestError, ValueError):  # an address that was accepted once and cannot be used now counts as no answer
        return Answered(0)


def _client() -> Client:
    return (
        ClientBuilder()
        .connect_timeout(timedelta(seconds=CONNECT_SECONDS))
        .max_connections(4 * AT_A_TIME)
        .follow_redirects(False)  # CloudEvents webhooks, sec. 2.2
        .gzip(False)
        .brotli(False)
        .deflate(False)
        .zstd(False)
        .referer(False)
        .no_proxy()
        .user_agent("dean06-events")
        .build()
    )


send: Final = Sender()
"""The process's sender."""
