"""Ports of loopback for servers under test, chosen now and opened later."""

import contextlib
import random
import socket

FIRST, LAST = 16_000, 32_000
"""Below 32768, where Linux begins to take the near ends of outgoing connections: none of these takes a port before its server does."""

_chance = random.SystemRandom()  # another order than that of the other runs on this machine, whatever the tests' seed is


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on, all different."""
    with contextlib.ExitStack() as stack:
        found: list[int] = []
        for port in _chance.sample(range(FIRST, LAST), LAST - FIRST):
            if len(found) == count:
                return found
            with contextlib.suppress(OSError):
                stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
                found.append(port)
    raise AssertionError("no free port")
