"""What oversight keeps: the events of dossiers and, folded from them, one row a dossier and one a step."""

from typing import Any

from django.db import models
from django.db.models import Q, QuerySet

from dean06.core.actor import Actor

LEADER = "leader"
WHOLE_COUNTRY = "VN"


class ScopedQuerySet(models.QuerySet[Any]):
    """Rows of dossiers, limited to what an actor's post covers."""

    def visible_to(self, actor: Actor) -> "ScopedQuerySet":
        """Keep what lies in the area of a leader's posts; nothing for anyone else."""
        if not actor.has_role(LEADER):
            return self.none()
        if WHOLE_COUNTRY in actor.area:
            return self
        return self.filter(Q(province_code__in=actor.area) | Q(commune_code__in=actor.area))


class LoggedEvent(models.Model):
    """One event of a dossier as it was told; rows are only added."""

    id = models.BigAutoField(primary_key=True)
    dossier_code = models.CharField(max_length=60)
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=40)
    step = models.PositiveSmallIntegerField()
    state = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    due_on = models.DateField(null=True)
    officer_post = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dossier_code", "seq"], name="oversight_event_once")]

    def __str__(self) -> str:
        return f"{self.dossier_code} {self.seq} {self.kind}"


class DossierFigures(models.Model):
    """Where one dossier stands: the fold of its events, kept for counting."""

    dossier_code = models.CharField(max_length=60, primary_key=True)
    procedure_code = models.CharField(max_length=40)
    province_code = models.CharField(max_length=2)
    commune_code = models.CharField(max_length=5)
    unit_code = models.CharField(max_length=60)
    channel = models.PositiveSmallIntegerField()
    state = models.PositiveSmallIntegerField()
    submitted_at = models.DateTimeField()
    received_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    due_on = models.DateField(null=True)
    is_paused = models.BooleanField(default=False)
    outcome = models.CharField(max_length=12)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["province_code", "commune_code", "procedure_code"], name="oversight_by_place"),
            models.Index(fields=["submitted_at", "dossier_code"], name="oversight_by_time"),
        ]

    def __str__(self) -> str:
        return self.dossier_code


class StepTime(models.Model):
    """How long one signed step of one dossier took, pauses taken out."""

    id = models.BigAutoField(primary_key=True)
    dossier = models.ForeignKey(DossierFigures, on_delete=models.CASCADE, related_name="step_times")
    step = models.PositiveSmallIntegerField()
    seconds = models.FloatField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dossier", "step"], name="oversight_step_once"),
            models.CheckConstraint(condition=Q(seconds__gte=0), name="oversight_step_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.dossier_id} {self.step}"


def events_of(dossier_code: str) -> QuerySet[LoggedEvent]:
    """Return a dossier's events in order."""
    return LoggedEvent.objects.filter(dossier_code=dossier_code).order_by("seq")
