"""Tables of events. A person stands here by opaque key only; what was sent is a ledger entry, not a row."""

from django.db import models
from django.db.models import Q

from dean06.core.clock import now
from dean06.core.keys import new_key


class EventType(models.Model):
    """A type of event that a subsystem tells (loại sự kiện)."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=200, unique=True)
    provider = models.CharField(max_length=403)
    title = models.CharField(max_length=300)
    schema = models.JSONField(help_text="JSON Schema of data.")
    schema_version = models.PositiveIntegerField(default=1)
    about_subject = models.BooleanField(default=True)
    retention_days = models.PositiveIntegerField(default=30)
    last_seq = models.BigIntegerField(default=0)
    registered_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return self.name


class Event(models.Model):
    """Something that happened; without a number until the sequencer has seen it."""

    id = models.UUIDField(primary_key=True, default=new_key)
    type = models.ForeignKey(EventType, on_delete=models.PROTECT, related_name="events")
    seq = models.BigIntegerField(null=True)
    subject_key = models.UUIDField(null=True)
    occurred_at = models.DateTimeField()
    data = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["type", "seq"], name="exchange_event_seq_once")]
        indexes = [
            models.Index(fields=["id"], condition=Q(seq__isnull=True), name="exchange_event_unnumbered"),
            models.Index(fields=["type", "occurred_at"], name="exchange_event_age"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class WebhookTarget(models.Model):
    """An address that an operator registered for a consumer, and what the target said in the handshake."""

    id = models.BigAutoField(primary_key=True)
    consumer = models.CharField(max_length=403)
    address = models.CharField(max_length=500)
    registered_by = models.CharField(max_length=200)
    registered_at = models.DateTimeField(default=now)
    allowed_at = models.DateTimeField(null=True)
    rate_per_minute = models.PositiveIntegerField(null=True, help_text="None: as many as come.")
    minute = models.DateTimeField(null=True)
    sent_in_minute = models.PositiveIntegerField(default=0)
    handshakes = models.PositiveIntegerField(default=0, help_text="Without permission in a row.")
    next_handshake_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["consumer", "address"], name="exchange_event_target_once")]

    def __str__(self) -> str:
        return self.address


class Subscription(models.Model):
    """A consumer hears of one type, for one purpose, in one way (đăng ký nhận sự kiện)."""

    class Mode(models.TextChoices):
        """How events come."""

        PUSH = "push", "push"
        PULL = "pull", "pull"

    class State(models.TextChoices):
        """Whether events come."""

        ACTIVE = "active", "active"
        STOPPED = "stopped", "stopped"
        ENDED = "ended", "ended"

    id = models.UUIDField(primary_key=True, default=new_key)
    consumer = models.CharField(max_length=403)
    type = models.ForeignKey(EventType, on_delete=models.PROTECT, related_name="subscriptions")
    purpose = models.CharField(max_length=100)
    legal_basis = models.CharField(max_length=210)
    mode = models.CharField(max_length=4, choices=Mode.choices)
    target = models.ForeignKey(WebhookTarget, on_delete=models.PROTECT, null=True, related_name="subscriptions")
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    position = models.BigIntegerField(default=0, help_text="push: fanned out up to here; pull: confirmed up to here.")
    failures = models.PositiveIntegerField(default=0, help_text="In a row, of the target as a whole.")
    paused_until = models.DateTimeField(null=True)
    delivered = models.BigIntegerField(default=0)
    delivered_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["consumer", "type", "purpose", "mode"], condition=~Q(state="ended"), name="exchange_event_subscription_once"
            ),
            models.CheckConstraint(
                name="exchange_event_push_has_target",
                condition=Q(mode="push", target__isnull=False) | Q(mode="pull", target__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Watched(models.Model):
    """A person whom a subscriber serves: events that happen from ``since`` on, for as long as the row is here."""

    id = models.BigAutoField(primary_key=True)
    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="watched")
    subject_key = models.UUIDField()
    since = models.DateTimeField(default=now)
    until = models.DateField(null=True, help_text="Last day; None: until it is taken back.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subscription", "subject_key"], name="exchange_event_watched_once")]

    def __str__(self) -> str:
        return f"{self.subscription_id} {self.id}"


class Delivery(models.Model):
    """An event on its way to a webhook; gone once it was accepted, kept as a dead letter when it was refused for good."""

    class State(models.TextChoices):
        """Where it stands."""

        PENDING = "pending", "pending"
        DEAD = "dead", "dead"

    id = models.BigAutoField(primary_key=True)
    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries")
    subject_key = models.UUIDField(null=True)
    seq = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(default=now)
    claim = models.UUIDField(null=True, help_text="Who sends it at the moment, until due_at.")
    is_recorded = models.BooleanField(default=False, help_text="The ledger has the entry of this disclosure.")
    queued_at = models.DateTimeField(default=now)
    last_status = models.PositiveSmallIntegerField(default=0)
    dead_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subscription", "event"], name="exchange_event_delivery_once"),
            models.CheckConstraint(name="exchange_event_dead_since", condition=Q(state="pending") | Q(dead_at__isnull=False)),
            models.CheckConstraint(name="exchange_event_numbered", condition=Q(seq__gt=0)),
        ]
        indexes = [
            models.Index(fields=["subscription", "seq"], condition=Q(state="pending"), name="exchange_event_due"),
            models.Index(fields=["subscription", "subject_key", "seq"], condition=Q(state="pending"), name="exchange_event_order"),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id} {self.seq}"
