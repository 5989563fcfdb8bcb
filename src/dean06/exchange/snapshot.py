"""The state in force in this process, at most two seconds behind the database."""

import time
from functools import cache
from threading import Lock
from typing import Final

from django.conf import settings

from dean06.core.databases import database_of
from dean06.exchange.changes import newest_version
from dean06.exchange.compiling import INSIDE, gateway_origin, gateways_of, keys_of, read, read_shared
from dean06.exchange.entries import EnrolledKey, MemberEntry, ServiceEntry, Snapshot
from dean06.exchange.following import Follower

__all__ = [
    "INSIDE",
    "EnrolledKey",
    "MemberEntry",
    "ServiceEntry",
    "Snapshot",
    "current",
    "forget",
    "gateway_origin",
    "gateways_of",
    "keys_of",
    "read",
    "read_shared",
]

FRESH_SECONDS: Final = 1.0
_lock: Final = Lock()
_current: Snapshot | None = None
_own_version = -1
"""Of the own database, when ``_current`` was made from a followed configuration."""
_checked_at = 0.0


def current() -> Snapshot:
    """Return the state in force; asks the database for its version at most once a second.

    A gateway that follows a signed configuration takes that, and from its own database what is nobody else's.

    Raises:
        ConfigurationMissing, ConfigurationExpired: there is no configuration to go by.
    """
    global _current, _checked_at  # noqa: PLW0603 -- one snapshot a process
    if settings.DEAN06_EXCHANGE_CONFIGURATION:
        return _followed()
    known = _current
    if known is not None and time.monotonic() - _checked_at < FRESH_SECONDS:
        return known
    with _lock:
        version = newest_version(database_of("exchange"))
        # A new snapshot also forgets the keys it remembered, so that a rotation shows within a second.
        _current = read(version) if known is None or known.version != version else _with_fresh_keys(known)
        _checked_at = time.monotonic()
        return _current


def forget() -> None:
    """Read anew at the next call: packs were loaded in this process."""
    global _current  # noqa: PLW0603 -- one snapshot a process
    _current = None


def _followed() -> Snapshot:
    """Return what is followed, with the own tokens, locations and descriptions; these are looked after once a second, too."""
    global _current, _own_version, _checked_at  # noqa: PLW0603 -- one snapshot a process
    configuration = _follower().configuration()
    known = _current
    is_fresh = time.monotonic() - _checked_at < FRESH_SECONDS
    if known is not None and known.version == configuration.version and is_fresh:
        return known
    with _lock:
        own = newest_version(database_of("exchange"))
        known = _current
        if known is None or (known.version, _own_version) != (configuration.version, own):
            known = _current = read_shared(configuration.content, version=configuration.version)
            _own_version = own
        _checked_at = time.monotonic()
        return known


@cache
def _follower() -> Follower:
    return Follower(
        settings.DEAN06_EXCHANGE_CONFIGURATION,
        anchors=settings.DEAN06_EXCHANGE_TRUST_ANCHOR,
        kept=settings.DEAN06_DATA_DIR / "exchange" / "configuration.jws",
        refresh_seconds=settings.DEAN06_EXCHANGE_REFRESH_SECONDS,
    )


def _with_fresh_keys(known: Snapshot) -> Snapshot:
    return Snapshot(known.version, known.members, known.subsystems, known.services, known.agreements)
