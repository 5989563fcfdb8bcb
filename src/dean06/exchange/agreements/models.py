"""The table of decisions on agreements; ``exchange.models`` takes it in."""

import base64
import json

from django.db import models


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
    case = models.ForeignKey("exchange.AgreementCase", on_delete=models.PROTECT, related_name="decisions")
    side = models.CharField(max_length=10, choices=Side)
    decision = models.CharField(max_length=10, choices=Kind)
    person = models.UUIDField()
    key_name = models.CharField(max_length=200, help_text="Of her key in the key store; the token says which version.")
    token = models.TextField(help_text="JWS over code, version and digest of the content, side, decision, time and post.")

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
