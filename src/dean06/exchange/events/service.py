"""The service of events behind each provider's gateway: subscribe, say whom one serves, pull, confirm, go back, tell.

It is called like any other service, ``/r1/<provider>/events/v1/…``: the gateways have authenticated the consumer, verified its
signature, found the agreement that covers method, path and purpose, and keep the evidence, in which everyone stands whose events
an answer tells of. What the agreement's ``events`` do not name does not exist for the consumer.
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID, uuid5

import msgspec

from dean06.core.clock import now
from dean06.core.errors import Invalid, NotFound
from dean06.core.keys import PersonKey
from dean06.exchange import snapshot
from dean06.exchange.domain.answering import Handler, ProviderRequest, ProviderResponse
from dean06.exchange.domain.identifiers import ClientId
from dean06.exchange.events import actions, queries
from dean06.exchange.events.asking import LARGEST_BODY_BYTES, MOST_EVENTS, Call, Confirm, Replay, Subjects, Subscribe
from dean06.exchange.events.domain.envelopes import faults
from dean06.exchange.events.errors import EventRefused, MalformedEventRequest, NoSuchEventService, NotTheTeller, SubscriptionOfAnotherKind
from dean06.exchange.events.models import EventType, Subscription
from dean06.exchange.events.pseudonyms import pseudonym
from dean06.signing.public import PublicKey, published_keys

DEFAULT_EVENTS: Final = 100
COORDINATE_BYTES: Final = 32

Resolve = Callable[[str], PersonKey]
"""Takes a number as a consumer writes it, returns the key; raises NotFound or Invalid (``core.errors``)."""

_resolvers: dict[str, Resolve] = {}


def register_subject_resolver(provider: str, resolve: Resolve) -> None:
    """Say how a provider's numbers become keys; called by ``site`` at start-up. The exchange itself knows no people."""
    _resolvers[provider] = resolve


def events_provider(provider: str) -> Handler:
    """Return the handler of a provider's events, to be put behind ``<provider>/events`` (``register_provider``)."""

    def handle(request: ProviderRequest) -> ProviderResponse:
        call = Call(provider, request)
        if step := STEPS.get((request.method, request.path)):
            return step(call)
        head, _, tail = request.path.removeprefix(ONE).partition("/")
        if not request.path.startswith(ONE) or (of_one := STEPS_OF_ONE.get((request.method, tail))) is None:
            raise NoSuchEventService
        return of_one(call, call.subscription(head))

    return handle


def _types(call: Call) -> ProviderResponse:
    found = queries.types_for(provider=call.provider, consumer=call.request.client, purpose=call.request.purpose)
    return ProviderResponse(200, {"event_types": [_described_type(kind) for kind in found]})


def _described_type(kind: EventType) -> dict[str, Any]:
    return {
        "type": kind.name,
        "title": kind.title,
        "source": queries.source_of(kind.provider),
        "dataschema": queries.schema_of(kind),
        "schema": kind.schema,
        "about_subject": kind.about_subject,
        "retention_days": kind.retention_days,
        "last_sequence": kind.last_seq,
    }


def _subscribe(call: Call) -> ProviderResponse:
    asked = call.decoded(Subscribe)
    request = call.request
    kind = queries.type_for(asked.type, provider=call.provider, consumer=request.client, purpose=request.purpose)
    made = actions.subscribe(
        kind,
        consumer=request.client,
        purpose=request.purpose,
        legal_basis=request.legal_basis,
        mode=asked.mode,
        address=asked.target,
        from_sequence=asked.from_sequence,
    )
    return ProviderResponse(201, described(made))


def _subscriptions(call: Call) -> ProviderResponse:
    found = queries.subscriptions_of(provider=call.provider, consumer=call.request.client, purpose=call.request.purpose)
    return ProviderResponse(200, {"subscriptions": [described(one) for one in found]})


def described(row: Subscription) -> dict[str, Any]:
    """Return a subscription as its consumer sees it."""
    return {
        "id": str(row.id),
        "type": row.type.name,
        "mode": row.mode,
        "state": row.state,
        "position": row.position,
        **({"target": row.target.address, "is_allowed": row.target.allowed_at is not None} if row.target else {}),
    }


def _watch(call: Call, subscription: Subscription) -> ProviderResponse:
    """Register people; the answer stands in the order of the question and repeats no number."""
    asked = call.decoded(Subjects)
    keys = [_resolved(call.provider, number) for number in asked.personal_ids]
    known = list(dict.fromkeys(key for key in keys if key is not None))
    new = actions.watch(subscription, subjects=known, until=asked.until)
    names = [{"subject": pseudonym(key, consumer=subscription.consumer)} if key else {"error": "unknown"} for key in keys]
    return ProviderResponse(200, {"subjects": names, "new": new}, tuple(known))


def _unwatch(call: Call, subscription: Subscription) -> ProviderResponse:
    asked = call.decoded(Subjects)
    known = [key for number in asked.personal_ids if (key := _resolved(call.provider, number)) is not None]
    return ProviderResponse(200, {"removed": actions.unwatch(subscription, subjects=known)}, tuple(dict.fromkeys(known)))


