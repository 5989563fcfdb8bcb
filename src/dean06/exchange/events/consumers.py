"""What events are made of: messages of other modules, each taken over in one transaction with its inbox row."""

from uuid import UUID

from dean06.core.databases import database_of
from dean06.core.keys import PersonKey
from dean06.core.messages import Message, consumes
from dean06.exchange.events.actions import TOPIC, accept
from dean06.exchange.events.models import EventType

RESIDENCE_CHANGED = "vn.gov.dancu.residence.changed"


@consumes(TOPIC, module="exchange")
def take_over(message: Message) -> None:
    """An event that a module told by ``public.tell_event``."""
    told = message.payload
    subject = PersonKey(UUID(told["subject"])) if told["subject"] else None
    accept(told["type"], id=message.id, subject=subject, data=told["data"], occurred_at=message.put_at)


@consumes("registry.residence_changed", module="exchange")
def tell_changed_residence(message: Message) -> None:
    """A person's residence changed: who, nothing more. An installation that registered no such type tells nobody."""
    if not EventType.objects.using(database_of("exchange")).filter(name=RESIDENCE_CHANGED).exists():
        return
    subject = PersonKey(UUID(str(message.payload["person_key"])))
    accept(RESIDENCE_CHANGED, id=message.id, subject=subject, data={"changed": ["permanent_residence"]}, occurred_at=message.put_at)
