"""Who holds what: the answers that authority is built from."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from dean06.core.keys import PersonKey
from dean06.organisation.domain import mandates
from dean06.organisation.errors import OrgUnitNotFound, PostNotFound
from dean06.organisation.models import Absence, Holding, PostRow, Unit, covering
from dean06.reference import public as reference
from dean06.reference.errors import UnitUnknown


@dataclass(frozen=True, slots=True)
class OrgUnit:
    """An agency or a part of one; ``area_code`` is the territory it serves (``VN``, two or five digits)."""

    code: str
    name: str
    kind: str
    area_code: str
    parent_code: str


@dataclass(frozen=True, slots=True)
class Post:
    """A post, whoever holds it."""

    key: str
    unit_code: str
    title: str
    roles: frozenset[str]
    area: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HeldPost:
    """A post in which a person may act on a day; ``standing_in_for`` names the absent holder."""

    post_key: str
    unit_code: str
    unit_name: str
    title: str
    roles: frozenset[str]
    area: tuple[str, ...]
    standing_in_for: PersonKey | None = None


def posts_held_by(person: PersonKey, *, on: date) -> tuple[HeldPost, ...]:
    """Return the posts in which a person may act on a day, by key.

    Her own unless she is away, and those of whom she stands in for. Standing in does not pass on: who stands in
    for someone and is away herself leaves the post empty for the day.
    """
    if Absence.objects.filter(covering(on), person=person).exists():
        return ()
    absent = Absence.objects.filter(covering(on), stand_in=person).values_list("person", flat=True)
    holdings = Holding.objects.filter(covering(on), person__in=[person, *absent]).select_related("post__unit").order_by("post_id")
    return tuple(_held(holding, by=person) for holding in holdings)


def _held(holding: Holding, *, by: PersonKey) -> HeldPost:
    post = holding.post
    return HeldPost(
        post_key=post.key,
        unit_code=post.unit_id,
        unit_name=post.unit.name,
        title=post.title,
        roles=frozenset(post.roles),
        area=tuple(post.area),
        standing_in_for=None if holding.person == by else PersonKey(holding.person),
    )


def holders_of(role: str, unit_code: str, *, on: date) -> tuple[PersonKey, ...]:
    """Return who may act in a role in one unit on a day: holders who are there, and stand-ins of those who are not."""
    holders = Holding.objects.filter(covering(on), post__unit_id=unit_code, post__roles__contains=[role])
    people = list(holders.order_by("post_id").values_list("person", flat=True))
    away = dict(Absence.objects.filter(covering(on), person__in=people).values_list("person", "stand_in"))
    acting = [away.get(person, person) for person in people]
    away_too = set(Absence.objects.filter(covering(on), person__in=[key for key in away.values() if key]).values_list("person", flat=True))
    return _without_doubles(PersonKey(person) for person in acting if person and person not in away_too)


def _without_doubles(people: Iterable[PersonKey]) -> tuple[PersonKey, ...]:
    return tuple(dict.fromkeys(people))


def org_unit(code: str) -> OrgUnit:
    """Return a unit.

    Raises:
        OrgUnitNotFound: no such unit.
    """
    row = Unit.objects.filter(code=code).first()
    if row is None:
        raise OrgUnitNotFound(unit=code)
    return describe(row)


def unit_for(area_code: str, kind: str) -> OrgUnit:
    """Return the unit of a kind that serves a territory.

    Raises:
        OrgUnitNotFound: none does.
    """
    row = Unit.objects.filter(area_code=area_code, kind=kind).order_by("code").first()
    if row is None:
        raise OrgUnitNotFound(area=area_code, kind=kind)
    return describe(row)


def org_units(*, kind: str = "", area_code: str = "") -> tuple[OrgUnit, ...]:
    """Return units by code, all or those of a kind or territory."""
    given = {name: value for name, value in (("kind", kind), ("area_code", area_code)) if value}
    return tuple(describe(row) for row in Unit.objects.filter(**given).order_by("code"))


def describe(row: Unit) -> OrgUnit:
    """Make the public value of a unit."""
    return OrgUnit(row.code, row.name, row.kind, row.area_code, row.parent_code)


def post(key: str) -> Post:
    """Return a post.

    Raises:
        PostNotFound: no such post.
    """
    row = PostRow.objects.filter(key=key).first()
    if row is None:
        raise PostNotFound(post=key)
    return describe_post(row)


def posts_in(unit_code: str) -> tuple[Post, ...]:
    """Return the posts of a unit by key."""
    return tuple(describe_post(row) for row in PostRow.objects.filter(unit_id=unit_code).order_by("key"))


def describe_post(row: PostRow) -> Post:
    """Make the public value of a post."""
    return Post(row.key, row.unit_id, row.title, frozenset(row.roles), tuple(row.area))


def covers(area: Iterable[str], unit_code: str, *, on: date | None = None) -> bool:
    """Say whether an area reaches a unit of the territory; a province covers its communes as they are on a day.

    A code that is no unit then is covered only when it is named itself or the area is the country.
    """
    codes = tuple(area)
    if mandates.covers(codes, unit_code):
        return True
    try:
        province = reference.province_of(unit_code, on)
    except UnitUnknown:
        return False
    return mandates.covers(codes, unit_code, [province.code])
