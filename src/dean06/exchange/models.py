"""Tables: packs as loaded, members, services, agreements, and the nonces of messages seen lately.

Nothing here holds personal data; the evidence of each call is a ledger entry.
"""

from django.db import models
from django.db.models import F, Q

from dean06.core.clock import now


class PackVersion(models.Model):
    """A pack as it was loaded: the history of members, and the version that gateways watch for changes."""

    is_append_only = True

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=20, choices=[("members", "members"), ("agreements", "agreements")])
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

    class Meta:
        constraints = [models.UniqueConstraint(fields=["instance", "member_class", "member_code"], name="exchange_member_once")]

    def __str__(self) -> str:
        return f"{self.instance}/{self.member_class}/{self.member_code}"


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


class AgreementVersion(models.Model):
    """One version of an agreement: never changed; a later version with the same code supersedes it."""

    is_append_only = True

    id = models.BigAutoField(primary_key=True)
    code = models.CharField(max_length=100)
    version = models.PositiveIntegerField()
    client = models.CharField(max_length=403)
    service = models.CharField(max_length=504)
    valid_from = models.DateField()
    valid_until = models.DateField()
    withdrawn = models.BooleanField(default=False)
    document = models.JSONField()
    digest = models.CharField(max_length=64)
    loaded_at = models.DateTimeField(default=now)
    pack = models.ForeignKey(PackVersion, on_delete=models.PROTECT, related_name="agreements")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="exchange_agreement_version_once"),
            models.CheckConstraint(name="exchange_agreement_ends_after_start", condition=Q(valid_until__gte=F("valid_from"))),
        ]

    def __str__(self) -> str:
        return f"{self.code} v{self.version}"


class SeenNonce(models.Model):
    """A signed message that was accepted: a second one with the same key and nonce is refused, in any process."""

    digest = models.UUIDField(primary_key=True)
    seen_at = models.DateTimeField(default=now)

    class Meta:
        indexes = [models.Index(fields=["seen_at"], name="exchange_nonce_seen")]

    def __str__(self) -> str:
        return str(self.digest)
