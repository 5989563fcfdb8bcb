"""The figures of a period, put together once for the page, for CSV and for JSON."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from dean06.exchange.operations.domain.figures import Agreed, Cell, Figures, LeftAlone, figures_by, refusals
from dean06.exchange.operations.queries import begin_of, cells_since, left_alone, unused_agreements
from dean06.exchange.operations.words import meaning, member_name, member_of, service_title, service_titles

PERIODS: Final = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}
Side = Literal["consumer", "provider"]
COLUMNS: Final = (
    "group",
    "id",
    "name",
    "calls",
    "succeeded",
    "success_share",
    "service_problems",
    "refused",
    "p50_ms",
    "p99_ms",
)


@dataclass(frozen=True, slots=True)
class Line:
    """Figures of one member, service or of everything."""

    id: str
    name: str
    figures: Figures = field(repr=False)

    def told(self, group: str) -> dict[str, Any]:
        """Return the figures by column."""
        mine = self.figures
        values = (
            group,
            self.id,
            self.name,
            mine.calls,
            mine.succeeded,
            mine.share if mine.share is None else round(mine.share, 6),
            mine.problems,
            mine.refused,
            rounded(mine.p50_ms),
            rounded(mine.p99_ms),
        )
        return dict(zip(COLUMNS, values, strict=True))


@dataclass(frozen=True, slots=True)
class Report:
    """Figures of one side of the exchange since an instant."""

    period: str
    side: str
    since: datetime
    total: Figures
    members: tuple[Line, ...]
    services: tuple[Line, ...]
    refusals: Mapping[str, int]
    unused: tuple[Agreed, ...]
    left_alone: tuple[LeftAlone, ...]

    def document(self) -> dict[str, Any]:
        """Return everything as JSON."""
        return {
            "period": self.period,
            "side": self.side,
            "since": self.since.isoformat(),
            "total": Line("", "", self.total).told("total"),
            "members": [line.told("member") for line in self.members],
            "services": [line.told("service") for line in self.services],
            "refusals": [{"code": code, "calls": calls, "meaning": meaning(code)} for code, calls in self.refusals.items()],
            "left_alone": [
                {
                    "service": one.service,
                    "silent": "gateway" if one.is_gateway else "service",
                    "calls": one.calls,
                    "first_at": one.first_at.isoformat(),
                    "last_at": one.last_at.isoformat(),
                    "answered_since": one.answered_since,
                }
                for one in self.left_alone
            ],
            "unused_agreements": [
                {
                    "code": one.code,
                    "client": one.client,
                    "service": one.service,
                    "usable_since": one.usable_since.isoformat(),
                    "last_used_at": one.last_used_at.isoformat() if one.last_used_at else None,
                }
                for one in self.unused
            ],
        }

    def table(self) -> str:
        """Return the figures of members, services and codes as CSV."""
        rows = [Line("", "", self.total).told("total")]
        rows += [line.told("member") for line in self.members] + [line.told("service") for line in self.services]
        rows += [{"group": "refusal", "id": code, "name": meaning(code), "refused": calls} for code, calls in self.refusals.items()]
        return as_csv(COLUMNS, rows)


def report(period: str, side: str) -> Report:
    """Put the figures of a period together.

    Args:
        period: one of ``PERIODS``.
        side: ``consumer``, ``provider``, or empty for the side that saw more.
    """
    since = begin_of(PERIODS[period])
    if side:
        cells = cells_since(since, side=side)
    else:
        seen: dict[Side, list[Cell]] = {"provider": cells_since(since, side="provider"), "consumer": cells_since(since, side="consumer")}
        side, cells = max(seen.items(), key=lambda item: sum(cell.calls for cell in item[1]))
    titles = service_titles()
    total = Figures()
    for cell in cells:
        total.add(cell)
    return Report(
        period,
        side,
        since,
        total,
        _lines(cells, lambda cell: member_of(cell.client), member_name),
        _lines(cells, lambda cell: cell.service, lambda service: service_title(service, titles)),
        refusals(cells),
        tuple(unused_agreements()),
        tuple(left_alone()),
    )


def _lines(cells: Iterable[Cell], key: Callable[[Cell], str], name: Callable[[str], str]) -> tuple[Line, ...]:
    return tuple(Line(identifier, name(identifier), figures) for identifier, figures in figures_by(cells, key).items())


def rounded(milliseconds: float | None) -> float | None:
    """Round a duration to two digits: more the buckets do not know."""
    return None if milliseconds is None else float(f"{milliseconds:.2g}")


def as_csv(columns: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Write rows as CSV (RFC 4180); a text that a spreadsheet would take for a formula gets an apostrophe before it."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(columns), restval="")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _harmless(value) for name, value in row.items()})
    return out.getvalue()


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
