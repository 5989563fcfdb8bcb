"""Tables: credentials of systems that speak NGSP, and the short-lived tokens that they got for them; secrets as digests only."""

from django.db import models

from dean06.core.clock import now


class FrontCredential(models.Model):
    """A consumer key of one information system (khóa kết nối); its secret was shown once and is kept as SHA-256."""

    key = models.CharField(primary_key=True, max_length=64)
    client = models.CharField(max_length=403)
    secret_sha256 = models.CharField(max_length=64)
    issued_at = models.DateTimeField(default=now)
    issued_by = models.CharField(max_length=200)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.key} {self.client}"


class FrontToken(models.Model):
    """A bearer token that was handed out, as SHA-256; it dies with its credential."""

    digest = models.CharField(primary_key=True, max_length=64)
    credential = models.ForeignKey(FrontCredential, on_delete=models.CASCADE, related_name="tokens")
    issued_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="exchange_ngsp_token_end")]

    def __str__(self) -> str:
        return f"token of {self.credential_id}"
