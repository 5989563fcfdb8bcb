"""Figures that open: each number with its numerator, its denominator and the dossiers behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from django.db.models import Aggregate, Count, FloatField, Q

from dean06.core.actor import Actor
from dean06.core.paging import Page, page_of
from dean06.oversight.domain.progress import Outcome
from dean06.oversight.models import DossierFigures, LoggedEvent, ScopedQuerySet, StepTime, events_of

Level = Literal["province", "commune", "procedure"]
FIELD_OF: dict[str, str] = {"province": "province_code", "commune": "commune_code", "procedure": "procedure_code"}
Measure = Literal["received", "in_progress", "overdue", "before", "on", "after", "settled", "on_time"]


class Percentile(Aggregate):
    """PostgreSQL's ``percentile_cont``: interpolated, in the unit of the column."""

    function = "PERCENTILE_CONT"
    output_field = FloatField()

    def __init__(self, expression: str, *, share: float) -> None:
        super().__init__(expression)
        self.template = f"%(function)s({share:.3f}) WITHIN GROUP (ORDER BY %(expressions)s)"


@dataclass(frozen=True, slots=True)
class Ratio:
    """A share with both parts; without a denominator it is undetermined, never 0."""

    numerator: int
    denominator: int

    @property
    def value(self) -> float | None:
        """Numerator divided by denominator."""
        return self.numerator / self.denominator if self.denominator else None


@dataclass(frozen=True, slots=True)
class Figures:
    """The counts of one province, commune, procedure or of all together."""

    code: str
    received: int
    in_progress: int
    overdue: int
    before: int
    on: int
    after: int

    @property
    def on_time(self) -> Ratio:
        """Settled before or on the due day, of all settled."""
        return Ratio(self.before + self.on, self.before + self.on + self.after)


@dataclass(frozen=True, slots=True)
class StepFigures:
    """How long a signed step takes, in hours, over ``count`` dossiers."""

    step: int
    count: int
    median_hours: float
    p90_hours: float


@dataclass(frozen=True, slots=True)
class Scope:
    """Which dossiers a page speaks of; empty fields mean all."""

    province: str = ""
    commune: str = ""
    procedure: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def narrowed(self, level: Level, code: str) -> "Scope":
        """Return the part of this scope that one province, commune or procedure is."""
        parts = {"province": self.province, "commune": self.commune, "procedure": self.procedure, level: code}
        return Scope(parts["province"], parts["commune"], parts["procedure"], self.since, self.until)


def dossiers(actor: Actor, scope: Scope) -> ScopedQuerySet:
    """Return the dossiers of a scope that the actor may count."""
    wanted = {"province_code": scope.province, "commune_code": scope.commune, "procedure_code": scope.procedure}
    mine: ScopedQuerySet = DossierFigures.objects.all().visible_to(actor)
    rows: ScopedQuerySet = mine.filter(**{name: value for name, value in wanted.items() if value})
    if scope.since:
        rows = rows.filter(submitted_at__gte=scope.since)
    return rows.filter(submitted_at__lt=scope.until) if scope.until else rows


def condition(measure: Measure, *, today: date) -> Q:
    """Say which dossiers a figure counts: the same words for the count and for the list behind it."""
    settled = Q(outcome__in=[Outcome.BEFORE, Outcome.ON, Outcome.AFTER])
    is_open = Q(settled_at__isnull=True)
    return {
        "received": Q(received_at__isnull=False),
        "in_progress": is_open,
        "overdue": is_open & Q(is_paused=False, due_on__lt=today),
        "before": Q(outcome=Outcome.BEFORE),
        "on": Q(outcome=Outcome.ON),
        "after": Q(outcome=Outcome.AFTER),
        "settled": settled,
        "on_time": Q(outcome__in=[Outcome.BEFORE, Outcome.ON]),
    }[measure]


def _counts(today: date) -> dict[str, Count]:
    names: tuple[Measure, ...] = ("received", "in_progress", "overdue", "before", "on", "after")
    return {f"n_{name}": Count("pk", filter=condition(name, today=today)) for name in names}


def _figures(code: str, row: dict[str, int]) -> Figures:
    return Figures(code, row["n_received"], row["n_in_progress"], row["n_overdue"], row["n_before"], row["n_on"], row["n_after"])


def total(actor: Actor, scope: Scope, *, today: date) -> Figures:
    """Count a scope as a whole: numerators and denominators added, never averaged."""
    return _figures("", dossiers(actor, scope).aggregate(**_counts(today)))


def by_level(actor: Actor, scope: Scope, level: Level, *, today: date) -> Sequence[Figures]:
    """Count a scope by province, commune or procedure; the lowest share on time first, undetermined last."""
    field = FIELD_OF[level]
    rows = dossiers(actor, scope).values(field).annotate(**_counts(today)).order_by(field)
    found = [_figures(row[field], row) for row in rows]
    return sorted(found, key=lambda one: (one.on_time.value is None, one.on_time.value or 0.0, -one.received, one.code))


def step_figures(actor: Actor, scope: Scope) -> Sequence[StepFigures]:
    """Return median and 90th percentile of each signed step over a scope, in order of the steps."""
    rows = (
        StepTime.objects.filter(dossier__in=dossiers(actor, scope))
        .values("step")
        .annotate(n=Count("pk"), median=Percentile("seconds", share=0.5), p90=Percentile("seconds", share=0.9))
        .order_by("step")
    )
    return [StepFigures(row["step"], row["n"], row["median"] / 3600, row["p90"] / 3600) for row in rows]


def dossiers_behind(actor: Actor, scope: Scope, measure: Measure, *, today: date, cursor: str = "") -> Page[DossierFigures]:
    """List the dossiers that a figure counts, newest first: code, unit and times, nothing about a person."""
    rows = dossiers(actor, scope).filter(condition(measure, today=today))
    return page_of(rows, order=("-submitted_at", "-dossier_code"), cursor=cursor)


def history(actor: Actor, dossier_code: str) -> tuple[DossierFigures, Sequence[LoggedEvent]] | None:
    """Return one dossier with the events that its figures were computed from; nothing if it is not the actor's to see."""
    row = dossiers(actor, Scope()).filter(dossier_code=dossier_code).first()
    return (row, list(events_of(dossier_code))) if row else None
