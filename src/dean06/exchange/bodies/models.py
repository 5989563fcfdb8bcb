"""Tables of kept bodies. What a body says is personal data: it stands here encrypted, and goes by the day."""

from django.db import models
from django.db.models import Q

from dean06.core.clock import now
from dean06.core.keys import new_key


class BodyKey(models.Model):
    """The data key of one day on one side, wrapped by the installation's secret; null once it was destroyed."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    day = models.DateField(help_text="Of the legal calendar.")
    side = models.CharField(max_length=20, help_text="provider or consumer.")
    wrapped = models.BinaryField(null=True)
    made_at = models.DateTimeField(default=now)
    destroyed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day", "side"], condition=Q(wrapped__isnull=False), name="exchange_body_key_once"),
            models.CheckConstraint(
                name="exchange_body_key_destroyed_is_gone",
                condition=Q(wrapped__isnull=True, destroyed_at__isnull=False) | Q(wrapped__isnull=False, destroyed_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.side}"


class KeptBody(models.Model):
    """Request and answer of one entry of the evidence, encrypted with AES-256-GCM; the entry holds their digests."""

    entry_id = models.UUIDField(primary_key=True)
    key_id = models.UUIDField()
    sealed = models.BinaryField()

    class Meta:
        indexes = [models.Index(fields=["key_id"], name="exchange_body_of_key")]

    def __str__(self) -> str:
        return str(self.entry_id)
