"""Tables: units, posts, who holds them when, who is away, what waits for a second pair of eyes."""

from datetime import date
from typing import Final

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q

from dean06.core.clock import now
from dean06.core.keys import new_key

SOME_DAYS: Final = Q(valid__isempty=False) & Q(valid__startswith__isnull=False)


class Unit(models.Model):
    """An agency or a part of one."""

    code = models.CharField(primary_key=True, max_length=60)
    name = models.CharField(max_length=300)
    kind = models.CharField(max_length=30)
    area_code = models.CharField(max_length=5)
    parent_code = models.CharField(max_length=60, default="", blank=True)

    class Meta:
        indexes = [models.Index(fields=["area_code", "kind"], name="organisation_unit_area")]
        constraints = [
            models.CheckConstraint(name="organisation_unit_named", condition=~Q(name="") & ~Q(code="")),
            models.CheckConstraint(name="organisation_unit_not_its_parent", condition=~Q(parent_code=F("code"))),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class PostRow(models.Model):
    """A post in a unit: its title, its roles and how far it reaches."""

    key = models.CharField(primary_key=True, max_length=100)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="posts")
    title = models.CharField(max_length=200)
    roles = ArrayField(models.CharField(max_length=30))
    area = ArrayField(models.CharField(max_length=5))

    class Meta:
        db_table = "organisation_post"
        constraints = [models.CheckConstraint(name="organisation_post_titled", condition=~Q(title=""))]

    def __str__(self) -> str:
        return f"{self.key} {self.title}"


class Holding(models.Model):
    """A person holds a post: one holder at a time, which the database itself guarantees."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    post = models.ForeignKey(PostRow, on_delete=models.PROTECT, related_name="holdings")
    person = models.UUIDField()
    valid = DateRangeField()
    recorded_at = models.DateTimeField(default=now)

    class Meta:
        indexes = [models.Index(fields=["person"], name="organisation_holding_person")]
        constraints = [
            models.CheckConstraint(name="organisation_holding_some_days", condition=SOME_DAYS),
            ExclusionConstraint(
                name="organisation_one_holder_at_a_time",
                expressions=[("post", RangeOperators.EQUAL), ("valid", RangeOperators.OVERLAPS)],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.post_id} {self.valid}"


class Absence(models.Model):
    """A person is away; another stands in for her in every post she holds."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    person = models.UUIDField()
    stand_in = models.UUIDField(null=True)
    valid = DateRangeField()
    recorded_at = models.DateTimeField(default=now)

    class Meta:
        indexes = [models.Index(fields=["stand_in"], name="organisation_absence_stand_in")]
        constraints = [
            models.CheckConstraint(name="organisation_absence_some_days", condition=SOME_DAYS),
            models.CheckConstraint(name="organisation_nobody_stands_in_for_herself", condition=~Q(stand_in=F("person"))),
            ExclusionConstraint(
                name="organisation_absent_once",
                expressions=[("person", RangeOperators.EQUAL), ("valid", RangeOperators.OVERLAPS)],
            ),
        ]

    def __str__(self) -> str:
        return f"absence {self.id}"


class Proposal(models.Model):
    """An appointment to a sensitive role that waits for, or had, its second pair of eyes."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    post = models.ForeignKey(PostRow, on_delete=models.PROTECT, related_name="proposals")
    person = models.UUIDField()
    since = models.DateField()
    until = models.DateField(null=True)
    proposed_by = models.CharField(max_length=100)
    proposed_at = models.DateTimeField(default=now)
    decided_by = models.CharField(max_length=100, default="", blank=True)
    decided_at = models.DateTimeField(null=True)
    is_approved = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="organisation_proposal_decided_whole",
                condition=Q(decided_by="", decided_at__isnull=True, is_approved__isnull=True)
                | Q(decided_at__isnull=False, is_approved__isnull=False) & ~Q(decided_by=""),
            ),
            models.CheckConstraint(name="organisation_four_eyes", condition=~Q(decided_by=F("proposed_by")) | Q(is_approved=False)),
        ]

    def __str__(self) -> str:
        return f"proposal {self.id}"


def covering(day: date) -> Q:
    """Return the condition that a range covers a day."""
    return Q(valid__contains=day)
