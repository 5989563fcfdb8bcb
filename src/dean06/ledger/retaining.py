"""Which entries are past their time in the database, and what still keeps them there. A report: nothing is removed (ADR 19)."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final

import msgspec
from django.conf import settings

from dean06.core import clock
from dean06.core.databases import all_databases
from dean06.ledger.archived import Archived, read_back
from dean06.ledger.archiving import FIRST_AFTER, RECORDED_AT
from dean06.ledger.domain.retention import Period, Retention, months_before
from dean06.ledger.errors import RetentionRefused
from dean06.ledger.stored import log_size, logs_in, snapshot

OWN: Final = Path(__file__).with_name("retention.toml")
LAST_COSIGNED: Final = "SELECT coalesce(max(size), 0) FROM ledger_ledgercosignature WHERE log = %s"


@dataclass(frozen=True, slots=True)
class LogRetention:
    """How a log stands against the periods that count for it.

    Attributes:
        using: its database.
        log: its name.
        entries: so many have their number.
        first_day: legal day of the first of them; none if there is none.
        kept: periods in force that demand that its entries stay.
        ends: periods in force after which its entries may go; without any the log stays whole.
        deciding: the longest of all of them, if its entries may go at all.
        kept_from: the first legal day that stays; none if all do.
        over: all entries up to this number are past their time; 0 if none is.
        cosigned: the largest size that a witness cosigned, as it is stored; ``verify`` checks the cosignature.
        archived: what the files of the archive prove; none if no archive was named.
    """

    using: str
    log: str
    entries: int
    first_day: date | None
    kept: tuple[Period, ...]
    ends: tuple[Period, ...]
    deciding: Period | None
    kept_from: date | None
    over: int
    cosigned: int
    archived: Archived | None = None

    @property
    def could_go(self) -> int:
        """Return up to which number entries are over, in a file of the archive that ends there, and seen by a witness."""
        ends = self.archived.ends if self.archived else ()
        return max((end for end in ends if end <= min(self.over, self.cosigned)), default=0)


def periods() -> Retention:
    """Read the installation's periods: the file that ``DEAN06_LEDGER_RETENTION`` names, or those that come with the programs.

    Raises:
        RetentionRefused: the file cannot be read or is not of the form.
    """
    place = settings.DEAN06_LEDGER_RETENTION or OWN
    try:
        return msgspec.toml.decode(place.read_bytes(), type=Retention)
    except OSError as exc:
        raise RetentionRefused(file=str(place), reason=exc.strerror) from exc
    except (msgspec.MsgspecError, ValueError) as exc:
        raise RetentionRefused(file=str(place), reason=str(exc)) from exc


def retention(archive: Path | None = None, *, log: str = "") -> list[LogRetention]:
    """Say of each log which entries are past their time and which of those could go.

    Args:
        archive: where closed days lie as files; each file of the log is read to its end.
        log: only this log.

    Raises:
        RetentionRefused: the file of the periods cannot be read or is not of the form.
    """
    rules = periods()
    logs = [one for using in all_databases() for one in _in_database(using, rules, log)]
    return [replace(one, archived=read_back(archive, one.log, using=one.using)) for one in logs] if archive else logs


def _in_database(using: str, rules: Retention, only: str) -> list[LogRetention]:
    with snapshot(using) as cursor:
        return [_of_log(cursor, using, log, rules) for log in logs_in(cursor) if only in ("", log)]


def _of_log(cursor: Any, using: str, log: str, rules: Retention) -> LogRetention:
    on = clock.today()
    kept, ends = rules.in_force(log, on=on)
    deciding = rules.deciding(log, on=on)
    kept_from = months_before(on, deciding.months) if deciding else None
    size = log_size(cursor, log)
    return LogRetention(
        using=using,
        log=log,
        entries=size,
        first_day=_first_day(cursor, log),
        kept=kept,
        ends=ends,
        deciding=deciding,
        kept_from=kept_from,
        over=_over(cursor, log, size, kept_from) if kept_from else 0,
        cosigned=_last_cosigned(cursor, log),
    )


def _first_day(cursor: Any, log: str) -> date | None:
    cursor.execute(RECORDED_AT, [log, 1])
    found = cursor.fetchone()
    return clock.legal(found[0]).date() if found else None


def _over(cursor: Any, log: str, size: int, kept_from: date) -> int:
    """Return the number before the first entry that stays; what was recorded later with the clock set back stays with it."""
    cursor.execute(FIRST_AFTER, [log, 0, datetime.combine(kept_from, time(), tzinfo=clock.LEGAL_TIME_ZONE)])
    found = cursor.fetchone()
    return int(found[0]) - 1 if found else size


def _last_cosigned(cursor: Any, log: str) -> int:
    cursor.execute(LAST_COSIGNED, [log])
    return int(cursor.fetchone()[0])
