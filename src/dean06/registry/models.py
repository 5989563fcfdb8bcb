"""Tables of the population registry: a person is a key, everything said about her is a fact with two times.

Facts (number, kinship, membership, residence) are never overwritten: a trigger refuses DELETE and any UPDATE but the one that
closes a row's known time. What holds now is ``superseded_at IS NULL``; a plain index on the person's key serves each
look-up, because a GiST index alone is skipped for untyped keys.
"""

from datetime import date, datetime
from typing import Any, ClassVar, Final, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import F, Q

from dean06.core.clock import now
from dean06.core.keys import new_key
from dean06.registry.domain.facts import Fact, Span

CURRENT: Final = Q(superseded_at__isnull=True)
"""What we hold true now, whenever it was valid."""

OPEN: Final = CURRENT & Q(valid__endswith__isnull=True)
"""What we hold true now and has no known end."""


class Person(models.Model):
    """A human being whom the registry knows (công dân), by an opaque key that is never re-used.

    ``born_on`` is the first possible day when only the month or the year is known (``birth_precision``). Columns with
    ``folded`` are computed when the row is written (``core.vietnamese.fold``), and ``home_unit_code`` repeats the commune of the
    open permanent residence; these serve search alone.
    """

    class Sex(models.TextChoices):
        """Sex as registered (giới tính)."""

        MALE = "male"
        FEMALE = "female"

    class BirthPrecision(models.TextChoices):
        """How exactly the birth is known."""

        DAY = "day"
        MONTH = "month"
        YEAR = "year"

    class Status(models.TextChoices):
        """Life status (tình trạng): alive, dead by a death registration, declared missing by a court."""

        ALIVE = "alive"
        DEAD = "dead"
        MISSING = "missing"

    key = models.UUIDField(primary_key=True, default=new_key, editable=False)
    full_name = models.CharField(max_length=200)
    name_folded = models.CharField(max_length=200)
    given_first_folded = models.CharField(max_length=200)
    sex = models.CharField(max_length=6, choices=Sex)
    born_on = models.DateField()
    birth_precision = models.CharField(max_length=5, choices=BirthPrecision, default=BirthPrecision.DAY)
    ethnic_group = models.CharField(max_length=2)
    religion = models.CharField(max_length=2, default="", blank=True)
    nationality = models.CharField(max_length=3, default="VNM")
    marital_state = models.CharField(max_length=20, default="", blank=True)
    status = models.CharField(max_length=7, choices=Status, default=Status.ALIVE)
    died_on = models.DateField(null=True, blank=True)
    birth_unit_code = models.CharField(max_length=5, default="", blank=True)
    native_unit_code = models.CharField(max_length=5, default="", blank=True)
    home_unit_code = models.CharField(max_length=5, default="", blank=True)
    known_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="registry_person_dies_after_birth",
                condition=Q(died_on__isnull=True) | Q(died_on__gte=F("born_on")),
            ),
            models.CheckConstraint(
                name="registry_person_only_the_dead_died",
                condition=Q(died_on__isnull=True) | Q(status="dead"),
            ),
            models.CheckConstraint(name="registry_person_sex", condition=Q(sex__in=["male", "female"])),
            models.CheckConstraint(name="registry_person_status", condition=Q(status__in=["alive", "dead", "missing"])),
            models.CheckConstraint(name="registry_person_precision", condition=Q(birth_precision__in=["day", "month", "year"])),
            models.CheckConstraint(name="registry_person_has_a_name", condition=~Q(full_name="") & ~Q(name_folded="")),
        ]
        indexes = [
            models.Index(fields=["name_folded", "born_on"], name="registry_person_name"),
            models.Index(fields=["given_first_folded", "born_on"], name="registry_person_given_first"),
            models.Index(fields=["home_unit_code", "name_folded"], name="registry_person_home"),
            GinIndex(SearchVector("name_folded", config="simple"), name="registry_person_words"),
        ]

    def __str__(self) -> str:
        return f"person {self.key}"

    @property
    def is_deceased(self) -> bool:
        """Say whether a death registration closed the record."""
        return self.status == self.Status.DEAD or self.died_on is not None


class FactRow(models.Model):
    """A fact about a person with both times; rows are added and superseded, never changed.

    ``valid`` holds days, the end excluded. Without a start nobody knows since when (numbers, marriages); without an end it holds.
    """

    key = models.UUIDField(primary_key=True, default=new_key, editable=False)
    valid = DateRangeField()
    known_at = models.DateTimeField(default=now)
    superseded_at = models.DateTimeField(null=True, blank=True)
    dossier = models.CharField(max_length=60, default="", blank=True)
    legal_basis = models.CharField(max_length=300, default="", blank=True)
    decided_by = models.CharField(max_length=200, default="", blank=True)

    carried: ClassVar[tuple[str, ...]] = ("dossier", "legal_basis", "decided_by")
    """What a row keeps when only its span changes."""

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self._meta.model_name} {self.key}"

    @property
    def span(self) -> Span:
        """The days on which it held; an unknown start counts as the first day of the calendar."""
        start: date = self.valid.lower or date.min
        end: date | None = self.valid.upper
        return Span(start, end)

    def as_fact(self) -> Fact[Self]:
        """Return the row as the domain's fact, carrying itself as the value."""
        return Fact(self, self.span, self.known_at, self.superseded_at)

    def again(self, span: Span, *, known_at: datetime) -> Self:
        """Return a new, unsaved row that says the same of another span."""
        same: dict[str, Any] = {field.attname: getattr(self, field.attname) for field in self._meta.concrete_fields}
        return type(self)(
            **{**same, "key": new_key(), "valid": DateRange(span.start, span.end), "known_at": known_at, "superseded_at": None}
        )


