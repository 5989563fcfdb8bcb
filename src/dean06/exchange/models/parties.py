"""Tables of who takes part: packs, members with their keys, subsystems, services, groups, the signed configuration."""

from typing import Final

from django.db import models
from django.db.models import Q

from dean06.core.clock import now


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


class HeldByMember(models.Model):
    """What a member shows until a certificate ends or is taken back, with the reason: its signing keys, its gateways' certificates."""

    not_after = models.DateTimeField(null=True, help_text="End of the certificate, or of the overlap with its successor.")
    reason = models.CharField(max_length=500, default="", blank=True)

    class Meta:
        abstract = True


class MemberKey(HeldByMember):
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
    requested_at = models.DateTimeField(default=now)
    approved_at = models.DateTimeField(null=True, help_text="Since when it counts; stays when it is revoked.")
    decided_at = models.DateTimeField(null=True, help_text="Of the last decision: approval, refusal or revocation.")
    decided_by = models.CharField(max_length=200, default="", blank=True)

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
