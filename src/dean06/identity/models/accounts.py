"""Accounts and what proves that it is really their holder."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dean06.core.clock import now
from dean06.core.keys import new_key


class Account(models.Model):
    """An electronic identification account (tài khoản định danh điện tử), bound to one person of the registry.

    Holds no personal data: the person by her opaque key, the twelve-digit number as a keyed hash.
    """

    class State(models.TextChoices):
        """Whether the account may sign in."""

        ACTIVE = "active", _("Đang hoạt động")
        LOCKED = "locked", _("Đang khóa")

    key = models.UUIDField(primary_key=True, default=new_key, editable=False)
    person = models.UUIDField(unique=True)
    username_hash = models.CharField(max_length=64, unique=True)
    level = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    registered_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.CheckConstraint(name="identity_account_level_is_01_or_02", condition=Q(level__in=(1, 2))),
            models.CheckConstraint(name="identity_account_username_is_a_hash", condition=Q(username_hash__regex="^[0-9a-f]{64}$")),
        ]

    def __str__(self) -> str:
        return str(self.key)

    @property
    def may_sign_in(self) -> bool:
        """Say whether the account is in force."""
        return self.state == self.State.ACTIVE


class Password(models.Model):
    """An account's password as an Argon2id string."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True)
    hash = models.CharField(max_length=200)
    changed_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return f"password of {self.account_id}"


class Totp(models.Model):
    """A one-time-code generator; ``last_step`` is the newest spent step, so no code works twice."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True)
    sealed_secret = models.BinaryField()
    last_step = models.BigIntegerField(default=0)
    enrolled_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return f"one-time codes of {self.account_id}"


class Passkey(models.Model):
    """A WebAuthn credential (khóa truy cập)."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="passkeys")
    credential_id = models.BinaryField(unique=True)
    public_key = models.BinaryField()
    sign_count = models.BigIntegerField(default=0)
    is_synced = models.BooleanField(default=False)
    name = models.CharField(max_length=60)
    added_at = models.DateTimeField(default=now)
    last_used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"passkey {self.id}"


class SignInEvent(models.Model):
    """A line of the sign-in history that the holder reads (kept five years: Decree 59/2022 art. 21)."""

    class Outcome(models.TextChoices):
        """What came of it."""

        SIGNED_IN = "signed_in", _("Đã đăng nhập")
        WRONG_PASSWORD = "wrong_password", _("Sai mật khẩu")
        WRONG_CODE = "wrong_code", _("Sai mã dùng một lần")
        WRONG_PASSKEY = "wrong_passkey", _("Khóa không được chấp nhận")
        SIGNED_OUT = "signed_out", _("Đã đăng xuất")
        PASSKEY_ADDED = "passkey_added", _("Đã thêm khóa")
        PASSKEY_REMOVED = "passkey_removed", _("Đã gỡ khóa")

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="sign_in_events")
    at = models.DateTimeField(default=now)
    outcome = models.CharField(max_length=20, choices=Outcome.choices)
    methods = models.CharField(max_length=60, default="", blank=True)
    device = models.CharField(max_length=80, default="", blank=True)
    source = models.CharField(max_length=45, default="", blank=True)
    client_name = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        indexes = [models.Index(fields=["account", "-id"], name="identity_event_newest")]

    def __str__(self) -> str:
        return f"{self.outcome} {self.at}"