def _has_a_start(table: str) -> models.CheckConstraint:
    return models.CheckConstraint(name=f"registry_{table}_has_a_start", condition=Q(valid__startswith__isnull=False))


def _fact_constraints(table: str) -> list[models.BaseConstraint]:
    return [
        models.CheckConstraint(name=f"registry_{table}_some_day", condition=Q(valid__isempty=False)),
        models.CheckConstraint(
            name=f"registry_{table}_known_first",
            condition=Q(superseded_at__isnull=True) | Q(superseded_at__gte=F("known_at")),
        ),
    ]


class PersonNumber(FactRow):
    """A number that the state gave a person: twelve digits (số định danh cá nhân) or the former nine (số CMND).

    A twelve-digit number belongs to one person for ever; a nine-digit one may have been held by several.
    """

    class Kind(models.TextChoices):
        """Which number it is."""

        PERSONAL = "personal"
        OLD = "old"

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="numbers")
    kind = models.CharField(max_length=8, choices=Kind)
    number = models.CharField(max_length=12)

    class Meta:
        constraints = [
            *_fact_constraints("number"),
            models.CheckConstraint(
                name="registry_number_digits",
                condition=Q(kind="personal", number__regex=r"^[0-9]{12}$") | Q(kind="old", number__regex=r"^[0-9]{9}$"),
            ),
            models.UniqueConstraint(name="registry_number_is_one_persons", fields=["number"], condition=CURRENT & Q(kind="personal")),
            models.UniqueConstraint(name="registry_number_one_at_a_time", fields=["person", "kind"], condition=OPEN),
        ]
        indexes = [models.Index(fields=["number"], name="registry_number_old", condition=Q(kind="old"))]


class Kinship(FactRow):
    """Who is a person's father, mother, husband or wife; children and siblings follow from it.

    A parent is one for the whole life: the span begins at birth. A spouse is written on both persons.
    """

    class Kind(models.TextChoices):
        """What the relative is to the person."""

        FATHER = "father"
        MOTHER = "mother"
        SPOUSE = "spouse"

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="kin")
    relative = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="kin_of")
    kind = models.CharField(max_length=6, choices=Kind)

    class Meta:
        constraints = [
            *_fact_constraints("kinship"),
            models.CheckConstraint(name="registry_kinship_kind", condition=Q(kind__in=["father", "mother", "spouse"])),
            models.CheckConstraint(name="registry_kinship_is_with_another", condition=~Q(person=F("relative"))),
            models.UniqueConstraint(name="registry_kinship_one_at_a_time", fields=["person", "kind"], condition=OPEN),
        ]


class Household(models.Model):
    """People who live together under one registration (hộ gia đình); its head is the member with that relation."""

    key = models.UUIDField(primary_key=True, default=new_key, editable=False)
    code = models.CharField(max_length=40, unique=True)
    unit_code = models.CharField(max_length=5)
    address = models.CharField(max_length=500)
    since = models.DateField()
    known_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.CheckConstraint(name="registry_household_unit_code", condition=Q(unit_code__regex=r"^[0-9]{5}$"))]

    def __str__(self) -> str:
        return f"household {self.key}"


class Membership(FactRow):
    """A person's place in a household: ``head`` or what she is to the head (code list ``relationships``)."""

    HEAD: ClassVar[str] = "head"

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="memberships")
    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="memberships")
    relation = models.CharField(max_length=20)

    class Meta:
        constraints = [
            *_fact_constraints("membership"),
            _has_a_start("membership"),
            models.UniqueConstraint(name="registry_membership_one_at_a_time", fields=["person"], condition=OPEN),
            models.UniqueConstraint(name="registry_membership_one_head", fields=["household"], condition=OPEN & Q(relation="head")),
        ]


class Residence(FactRow):
    """Where a person lives by registration: permanent (thường trú) or temporary (tạm trú).

    ``unit_code`` and ``address`` stand as written on the day; later mergers of units change neither.
    """

    class Kind(models.TextChoices):
        """Kind of residence (Law on Residence 68/2020/QH14, art. 2)."""

        PERMANENT = "permanent"
        TEMPORARY = "temporary"

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="residences")
    kind = models.CharField(max_length=9, choices=Kind)
    unit_code = models.CharField(max_length=5)
    address = models.CharField(max_length=500)
    household_key = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints = [
            *_fact_constraints("residence"),
            _has_a_start("residence"),
            models.CheckConstraint(name="registry_residence_unit_code", condition=Q(unit_code__regex=r"^[0-9]{5}$")),
            models.CheckConstraint(name="registry_residence_kind", condition=Q(kind__in=["permanent", "temporary"])),
            ExclusionConstraint(
                name="registry_residence_one_at_a_time",
                expressions=[("person", RangeOperators.EQUAL), ("kind", RangeOperators.EQUAL), ("valid", RangeOperators.OVERLAPS)],
                condition=CURRENT,
            ),
        ]


class NameWord(models.Model):
    """A folded word of people's names and how many carry it: a few thousand rows stand for all names in a fuzzy search."""

    word = models.CharField(max_length=200, primary_key=True)
    people = models.PositiveIntegerField()

    def __str__(self) -> str:
        return self.word


class PopulationLoad(models.Model):
    """A bulk load that was completed; the digest of its files makes a second run do nothing."""

    digest = models.CharField(max_length=64, primary_key=True)
    loaded_at = models.DateTimeField(default=now)
    people = models.PositiveIntegerField()
    households = models.PositiveIntegerField()
    residences = models.PositiveIntegerField()
    evidence_id = models.UUIDField()

    def __str__(self) -> str:
        return f"load {self.digest[:12]}"
