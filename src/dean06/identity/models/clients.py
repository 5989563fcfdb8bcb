"""Relying parties and what people agreed to."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from dean06.core.clock import now
from dean06.core.keys import new_key
from dean06.identity.models.accounts import Account


class RelyingParty(models.Model):
    """A registered relying party; ``pack`` is its entry of the client pack, checked when it was loaded."""

    client_id = models.CharField(max_length=60, primary_key=True)
    pack = models.JSONField()
    secret_hash = models.CharField(max_length=64, default="", blank=True)
    loaded_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return self.client_id


class ClientAssertion(models.Model):
    """A client assertion that was used; the pair is unique, so the same one never authenticates twice."""

    id = models.BigAutoField(primary_key=True)
    client_id = models.CharField(max_length=60)
    jti_hash = models.CharField(max_length=64)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client_id", "jti_hash"], name="identity_assertion_once")]
        indexes = [models.Index(fields=["expires_at"], name="identity_assertion_expiry")]

    def __str__(self) -> str:
        return f"{self.client_id} {self.id}"


class Consent(models.Model):
    """What a person agreed that a relying party may learn: one row per claim, ``openid`` for the sign-in itself."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="consents")
    client_id = models.CharField(max_length=60)
    claim = models.CharField(max_length=30)
    given_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "client_id", "claim"], name="identity_consent_once"),
            models.CheckConstraint(name="identity_consent_has_an_end", condition=Q(expires_at__gt=F("given_at"))),
        ]

    def __str__(self) -> str:
        return f"{self.client_id} {self.claim}"


class ConsentEvent(models.Model):
    """The history of consent: given, refused or withdrawn, never changed afterwards."""

    class What(models.TextChoices):
        """What the person did."""

        GIVEN = "given", _("Đã đồng ý")
        REFUSED = "refused", _("Không đồng ý")
        WITHDRAWN = "withdrawn", _("Đã rút lại")

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="consent_events")
    client_id = models.CharField(max_length=60)
    what = models.CharField(max_length=10, choices=What.choices)
    claims = models.CharField(max_length=300)
    at = models.DateTimeField(default=now)

    class Meta:
        indexes = [models.Index(fields=["account", "-id"], name="identity_consent_newest")]

    def __str__(self) -> str:
        return f"{self.what} {self.client_id}"
