"""A gateway's side: fetch, verify, keep the last good one on disk, ride through the registry's absence, never go back."""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock, Thread
from typing import Final
from uuid import uuid4

import structlog
from pyreqwest.client import SyncClientBuilder
from pyreqwest.exceptions import PyreqwestError

from dean06.core.clock import now
from dean06.core.errors import Dean06Error
from dean06.exchange.errors import ConfigurationMissing, ConfigurationRefused
from dean06.exchange.verifying import LARGEST_BYTES, Configuration, verified

log = structlog.get_logger(__name__)

FETCH_SECONDS: Final = 10
WARNED_AFTER: Final = timedelta(minutes=10)
OK: Final = 200
NOT_MODIFIED: Final = 304


@dataclass
class Follower:
    """Follows one published configuration; safe to use from many threads.

    Attributes:
        place: URL, or path of a file that an operator brings.
        anchors: PEM file of the root certificates that are trusted.
        kept: where the last good configuration is kept for the next start.
        refresh_seconds: pause between two looks.
    """

    place: str
    anchors: Path
    kept: Path
    refresh_seconds: float = 30.0
    _good: Configuration | None = field(default=None, repr=False)
    _etag: str = ""
    _looked_at: float = float("-inf")
    _reached_at: datetime | None = None
    _warned_at: datetime | None = None
    _lock: Lock = field(default_factory=Lock, repr=False)

    def configuration(self) -> Configuration:
        """Return the configuration to go by; looks for a newer one beside the calls, never in their way.

        Raises:
            ConfigurationMissing: none was ever good.
            ConfigurationExpired: the registry was away for longer than validity and grace.
        """
        if self._good is None:
            self._begin()
        elif time.monotonic() - self._looked_at >= self.refresh_seconds and self._lock.acquire(blocking=False):
            self._looked_at = time.monotonic()
            Thread(target=self._look_and_release, name="exchange-configuration", daemon=True).start()
        if self._good is None:
            raise ConfigurationMissing(place=self.place)
        self._warn()
        self._good.check_time(now())
        return self._good

    def _begin(self) -> None:
        with self._lock:
            if self._good is None:
                self._restore()
                self._looked_at = time.monotonic()
                self.look()

    def _look_and_release(self) -> None:
        try:
            self.look()
        finally:
            self._lock.release()

    def _restore(self) -> None:
        """Take up what the last process had verified; it is verified again, since a disk is no trusted place."""
        try:
            self._good = verified(self.kept.read_bytes(), anchors_pem=self.anchors.read_bytes(), at=now())
            self._reached_at = self._good.issued_at
        except FileNotFoundError:
            return
        except (OSError, Dean06Error) as exc:
            log.warning("exchange.kept_configuration_unusable", error=_named(exc))

    def look(self) -> bool:
        """Fetch and take up a newer configuration; say whether the registry was reached and said something good."""
        try:
            token = self._fetched()
            if token is not None:
                self._take(token)
        except (OSError, PyreqwestError, Dean06Error) as exc:
            log.warning("exchange.configuration_not_taken", place=self.place, error=_named(exc))
            return False
        self._reached_at = now()
        return True

    def _fetched(self) -> bytes | None:
        """Return the configuration as it is served; nothing if it is the one that was seen last."""
        if not self.place.startswith(("http://", "https://")):
            return Path(self.place).read_bytes()
        with SyncClientBuilder().timeout(timedelta(seconds=FETCH_SECONDS)).follow_redirects(False).no_proxy().build() as http:
            request = http.get(self.place)
            if self._etag:
                request = request.headers({"If-None-Match": self._etag})
            response = request.build().send()
            if response.status == NOT_MODIFIED and self._etag:
                return None
            if response.status != OK:
                raise ConfigurationRefused(reason=f"status {response.status}")
            if int(response.get_header("content-length") or 0) > LARGEST_BYTES:
                raise ConfigurationRefused(reason="size")
            body = bytes(response.bytes())
        self._seen_etag = response.get_header("etag") or ""
        return body

    _seen_etag: str = ""

    def _take(self, token: bytes) -> None:
        """Go by a configuration from now on.

        Raises:
            ConfigurationRefused: not good, older than the one gone by, or another text under the same number.
            ConfigurationExpired: its time is over.
        """
        found = verified(token, anchors_pem=self.anchors.read_bytes(), at=now())
        good = self._good
        if good is not None and found.version < good.version:
            raise ConfigurationRefused("The configuration is older than the one in use.", version=found.version, in_use=good.version)
        if good is not None and found.version == good.version and found.digest != good.digest:
            raise ConfigurationRefused("Two different configurations carry the same number.", version=found.version)
        if good is None or found.version > good.version:
            _write(self.kept, token)
            self._good = found
            log.info("exchange.configuration_taken", version=found.version)
        self._etag = self._seen_etag

    def _warn(self) -> None:
        """Warn every ten minutes in which the registry was not reached."""
        at = now()
        if self._reached_at is None or at - self._reached_at < WARNED_AFTER:
            return
        if self._warned_at is None or at - self._warned_at >= WARNED_AFTER:
            self._warned_at = at
            log.warning("exchange.configuration_stale", place=self.place, since=self._reached_at.isoformat())


def _write(path: Path, data: bytes) -> None:
    """Replace a file at once or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    (making := path.with_name(f"{path.name}.{uuid4().hex}")).write_bytes(data)  # two gateways may share the directory
    making.replace(path)


def _named(error: Exception) -> str:
    reason = getattr(error, "context", {}).get("reason", "")
    return f"{getattr(error, 'code', type(error).__name__)} {reason}".strip()
