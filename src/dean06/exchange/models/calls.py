"""Tables beside the calls: nonces seen lately, where evidence is found, quotas, answers kept for a day."""

from uuid import uuid4

from django.db import models
from django.db.models import Q

from dean06.core.clock import now


class SeenNonce(models.Model):
    """A signed message that was accepted: a second one with the same key and nonce is refused, in any process."""

    digest = models.UUIDField(primary_key=True)
    seen_at = models.DateTimeField(default=now)

    class Meta:
        indexes = [models.Index(fields=["seen_at"], name="exchange_nonce_seen")]

    def __str__(self) -> str:
        return str(self.digest)


class EvidenceIndex(models.Model):
    """Where the evidence of a transaction lies: made from the ledger's entries, behind them, and made anew from them at will."""

    entry_id = models.UUIDField(primary_key=True)
    log = models.CharField(max_length=100)
    seq = models.BigIntegerField()
    kind = models.CharField(max_length=100)
    recorded_at = models.DateTimeField()
    transaction_id = models.CharField(max_length=64, default="", blank=True)
    message_id = models.CharField(max_length=255, default="", blank=True)
    client = models.CharField(max_length=403, default="", blank=True)
    service = models.CharField(max_length=504, default="", blank=True)
    agreement = models.CharField(max_length=120, default="", blank=True)
    purpose = models.CharField(max_length=300, default="", blank=True)
    status = models.IntegerField(null=True)
    code = models.CharField(max_length=100, default="", blank=True)
    is_signed = models.BooleanField(default=False)
    is_readable = models.BooleanField(default=True)
    bodies = models.JSONField(default=dict, help_text="What the entry says of bodies that are kept beside it: day, request, answer.")

    class Meta:
        indexes = [
            models.Index(fields=["transaction_id"], condition=~Q(transaction_id=""), name="exchange_evidence_transaction"),
            models.Index(fields=["message_id"], condition=~Q(message_id=""), name="exchange_evidence_message"),
            models.Index(fields=["client", "-entry_id"], name="exchange_evidence_client"),
            models.Index(fields=["service", "-entry_id"], name="exchange_evidence_service"),
        ]
        constraints = [models.UniqueConstraint(fields=["log", "seq"], name="exchange_evidence_once")]

    def __str__(self) -> str:
        return f"{self.log} {self.seq}"


class QuotaUse(models.Model):
    """How many calls of an agreement's daily quota the gateways have taken; a taken block counts as used."""

    id = models.BigAutoField(primary_key=True)
    agreement = models.CharField(max_length=100)
    day = models.PositiveIntegerField(help_text="Ordinal of the legal day (UTC+7).")
    taken = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agreement", "day"], name="exchange_quota_once")]

    def __str__(self) -> str:
        return f"{self.agreement} {self.day}"


class KeptAnswer(models.Model):
    """An Idempotency-Key that was used, and the encrypted answer that was given under it; kept for a day."""

    digest = models.UUIDField(primary_key=True)
    claim = models.UUIDField(default=uuid4, help_text="Which request holds the key.")
    fingerprint = models.BinaryField()
    leased_until = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    sealed = models.BinaryField(default=b"")
    made_at = models.DateTimeField(default=now)

    class Meta:
        indexes = [models.Index(fields=["made_at"], name="exchange_kept_made")]
        constraints = [
            models.CheckConstraint(name="exchange_answered_has_answer", condition=Q(answered_at__isnull=True) | ~Q(sealed=b"")),
        ]

    def __str__(self) -> str:
        return str(self.digest)
