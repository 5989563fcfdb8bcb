"""Facts with two times: when they held (valid time) and when we knew them (known time).

Nothing is overwritten. A change supersedes the facts that it touches and adds what is known now; what was known before
stays and answers "as of". Source: Snodgrass (1999), "Developing Time-Oriented Database Applications in SQL", ch. 10.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Generic, TypeVar

from dean06.registry.errors import ResidenceOverlaps

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Span:
    """Days from ``start`` (included) to ``end`` (excluded); without an end it still holds."""

    start: date
    end: date | None = None

    @property
    def is_empty(self) -> bool:
        """Say whether no day lies inside."""
        return self.end is not None and self.end <= self.start

    def __contains__(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)

    def overlaps(self, other: "Span") -> bool:
        """Say whether one day lies in both."""
        return (
            not self.is_empty
            and not other.is_empty
            and (other.end is None or self.start < other.end)
            and (self.end is None or other.start < self.end)
        )

    def without(self, other: "Span") -> "tuple[Span, ...]":
        """Return what is left of this span when another is taken out: nothing, one or two pieces."""
        if not self.overlaps(other):
            return (self,)
        before = Span(self.start, other.start)
        after = () if other.end is None else (Span(other.end, self.end),)
        return tuple(piece for piece in (before, *after) if not piece.is_empty)


@dataclass(frozen=True, slots=True)
class Fact(Generic[V]):
    """A value that held over a span, as known from one instant until it was superseded."""

    value: V
    valid: Span
    known_at: datetime
    superseded_at: datetime | None = None

    def is_known(self, at: datetime) -> bool:
        """Say whether we held this true at an instant."""
        return self.known_at <= at and (self.superseded_at is None or at < self.superseded_at)


@dataclass(frozen=True, slots=True)
class Change(Generic[V]):
    """What a decision does to a timeline: facts no longer held true, and facts known from now on."""

    superseded: tuple[Fact[V], ...]
    added: tuple[Fact[V], ...]


def as_of(facts: Iterable[Fact[V]], *, valid: date, known: datetime) -> V | None:
    """Return the value that held on a day, as we knew it at an instant; nothing if none was known."""
    return next((fact.value for fact in facts if valid in fact.valid and fact.is_known(known)), None)


def hold_over(facts: Iterable[Fact[V]], value: V, *, span: Span, known_at: datetime) -> Change[V]:
    """Let a value hold over a span, whatever was known for it before; the facts' parts outside the span stay true."""
    touched = tuple(fact for fact in facts if fact.superseded_at is None and fact.valid.overlaps(span))
    kept = tuple(Fact(fact.value, piece, known_at) for fact in touched for piece in fact.valid.without(span))
    new = () if span.is_empty else (Fact(value, span, known_at),)
    return Change(touched, (*kept, *new))


def hold_from(facts: Iterable[Fact[V]], value: V, *, since: date, known_at: datetime) -> Change[V]:
    """Let a value hold from a day on, until the next change that is already known.

    So two decisions give the same timeline in whichever order they arrive.

    Raises:
        ResidenceOverlaps: a known fact begins on that very day: only a correction may replace it.
    """
    current = [fact for fact in facts if fact.superseded_at is None]
    starts = sorted(fact.valid.start for fact in current)
    if since in starts:
        raise ResidenceOverlaps
    until = next((start for start in starts if start > since), None)
    return hold_over(current, value, span=Span(since, until), known_at=known_at)


def apply(facts: Iterable[Fact[V]], change: Change[V], *, at: datetime) -> tuple[Fact[V], ...]:
    """Return the timeline after a change: superseded facts stay, closed at the instant of the change."""
    closed = tuple(replace(fact, superseded_at=at) if fact in change.superseded else fact for fact in facts)
    return (*closed, *change.added)
