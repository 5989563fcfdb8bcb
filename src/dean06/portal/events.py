"""What the portal does when other modules report something."""

from uuid import UUID

from dean06.core.keys import PersonKey
from dean06.core.messages import Message, consumes
from dean06.portal.sessions import forget_pages


@consumes("registry.residence_changed", module="portal")
def show_the_new_residence(message: Message) -> None:
    """Let the person's open sessions read her record anew."""
    forget_pages(PersonKey(UUID(str(message.payload["person_key"]))))
