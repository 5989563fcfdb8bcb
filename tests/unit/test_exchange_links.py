"""Pools of connections to other gateways and to information systems: one for each place, with room and patience of its own."""

import asyncio
import ssl
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from dean06.exchange import links
from dean06.exchange.errors import GatewayNotNamed, ProviderUnreachable
from dean06.exchange.links import Link
from dean06.exchange.peers import fingerprint
from dean06.signing.public import TlsIdentity
from gateway_certificates import der, pem, self_signed


class Server:
    """Answers each request, or nothing at all if it is silent; counts connections and how many of them are open."""

    def __init__(self, *, is_silent=False, context=None):
        self.is_silent, self.context = is_silent, context
        self.connections = self.open = self.requests = 0
        self.came = asyncio.Semaphore(0)
        self.tasks = set()

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0, ssl=self.context)
        port = self.server.sockets[0].getsockname()[1]
        self.address = f"http{'s' if self.context else ''}://127.0.0.1:{port}/x"
        return self

    async def __aexit__(self, *_):
        self.server.close()
        for task in self.tasks:
            task.cancel()
        if self.tasks:
            await asyncio.wait(self.tasks)

    async def serve(self, reader, writer):
        self.tasks.add(asyncio.current_task())
        self.connections += 1
        self.open += 1
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                self.requests += 1
                self.came.release()
                await asyncio.sleep(30 if self.is_silent else 0.02)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            self.open -= 1
            writer.transport.abort()


async def asked(link, server, seconds=3.0, is_named=None):
    return (await link.send("GET", server.address, headers=(), body=b"", timeout_seconds=seconds, is_named=is_named)).status


async def test_a_place_that_is_silent_holds_up_no_calls_to_another(monkeypatch):
    monkeypatch.setattr(links, "MOST_CONNECTIONS", 2)
    link = Link()

    async with Server(is_silent=True) as silent, Server() as other:
        held = [asyncio.create_task(asked(link, silent, seconds=60)) for _ in range(2)]
        for _ in held:
            await asyncio.wait_for(silent.came.acquire(), 30)
        waiting = [asyncio.create_task(asked(link, silent, seconds=0.3)) for _ in range(2)]
        status = await asked(link, other, seconds=30)
        refused = await asyncio.gather(*waiting, return_exceptions=True)
        for call in held:
            call.cancel()
        await asyncio.wait(held)
        await link.close()

    assert status == 200
    assert [type(one) for one in refused] == [ProviderUnreachable] * 2
    assert silent.connections == 2


async def test_a_call_that_got_room_when_its_time_was_over_opens_no_connection(monkeypatch):
    monkeypatch.setattr(links, "MOST_CONNECTIONS", 1)
    link, close = Link(), links.Connection.close

    def slowly(connection):
        time.sleep(0.3)
        close(connection)

    monkeypatch.setattr(links.Connection, "close", slowly)  # the loop stands still, and then there is room
    async with Server(is_silent=True) as silent:
        held = asyncio.create_task(asked(link, silent, seconds=60))
        await asyncio.wait_for(silent.came.acquire(), 30)
        late = asyncio.create_task(asked(link, silent, seconds=0.2))
        await asyncio.sleep(0)
        held.cancel()
        with pytest.raises(ProviderUnreachable):
            await late
        await asyncio.sleep(0.1)
        await link.close()

    assert silent.connections == 1


async def test_connections_that_a_busy_hour_left_are_closed_while_one_goes_on_being_used(monkeypatch):
    monkeypatch.setattr(links, "IDLE_SECONDS", 0.4)
    link = Link()

    async with Server() as server:
        await asyncio.gather(*[asked(link, server) for _ in range(5)])
        for _ in range(8):
            await asyncio.sleep(0.1)
            await asked(link, server)
        await asyncio.sleep(0.05)
        still_open = server.open
        await link.close()

    assert server.connections == 5
    assert still_open == 1


