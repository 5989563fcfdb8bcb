"""Tables: packs, members, groups, services, agreements and how they came about, nonces seen lately, quotas, answers kept for a day.

Nothing here holds personal data in the clear; the evidence of each call is a ledger entry.
"""

from typing import Final
from uuid import uuid4

from django.db import models
from django.db.models import F, Q

from dean06.core.clock import now
from dean06.exchange.agreements.models import AgreementDecision

__all__ = [
    "AgreementCase",
    "AgreementDecision",
    "AgreementEvent",
    "AgreementVersion",
    "ClientGroup",
    "ConfigurationState",
    "EvidenceIndex",
    "GroupMember",
    "KeptAnswer",
    "Member",
    "MemberKey",
    "PackVersion",
    "PublishedConfiguration",
    "QuotaUse",
    "SeenNonce",
    "Service",
    "ServiceDescription",
    "Subsystem",
]


class ConfigurationState(models.Model):
    """One row: a number that grows with each change of what gateways go by, so that one look shows whether to read anew.

    The row's lock puts changes in order: a number that a gateway has seen never hides a change that was committed later.
    """

    ONLY: Final = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY)
    version = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(name="exchange_one_configuration_state", condition=Q(id=1))]

    def __str__(self) -> str:
        return str(self.version)


class PackVersion(models.Model):
    """A pack as it was loaded: the history of members, and the version that gateways watch for changes."""

    is_append_only = True

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=20, choices=[("members", "members"), ("agreements", "agreements"), ("ngsp", "ngsp")])
    digest = models.CharField(max_length=64)
    document = models.JSONField()
    loaded_at = models.DateTimeField(default=now)
    loaded_by = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Member(models.Model):
    """An organisation that takes part (thành viên)."""

    id = models.BigAutoField(primary_key=True)
    instance = models.CharField(max_length=100)
    member_class = models.CharField(max_length=100)
    member_code = models.CharField(max_length=100)
    name = models.CharField(max_length=300)
    gateway = models.CharField(max_length=300, help_text="Origin of the member's provider gateway, or 'local'.")
    key_name = models.CharField(max_length=200)
    revoked_at = models.DateTimeField(null=True, help_text="Since when every call of and to the member is refused.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["instance", "member_class", "member_code"], name="exchange_member_once")]

    def __str__(self) -> str:
        return f"{self.instance}/{self.member_class}/{self.member_code}"


class MemberKey(models.Model):
    """A signing key that a member holds itself, enrolled by a request (PKCS#10); or the mark that a key is revoked.

    As soon as a member has an enrolled key, the keys of this installation's key store no longer count for it.
    """

    class State(models.TextChoices):
        """Where a key stands."""

        REQUESTED = "requested"
        ACTIVE = "active"
        REFUSED = "refused"
        REVOKED = "revoked"

    id = models.BigAutoField(primary_key=True)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="keys")
    kid = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State)
    request = models.TextField(default="", blank=True)
    certificate = models.TextField(default="", blank=True)
    not_after = models.DateTimeField(null=True, help_text="End of the certificate, or of the overlap with its successor.")
    requested_at = models.DateTimeField(default=now)
    approved_at = models.DateTimeField(null=True, help_text="Since when it counts; stays when it is revoked.")
    decided_at = models.DateTimeField(null=True, help_text="Of the last decision: approval, refusal or revocation.")
    decided_by = models.CharField(max_length=200, default="", blank=True)
    reason = models.CharField(max_length=500, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["member", "kid"], name="exchange_member_key_once"),
            models.CheckConstraint(
                name="exchange_active_key_certified",
                condition=~Q(state="active") | (~Q(certificate="") & Q(not_after__isnull=False, decided_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kid} {self.state}"


class PublishedConfiguration(models.Model):
    """A configuration as the registry signed it; gateways elsewhere go by the newest."""

    version = models.BigIntegerField(primary_key=True)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the content, without number and times.")
    token = models.TextField()
    issued_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.version)


class Subsystem(models.Model):
    """An information system of a member (hệ thống con): what consumes and provides."""

    id = models.BigAutoField(primary_key=True)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="subsystems")
    code = models.CharField(max_length=100)
    name = models.CharField(max_length=300)
    authentication = models.CharField(max_length=20, choices=[("none", "none"), ("token", "token")], default="token")
    token_hash = models.CharField(max_length=64, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["member", "code"], name="exchange_subsystem_once"),
            models.CheckConstraint(
                name="exchange_token_has_hash",
                condition=Q(authentication="none") | ~Q(token_hash=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member}/{self.code}"


class Service(models.Model):
    """A service of a subsystem: a handler in this process or an HTTP information system."""

    id = models.BigAutoField(primary_key=True)
    subsystem = models.ForeignKey(Subsystem, on_delete=models.CASCADE, related_name="services")
    code = models.CharField(max_length=100)
    title = models.CharField(max_length=300)
    location = models.CharField(max_length=500, help_text="'inside', or the base address of an information system.")
    timeout_seconds = models.PositiveIntegerField(default=30)
    disabled_notice = models.CharField(max_length=300, default="", blank=True)
    endpoints = models.JSONField(default=list, help_text="[method, path] of each endpoint, for the list of methods.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subsystem", "code"], name="exchange_service_once")]

    def __str__(self) -> str:
        return f"{self.subsystem}/{self.code}"


class ClientGroup(models.Model):
    """Clients that share an agreement (nhóm hệ thống khai thác): whoever joins gets it, whoever leaves loses it."""

    code = models.CharField(primary_key=True, max_length=100)
    name = models.CharField(max_length=300)

    def __str__(self) -> str:
        return self.code


class GroupMember(models.Model):
    """A client in a group."""

    id = models.BigAutoField(primary_key=True)
    group = models.ForeignKey(ClientGroup, on_delete=models.CASCADE, related_name="clients")
    subsystem = models.ForeignKey(Subsystem, on_delete=models.CASCADE, related_name="groups")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "subsystem"], name="exchange_in_group_once")]

    def __str__(self) -> str:
        return f"{self.group_id}: {self.subsystem_id}"


class ServiceDescription(models.Model):
    """One version of a service's OpenAPI document, and what it breaks for callers of the one before."""

    is_append_only = True

    id = models.BigAutoField(primary_key=True)
    service = models.CharField(max_length=504)
    version = models.CharField(max_length=100, blank=True)
    digest = models.CharField(max_length=64)
    document = models.JSONField()
    changes = models.JSONField(default=list, help_text="Breaking changes: kind, place, what.")
    recorded_at = models.DateTimeField(default=now)

    class Meta:
        indexes = [models.Index(fields=["service", "-id"], name="exchange_description_newest")]

    def __str__(self) -> str:
        return f"{self.service} {self.version}"


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
    signature = models.TextField(default="", blank=True, help_text="JWS of the exchange over the content and both approvals.")

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
