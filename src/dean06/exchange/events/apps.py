"""Django application of events: tables of its own, in the exchange's database (the label begins with the module's name)."""

from django.apps import AppConfig


class EventsConfig(AppConfig):
    """Event types, events, subscriptions, deliveries."""

    name = "dean06.exchange.events"
    label = "exchange_events"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register what consumes messages of other modules."""
        from dean06.exchange.events import consumers  # noqa: F401, PLC0415 -- needs the models
