"""Tables of agreements: their versions, how each came about, and who decided on it."""

import base64
import json

from django.db import models
from django.db.models import F, Q

from dean06.core.clock import now
from dean06.exchange.models.parties import PackVersion


class AgreementVersion(models.Model):
    """One version of an agreement: never changed; a later version with the same code supersedes it."""

    is_append_only = True

    id = models.BigAutoField(primary_key=True)
    code = models.CharField(max_length=100)
    version = models.PositiveIntegerField()
    client = models.CharField(max_length=403, default="", blank=True)
    group = models.CharField(max_length=100, default="", blank=True)
    service = models.CharField(max_length=504)
    valid_from = models.DateField()
    valid_until = models.DateField()
    withdrawn = models.BooleanField(default=False)
    document = models.JSONField()
    digest = models.CharField(max_length=64)
    loaded_at = models.DateTimeField(default=now)
    pack = models.ForeignKey(PackVersion, on_delete=models.PROTECT, related_name="agreements", null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="exchange_agreement_version_once"),
            models.CheckConstraint(name="exchange_agreement_ends_after_start", condition=Q(valid_until__gte=F("valid_from"))),
            models.CheckConstraint(name="exchange_agreement_with_client_or_group", condition=Q(client="") ^ Q(group="")),
        ]

    def __str__(self) -> str:
        return f"{self.code} v{self.version}"


class AgreementCase(models.Model):
    """How one version of an agreement came about and how it stands; its content is the version's and never changes.

    Who requested and who approved are people, not accounts: four eyes are different people, and the table itself refuses
    anything else. A version from a pack was approved by the deployment that loads it.
    """

    class State(models.TextChoices):
        """Where a version stands."""

        REQUESTED = "requested"
        IN_FORCE = "in_force"
        SUSPENDED = "suspended"
        ENDED = "ended"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"

    class Origin(models.TextChoices):
        """Who decided on a version."""

        REQUEST = "request"
        PACK = "pack"

    agreement = models.OneToOneField(AgreementVersion, primary_key=True, on_delete=models.PROTECT, related_name="case")
    origin = models.CharField(max_length=10, choices=Origin)
    state = models.CharField(max_length=10, choices=State)
    consumer = models.CharField(max_length=302, help_text="Member that asks; of a group's agreement the member that requested it.")
    provider = models.CharField(max_length=302)
    reason = models.TextField(default="", blank=True)
    requested_by = models.UUIDField(null=True)
    requested_at = models.DateTimeField(default=now)
    provider_approved_by = models.UUIDField(null=True)
    provider_approved_at = models.DateTimeField(null=True)
    operator_approved_by = models.UUIDField(null=True)
    operator_approved_at = models.DateTimeField(null=True)
    signature = models.TextField(
        default="", blank=True, help_text="JWS of the exchange over the content and both approvals, or over a pack's version."
    )

    class Meta:
        indexes = [
            models.Index(fields=["consumer"], name="exchange_case_consumer"),
            models.Index(fields=["provider"], name="exchange_case_provider"),
        ]
        constraints = [
            models.CheckConstraint(
                name="exchange_case_state_known",
                condition=Q(state__in=["requested", "in_force", "suspended", "ended", "refused", "withdrawn"]),
            ),
            models.CheckConstraint(name="exchange_case_requester_is_not_provider", condition=~Q(provider_approved_by=F("requested_by"))),
            models.CheckConstraint(name="exchange_case_requester_is_not_operator", condition=~Q(operator_approved_by=F("requested_by"))),
            models.CheckConstraint(name="exchange_case_two_approvers", condition=~Q(operator_approved_by=F("provider_approved_by"))),
            models.CheckConstraint(
                name="exchange_case_in_force_is_signed",
                condition=Q(origin="pack")
                | Q(state__in=["requested", "refused", "withdrawn"])
                | (
                    Q(requested_by__isnull=False, provider_approved_by__isnull=False, operator_approved_by__isnull=False) & ~Q(signature="")
                ),
            ),
            models.CheckConstraint(name="exchange_case_pack_or_requester", condition=Q(origin="pack") | Q(requested_by__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.agreement_id} {self.state}"


class AgreementEvent(models.Model):
    """One step in the history of an agreement's version, as people read it; the ledger holds the proof."""

    is_append_only = True

    id = models.BigAutoField(primary_key=True)
    case = models.ForeignKey(AgreementCase, on_delete=models.PROTECT, related_name="events")
    event = models.CharField(max_length=30)
    at = models.DateTimeField(default=now)
    by = models.CharField(max_length=200, help_text="Account that acted.")
    who = models.CharField(max_length=500, help_text="Post and agency as people read it.")
    reason = models.TextField(default="", blank=True)
    entry = models.UUIDField(null=True, help_text="Ledger entry of the step.")

    class Meta:
        indexes = [models.Index(fields=["case", "id"], name="exchange_event_of_case")]
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=Q(event="expiring"), name="exchange_warned_once"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.event}"


class AgreementDecision(models.Model):
    """What one person decided on a request for her side, signed with her own key (chữ ký của người quyết định)."""

    is_append_only = True

    class Side(models.TextChoices):
        """For whom she decided."""

        PROVIDER = "provider"
        OPERATOR = "operator"

    class Kind(models.TextChoices):
        """What she decided."""

        APPROVED = "approved"
        REFUSED = "refused"

    id = models.BigAutoField(primary_key=True)
    case = models.ForeignKey(AgreementCase, on_delete=models.PROTECT, related_name="decisions")
    side = models.CharField(max_length=10, choices=Side)
    decision = models.CharField(max_length=10, choices=Kind)
    person = models.UUIDField()
    key_name = models.CharField(max_length=200, help_text="Of her key in the key store; the token says which version.")
    token = models.TextField(help_text="JWS over content, request, side, decision with reason, time and post.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "side", "decision"], name="exchange_decision_once")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.side} {self.decision}"

    @property
    def token_kid(self) -> str:
        """Return which version of the key the token names; nothing if it names none."""
        try:
            header = json.loads(base64.urlsafe_b64decode(self.token.partition(".")[0] + "=="))
            return str(header.get("kid", ""))
        except (ValueError, AttributeError):
            return ""
