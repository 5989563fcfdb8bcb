"""Sessions and the way to them; read by the web and by the protocol process."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from dean06.core.clock import now
from dean06.core.keys import new_key
from dean06.identity.models.accounts import Account


class LoginSession(models.Model):
    """One browser in which someone is signed in; the cookie is kept as a hash only."""

    key = models.UUIDField(primary_key=True, default=new_key, editable=False)
    cookie_hash = models.CharField(max_length=64, unique=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="sessions")
    auth_time = models.DateTimeField()
    amr = ArrayField(models.CharField(max_length=10))
    acr = models.CharField(max_length=40)
    seen_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    device = models.CharField(max_length=80, default="", blank=True)
    source = models.CharField(max_length=45, default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="identity_session_ends_after_it_began", condition=Q(expires_at__gt=F("auth_time"))),
        ]

    def __str__(self) -> str:
        return str(self.key)


class Interaction(models.Model):
    """One person being asked something for one request: sign in, then agree. Bound to the browser by a cookie.

    ``password_proved_for`` says which account's password was proved in *this* interaction; it never counts for another one.
    ``challenge`` is the open WebAuthn challenge, cleared by its first use.
    """

    key = models.UUIDField(primary_key=True, default=new_key, editable=False)
    browser_hash = models.CharField(max_length=64)
    parameters = models.JSONField(default=dict)
    next_path = models.CharField(max_length=200, default="", blank=True)
    started_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    password_proved_for = models.ForeignKey(Account, on_delete=models.CASCADE, null=True, related_name="+")
    code_failures = models.PositiveSmallIntegerField(default=0)
    challenge = models.BinaryField(null=True)

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="identity_interaction_expiry")]

    def __str__(self) -> str:
        return str(self.key)


class AttemptCounter(models.Model):
    """Refused attempts in a row by an account name or a source address, both as keyed hashes, known or not."""

    key_hash = models.CharField(max_length=64, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    last_failure_at = models.DateTimeField(default=now)
    blocked_until = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return f"{self.failures} failures"
