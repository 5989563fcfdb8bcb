"""Codes and tokens: kept as hashes, bound to client and session, dead after minutes."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from dean06.core.clock import now
from dean06.core.keys import new_key
from dean06.identity.models.accounts import Account
from dean06.identity.models.sessions import LoginSession


class AuthorizationCode(models.Model):
    """A code; one UPDATE from unused to used decides who redeems it."""

    code_hash = models.CharField(max_length=64, primary_key=True)
    client_id = models.CharField(max_length=60)
    session = models.ForeignKey(LoginSession, on_delete=models.CASCADE, related_name="+")
    redirect_uri = models.CharField(max_length=2000)
    code_challenge = models.CharField(max_length=43)
    nonce = models.CharField(max_length=1024, default="", blank=True)
    scopes = ArrayField(models.CharField(max_length=30))
    claims = ArrayField(models.CharField(max_length=30))
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="identity_code_expiry")]

    def __str__(self) -> str:
        return f"code for {self.client_id}"


class AccessToken(models.Model):
    """An opaque access token; it lives no longer than its session."""

    token_hash = models.CharField(max_length=64, primary_key=True)
    code = models.ForeignKey(AuthorizationCode, on_delete=models.SET_NULL, null=True, related_name="tokens")
    client_id = models.CharField(max_length=60)
    session = models.ForeignKey(LoginSession, on_delete=models.CASCADE, related_name="+")
    scopes = ArrayField(models.CharField(max_length=30))
    claims = ArrayField(models.CharField(max_length=30))
    issued_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="identity_token_expiry")]

    def __str__(self) -> str:
        return f"access token for {self.client_id}"


class ClaimRelease(models.Model):
    """A claim that a relying party learned in a session: the ledger has one entry for it, not one a request."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    session = models.ForeignKey(LoginSession, on_delete=models.CASCADE, related_name="+")
    client_id = models.CharField(max_length=60)
    claim = models.CharField(max_length=30)
    at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "client_id", "claim"], name="identity_release_once")]

    def __str__(self) -> str:
        return f"{self.client_id} {self.claim}"
