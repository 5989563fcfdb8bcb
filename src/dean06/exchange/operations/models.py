"""Tables: one record of each call and side for some days, sums for some weeks, when each agreement was last used.

Nothing here says whose data was asked for. Who asked is a pseudonym, of the dossier only that there was one, and of the path the
pattern that the service registered: what a caller writes freely does not get here, except X-Road-Id without long numbers.
"""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

RESTING = ("exchange.peer_resting", "exchange.service_resting")
"""Outcomes of calls that were turned away because who should answer did not."""
SIDES = [("consumer", "Client"), ("provider", "Producer")]


class Record(models.Model):
    """One call as one side saw it; the names of X-Road's monitoring fields stand in ``reading.py``."""

    id = models.BigAutoField(primary_key=True)
    side = models.CharField(max_length=8, choices=SIDES)
    request_in_at = models.DateTimeField()
    duration_us = models.BigIntegerField()
    client = models.CharField(max_length=403)
    service = models.CharField(max_length=504)
    method = models.CharField(max_length=10, blank=True)
    endpoint = models.CharField(max_length=300, blank=True, help_text="Registered pattern of the path.")
    message_id = models.CharField(max_length=255, blank=True)
    transaction_id = models.CharField(max_length=64, blank=True)
    user_key = models.CharField(max_length=32, blank=True, help_text="Pseudonym of X-Road-UserId.")
    has_issue = models.BooleanField(default=False)
    request_bytes = models.BigIntegerField(default=0)
    answer_bytes = models.BigIntegerField(default=0)
    outcome = models.CharField(max_length=100, help_text="answered, problem, metadata, or the code of a refusal.")
    status = models.IntegerField(default=0, help_text="The service's HTTP status, 0 if it did not answer.")
    trace_id = models.CharField(max_length=32, blank=True, default="", help_text="Of the trace that the call belongs to (W3C).")
    written_at = models.DateTimeField(db_default=Now(), help_text="By the database's clock, after the call ended.")

    class Meta:
        indexes = [
            BrinIndex(fields=["request_in_at"], name="exchange_record_at"),
            models.Index(fields=["written_at"], name="exchange_record_written"),
            models.Index(
                fields=["request_in_at", "client", "user_key"],
                condition=Q(side="provider", has_issue=False) & ~Q(user_key=""),
                name="exchange_record_browsing",
            ),
            models.Index(fields=["request_in_at"], condition=Q(outcome__in=RESTING), name="exchange_record_resting"),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.transaction_id}"


class CallSum(models.Model):
    """How many calls of ten minutes ended the same way and took about as long; written together with their records."""

    id = models.BigAutoField(primary_key=True)
    window_at = models.DateTimeField(help_text="When the ten minutes begin.")
    side = models.CharField(max_length=8, choices=SIDES)
    client = models.CharField(max_length=403)
    service = models.CharField(max_length=504)
    outcome = models.CharField(max_length=100)
    bucket = models.SmallIntegerField(help_text="Of the duration: domain/histogram.py.")
    calls = models.BigIntegerField()
    request_bytes = models.BigIntegerField()
    answer_bytes = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["window_at", "side", "client", "service", "outcome", "bucket"], name="exchange_sum_once"),
            models.CheckConstraint(name="exchange_sum_of_some", condition=Q(calls__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.window_at} {self.client} {self.service} {self.outcome}"


class AgreementUse(models.Model):
    """When an agreement was last used, as the evidence says."""

    code = models.CharField(primary_key=True, max_length=100)
    last_used_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.code