def _resolved(provider: str, number: str) -> PersonKey | None:
    resolve = _resolvers.get(provider)
    if resolve is None:
        raise SubscriptionOfAnotherKind
    try:
        return resolve(number)
    except (NotFound, Invalid):
        return None


def _pull(call: Call, subscription: Subscription) -> ProviderResponse:
    if subscription.mode != Subscription.Mode.PULL or subscription.state != Subscription.State.ACTIVE:
        raise SubscriptionOfAnotherKind
    after = call.number("after", default=subscription.position, most=2**62)
    limit = call.number("limit", default=DEFAULT_EVENTS, most=MOST_EVENTS)
    found = queries.told(subscription, after=after, limit=max(limit, 1))
    document = {"events": [one.document() for one in found.envelopes], "position": found.position, "more": not found.is_all}
    return ProviderResponse(200, document, found.subjects)


def _confirm(call: Call, subscription: Subscription) -> ProviderResponse:
    return ProviderResponse(200, {"position": actions.confirm(subscription, position=call.decoded(Confirm).position)})


def _replay(call: Call, subscription: Subscription) -> ProviderResponse:
    queries.agreement_of(subscription)
    return ProviderResponse(200, {"position": actions.replay(subscription.id, from_sequence=call.decoded(Replay).from_sequence)})


def _show(_call: Call, subscription: Subscription) -> ProviderResponse:
    return ProviderResponse(200, described(subscription))


def _end(_call: Call, subscription: Subscription) -> ProviderResponse:
    actions.end(subscription)
    return ProviderResponse(200, {"state": "ended"})


def _tell(call: Call) -> ProviderResponse:
    """Take an event over from the provider's own information system: a CloudEvent whose subject is a number.

    The answer comes after the commit. The same id again is the same event, so that a teller that got no answer may ask again.
    """
    if call.request.client != call.provider:
        raise NotTheTeller
    if len(call.request.body) > LARGEST_BODY_BYTES:
        raise MalformedEventRequest
    try:
        document = msgspec.json.decode(call.request.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise MalformedEventRequest from exc
    if found := faults(document):
        raise EventRefused(" ".join(found[:5]))
    kind = next((one for one in queries.event_types(call.provider) if one.name == document["type"]), None)
    if kind is None:
        raise NotTheTeller
    subject = _resolved(call.provider, document["subject"]) if document.get("subject") else None
    if document.get("subject") and subject is None:
        raise EventRefused("The subject is nobody's number.")
    data = document.get("data", {})
    if not isinstance(data, dict):
        raise EventRefused("data must be a JSON object.")
    id_ = _id_of(call.provider, document["id"])
    is_new = actions.accept_one(kind.name, id=id_, subject=subject, data=data, occurred_at=now())
    return ProviderResponse(202, {"id": str(id_), "is_new": is_new}, (subject,) if subject else ())


def _id_of(provider: str, given: str) -> UUID:
    """Return our id of a told event: the teller's if it is a UUID, else one that follows from it."""
    try:
        return UUID(given)
    except ValueError:
        return uuid5(NAMESPACE, f"{provider}\n{given}")


NAMESPACE: Final = UUID("018f6f2e-5d0a-7c1b-9a55-2a3f3d6c1e10")


def _keys(call: Call) -> ProviderResponse:
    """Return the keys that webhooks of this provider are signed with (RFC 7517)."""
    name = snapshot.current().member(ClientId.parse(call.provider)).key_name
    return ProviderResponse(200, {"keys": [_jwk(one.kid, one.public_key) for one in published_keys(name)]})


def _jwk(kid: str, key: PublicKey) -> dict[str, str]:
    numbers: Any = key.public_numbers()  # type: ignore[union-attr]  # members' keys are P-256
    return {
        "kty": "EC",
        "crv": "P-256",
        "alg": "ES256",
        "use": "sig",
        "kid": kid,
        "x": _coordinate(numbers.x),
        "y": _coordinate(numbers.y),
    }


def _coordinate(value: int) -> str:
    return base64.urlsafe_b64encode(value.to_bytes(COORDINATE_BYTES, "big")).decode("ascii").rstrip("=")


ONE: Final = "/v1/subscriptions/"
STEPS: Final[Mapping[tuple[str, str], Callable[[Call], ProviderResponse]]] = {
    ("GET", "/v1/event-types"): _types,
    ("GET", "/v1/keys"): _keys,
    ("POST", "/v1/events"): _tell,
    ("POST", "/v1/subscriptions"): _subscribe,
    ("GET", "/v1/subscriptions"): _subscriptions,
}
STEPS_OF_ONE: Final[Mapping[tuple[str, str], Callable[[Call, Subscription], ProviderResponse]]] = {
    ("GET", ""): _show,
    ("DELETE", ""): _end,
    ("GET", "events"): _pull,
    ("POST", "subjects"): _watch,
    ("POST", "forget-subjects"): _unwatch,
    ("POST", "confirm"): _confirm,
    ("POST", "replay"): _replay,
}
