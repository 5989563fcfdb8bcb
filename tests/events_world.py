"""A small exchange for the tests of events: one teller, two consumers, a webhook that writes down what it gets."""

import contextlib
import json
from dataclasses import dataclass, field
from datetime import date
from uuid import uuid4

from dean06.core.actor import Actor
from dean06.core.clock import now
from dean06.core.keys import PersonKey, new_key

PROVIDER = "VN/GOV/G01/POPULATION"
BANK = "VN/COM/DEMOBANK/CUSTOMERS"
SHOP = "VN/COM/SHOP/ORDERS"
MOVED = "vn.gov.dancu.residence.changed"
DIED = "vn.gov.dancu.person.died"
OPERATOR = Actor(account="operator")
HOOK = "https://bank.example/events"
MEMBERS = """kind: members
instance: VN
members:
  - class: GOV
    code: G01
    name: Bộ Công an
    subsystems: [{code: POPULATION, name: Dân cư, services: [{code: events, title: Sự kiện, location: inside}]}]
  - {class: COM, code: DEMOBANK, name: Ngân hàng trình diễn, subsystems: [{code: CUSTOMERS, name: Khách hàng}]}
  - {class: COM, code: SHOP, name: Cửa hàng trình diễn, subsystems: [{code: ORDERS, name: Đơn hàng}]}
"""
TYPE = """
  - name: {name}
    provider: VN/GOV/G01/POPULATION
    title: {name}
    about_subject: {about}
    retention_days: 30
    schema: {{type: object, additionalProperties: false, properties: {{changed: {{type: array, items: {{type: string}}}}}}}}
"""
TYPES = (
    "kind: event_types\nevent_types:"
    + TYPE.format(name=MOVED, about="true")
    + TYPE.format(name=DIED, about="true")
    + TYPE.format(name="vn.gov.dancu.code.published", about="false")
)
AGREEMENT = """
  - code: {code}
    title: {code}
    client: {client}
    service: VN/GOV/G01/POPULATION/events
    endpoints: [{{method: "*", path: /v1/**}}]
    fields: ["*"]
    events: [{events}]
    purposes: [{purpose}]
    legal_bases: [{{document: 91/2025/QH15, article: Điều 9, certainty: F}}]
    subject_required: false
    valid_from: {start}
    valid_until: {until}
    withdrawn: {withdrawn}
"""


def agreement(code, *, client=BANK, events=MOVED, purpose="kyc", start="2026-01-01", until="2099-12-31", withdrawn="false"):
    return AGREEMENT.format(code=code, client=client, events=events, purpose=purpose, start=start, until=until, withdrawn=withdrawn)


def load(folder, agreements):
    from dean06.exchange.public import load_agreements, load_event_types, load_members

    (folder / "members.yaml").write_text(MEMBERS)
    (folder / "types.yaml").write_text(TYPES)
    (folder / "agreements.yaml").write_text("kind: agreements\nagreements:" + "".join(agreements))
    load_members(folder)
    load_agreements(folder)
    load_event_types(folder)


def kind(name=MOVED):
    from dean06.exchange.events.models import EventType

    return EventType.objects.get(name=name)


def person():
    return PersonKey(uuid4())


def happen(subject, *, name=MOVED, data=None, at=None):
    """An event as the exchange takes it over, without its number."""
    from dean06.exchange.events.actions import accept_one

    key = new_key()
    accept_one(
        name, id=key, subject=subject, data=data if data is not None else {"changed": ["permanent_residence"]}, occurred_at=at or now()
    )
    return key


def number():
    from dean06.exchange.events.sequencer import number_events

    return number_events()


def hook(consumer=BANK, address=HOOK, rate=None):
    """A registered address that has given its permission."""
    from dean06.exchange.events.actions import register_target

    target = register_target(consumer=consumer, address=address, actor=OPERATOR)
    target.allowed_at, target.rate_per_minute = now(), rate
    target.save()
    return target


def subscribe(*, consumer=BANK, name=MOVED, purpose="kyc", mode="push", address=HOOK, from_sequence=None):
    from dean06.exchange.events.actions import subscribe as act

    return act(
        kind(name),
        consumer=consumer,
        purpose=purpose,
        legal_basis="91/2025/QH15, Điều 9",
        mode=mode,
        address=address if mode == "push" else "",
        from_sequence=from_sequence,
    )


def watch(subscription, *subjects, until: date | None = None):
    from dean06.exchange.events.actions import watch as act

    return act(subscription, subjects=subjects, until=until)


def name_of(subject, consumer=BANK):
    from dean06.exchange.events.pseudonyms import pseudonym

    return pseudonym(subject, consumer=consumer)


@dataclass
class Webhook:
    """Stands where posts would go; answers as it is told, by pseudonym or for all."""

    posts: list = field(default_factory=list)
    events: list = field(default_factory=list)
    status: int = 204
    headers: dict = field(default_factory=dict)
    by_subject: dict = field(default_factory=dict)

    def __call__(self, posts):
        from dean06.exchange.events.posting import Answered

        answers = []
        for post in posts:
            self.posts.append(post)
            if post.method == "OPTIONS":
                answers.append(Answered(self.status, dict(self.headers)))
                continue
            event = json.loads(post.body)
            status = self.by_subject.get(event.get("subject"), self.status)
            answers.append(Answered(status, dict(self.headers)))
            if 200 <= status < 300:
                self.events.append(event)
        return answers

    @property
    def heard(self):
        return [event["id"] for event in self.events]


def rounds(webhook, many=20):
    """Deliver until nothing is due."""
    from dean06.exchange.events.delivering import deliver_due

    for _ in range(many):
        if not deliver_due(using=webhook, threads=0):
            return


@contextlib.contextmanager
def numbers_of(people):
    """Numbers that the teller knows."""
    from dean06.core.errors import NotFound
    from dean06.exchange.public import register_subject_resolver
    from dean06.registry.public import person_key_by_number

    def resolve(number):
        if number not in people:
            raise NotFound
        return people[number]

    register_subject_resolver(PROVIDER, resolve)
    try:
        yield
    finally:
        register_subject_resolver(PROVIDER, person_key_by_number)
