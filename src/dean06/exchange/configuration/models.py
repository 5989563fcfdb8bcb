"""Tables: which two people decided on a member's key and on who joins or leaves a group; the tables refuse the same person twice.

And with which certificates members' gateways meet others.
"""

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import models
from django.db.models import F, Q

from dean06.core.clock import now
from dean06.exchange.models import HeldByMember
from dean06.exchange.peers import GatewayCertificate as Entry


class KeyDecision(models.Model):
    """Who entered a member's request for a key, decided on it and revoked it, as people; nobody where the command line did."""

    key = models.OneToOneField("exchange.MemberKey", primary_key=True, on_delete=models.CASCADE, related_name="decision")
    entered_by = models.UUIDField(null=True, help_text="Person.")
    entered_for = models.CharField(max_length=500, default="", blank=True, help_text="Post and agency as people read it.")
    decided_by = models.UUIDField(null=True, help_text="Person who approved or refused.")
    decided_for = models.CharField(max_length=500, default="", blank=True)
    revoked_by = models.UUIDField(null=True, help_text="Person; may be the one who entered it.")
    revoked_for = models.CharField(max_length=500, default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="exchange_key_two_people", condition=~Q(decided_by=F("entered_by"))),
        ]

    def __str__(self) -> str:
        return f"decision on key {self.key_id}"


class GroupChange(models.Model):
    """A client joins or leaves a group (nhóm hệ thống khai thác): one person asks, another one decides."""

    class Kind(models.TextChoices):
        """What changes."""

        JOIN = "join"
        LEAVE = "leave"

    class State(models.TextChoices):
        """Where a change stands."""

        REQUESTED = "requested"
        DONE = "done"
        REFUSED = "refused"

    id = models.BigAutoField(primary_key=True)
    group = models.ForeignKey("exchange.ClientGroup", on_delete=models.CASCADE, related_name="changes")
    subsystem = models.ForeignKey("exchange.Subsystem", on_delete=models.CASCADE, related_name="group_changes")
    kind = models.CharField(max_length=10, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.REQUESTED)
    reason = models.TextField()
    requested_by = models.UUIDField(help_text="Person.")
    requested_for = models.CharField(max_length=500)
    requested_at = models.DateTimeField(default=now)
    decided_by = models.UUIDField(null=True, help_text="Person.")
    decided_for = models.CharField(max_length=500, default="", blank=True)
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.TextField(default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["group", "subsystem"], condition=Q(state="requested"), name="exchange_group_change_waits_once"),
            models.CheckConstraint(name="exchange_group_change_two_people", condition=~Q(decided_by=F("requested_by"))),
            models.CheckConstraint(
                name="exchange_group_change_decided",
                condition=Q(state="requested", decided_by__isnull=True, decided_at__isnull=True)
                | Q(state__in=["done", "refused"], decided_by__isnull=False, decided_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group_id} {self.kind} {self.subsystem_id} {self.state}"


class GatewayCertificate(HeldByMember):
    """A TLS certificate that a member's gateway shows (chứng thư số của cổng kết nối); or the mark that one is revoked."""

    id = models.BigAutoField(primary_key=True)
    member = models.ForeignKey("exchange.Member", on_delete=models.CASCADE, related_name="gateway_certificates")
    sha256 = models.CharField(max_length=64, help_text="Of the certificate as DER, in hexadecimal.")
    certificate = models.TextField(default="", blank=True, help_text="PEM; empty where one of the key store is revoked.")
    named_at = models.DateTimeField(default=now)
    named_by = models.CharField(max_length=200, default="", blank=True, help_text="Account.")
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=200, default="", blank=True, help_text="Account.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["member", "sha256"], name="exchange_gateway_certificate_once"),
            models.CheckConstraint(
                name="exchange_gateway_certificate_whole",
                condition=Q(revoked_at__isnull=False) | (~Q(certificate="") & Q(not_after__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sha256} {'named' if self.is_named else 'revoked'}"

    @property
    def is_named(self) -> bool:
        """Say whether gateways may meet it, until it ends."""
        return self.revoked_at is None

    @property
    def entry(self) -> Entry:
        """Return it as gateways know it."""
        certificate = x509.load_pem_x509_certificate(self.certificate.encode())
        ends = self.not_after or certificate.not_valid_after_utc
        return Entry(certificate.public_bytes(Encoding.DER), self.named_at, ends)
