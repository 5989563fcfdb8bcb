"""What consumers and tellers ask of the service of events, and how a call is read."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final, Literal, TypeVar
from urllib.parse import parse_qs
from uuid import UUID

import msgspec

from dean06.exchange.domain.answering import ProviderRequest
from dean06.exchange.events import queries
from dean06.exchange.events.errors import MalformedEventRequest, NoSuchEventService
from dean06.exchange.events.models import Subscription

MOST_SUBJECTS: Final = 1000
MOST_EVENTS: Final = 500
LARGEST_BODY_BYTES: Final = 64 * 1024

Number = Annotated[str, msgspec.Meta(max_length=20)]
Position = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
Asked = TypeVar("Asked", bound=msgspec.Struct)


class Subscribe(msgspec.Struct, forbid_unknown_fields=True):
    """Subscribe to a type."""

    type: Annotated[str, msgspec.Meta(max_length=200)]
    mode: Literal["push", "pull"] = "pull"
    target: Annotated[str, msgspec.Meta(max_length=500)] = ""
    from_sequence: Annotated[int, msgspec.Meta(ge=1, le=2**62)] | None = None


class Subjects(msgspec.Struct, forbid_unknown_fields=True):
    """People whom the consumer serves, by number."""

    personal_ids: Annotated[list[Number], msgspec.Meta(min_length=1, max_length=MOST_SUBJECTS)]
    until: date | None = None


class Confirm(msgspec.Struct, forbid_unknown_fields=True):
    """Up to where the consumer has taken events over."""

    position: Position


class Replay(msgspec.Struct, forbid_unknown_fields=True):
    """From where events shall come again."""

    from_sequence: Annotated[int, msgspec.Meta(ge=1, le=2**62)]


@dataclass(frozen=True, slots=True)
class Call:
    """One authorised call at one provider's events."""

    provider: str
    request: ProviderRequest

    def decoded(self, kind: type[Asked]) -> Asked:
        """Return the body.

        Raises:
            MalformedEventRequest: too large or not of the form.
        """
        if len(self.request.body) > LARGEST_BODY_BYTES:
            raise MalformedEventRequest
        try:
            return msgspec.json.decode(self.request.body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:  # the text of either may quote the body: not passed on
            raise MalformedEventRequest from exc

    def number(self, name: str, *, default: int, most: int) -> int:
        """Return a whole number of the query.

        Raises:
            MalformedEventRequest: not a number, or out of bounds.
        """
        text = parse_qs(self.request.query).get(name, [str(default)])[-1]
        if not text.isascii() or not text.isdigit() or len(text) > len(str(most)) or int(text) > most:
            raise MalformedEventRequest(f"{name} is a whole number from 0 to {most}.")
        return int(text)

    def subscription(self, key: str) -> Subscription:
        """Return the caller's own subscription.

        Raises:
            SubscriptionUnknown: none of its own under this purpose.
        """
        try:
            parsed = UUID(key)
        except ValueError as exc:
            raise NoSuchEventService from exc
        request = self.request
        return queries.subscription_of(parsed, provider=self.provider, consumer=request.client, purpose=request.purpose)