@pytest.fixture(scope="module")
def certificate():
    """Make a certificate for 127.0.0.1 that signs itself, and its key, as PEM."""
    day = timedelta(days=1)
    extensions = [x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), x509.BasicConstraints(ca=True, path_length=None)]
    made, key = self_signed("127.0.0.1", since=datetime.now(UTC) - day, until=datetime.now(UTC) + day, extensions=extensions)
    return pem(made), key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.fixture
def serving(certificate, tmp_path):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    (tmp_path / "both.pem").write_bytes(b"".join(certificate))
    context.load_cert_chain(tmp_path / "both.pem")
    return context


async def test_another_gateway_that_speaks_only_tls_1_2_is_not_spoken_to(certificate, serving):
    shown, key = certificate
    link = Link(lambda: TlsIdentity("1", shown, key, shown))

    async with Server(context=serving) as server:
        assert await asked(link, server) == 200
        serving.maximum_version = ssl.TLSVersion.TLSv1_2
        await link.close()
        with pytest.raises(ProviderUnreachable):
            await asked(link, server)


async def test_a_renewed_certificate_is_shown_although_connections_are_idle(certificate, serving, monkeypatch):
    monkeypatch.setattr(links, "IDENTITY_SECONDS", 0)
    shown, key = certificate
    known = [shown]
    link = Link(lambda: TlsIdentity("1", shown, key, b"".join(known)))

    async with Server(context=serving) as server:
        for _ in range(3):
            await asked(link, server)
        before = server.connections
        known.append(shown)  # whom we trust changes as well when certificates are renewed
        await asked(link, server)
        await link.close()

    assert (before, server.connections) == (1, 2)


def of_a_gateway(*, others=()):
    """Return a link that trusts nobody's authority but these, with a certificate of its own."""
    own, key = self_signed("gateway.example", since=datetime.now(UTC) - timedelta(days=1), until=datetime.now(UTC) + timedelta(days=1))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Link(lambda: TlsIdentity("1", pem(own), private, b"".join([pem(own), *others]))), fingerprint(der(own))


async def test_a_gateway_is_spoken_to_for_the_certificate_that_it_shows_and_by_no_other(certificate, serving):
    shown = ssl.PEM_cert_to_DER_cert(certificate[0].decode())
    link, own = of_a_gateway()

    async with Server(context=serving) as server:
        with pytest.raises(GatewayNotNamed):
            await asked(link, server, is_named=lambda _: True)
        assert link.shown(trusting=frozenset({shown})) == own
        assert await asked(link, server, is_named=lambda one: one == fingerprint(shown)) == 200
        with pytest.raises(GatewayNotNamed, match=fingerprint(shown)):
            await asked(link, server, is_named=lambda _: False)
        await link.close()

    assert server.requests == 1


async def test_a_gateway_that_speaks_without_tls_is_nobodys():
    link, _ = of_a_gateway()

    async with Server() as server:
        with pytest.raises(GatewayNotNamed, match="without TLS"):
            await asked(link, server, is_named=bool)
        await link.close()

    assert server.requests == 0


async def test_whom_others_name_closes_no_connection(certificate, serving):
    link, _ = of_a_gateway(others=[certificate[0]])
    newcomer, _ = self_signed("new.example", since=datetime.now(UTC) - timedelta(days=1), until=datetime.now(UTC) + timedelta(days=1))

    async with Server(context=serving) as server:
        for trusting in (frozenset(), frozenset({der(newcomer)})):
            link.shown(trusting=trusting)
            await asked(link, server)
        await link.close()

    assert (server.connections, server.requests) == (1, 2)


async def test_an_information_system_with_a_bad_certificate_is_away_and_no_gateway(serving):
    link = Link()

    async with Server(context=serving) as server:
        with pytest.raises(ProviderUnreachable) as refused:
            await asked(link, server)
        await link.close()

    assert type(refused.value) is ProviderUnreachable
