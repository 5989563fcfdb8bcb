"""Messages between modules: one outbox and one inbox in every database."""

from django.db import models
from django.db.models import Q

from dean06.core.clock import now
from dean06.core.keys import new_key


class OutboxMessage(models.Model):
    """Something that happened, to be told to other modules; written with the state that it reports."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    topic = models.CharField(max_length=100)
    payload = models.JSONField()
    put_at = models.DateTimeField(default=now)
    delivered_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=now)
    last_error = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["next_attempt_at", "id"], condition=Q(delivered_at__isnull=True), name="core_outbox_due"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.id}"


class InboxMessage(models.Model):
    """A message that a consumer has applied; the pair is unique, so a second delivery changes nothing."""

    id = models.BigAutoField(primary_key=True)
    message_id = models.UUIDField()
    consumer = models.CharField(max_length=150)
    applied_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message_id", "consumer"], name="core_inbox_once")]

    def __str__(self) -> str:
        return f"{self.consumer} {self.message_id}"
