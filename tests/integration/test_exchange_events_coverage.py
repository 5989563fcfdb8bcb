"""Whatever is registered, granted, ended and told: nobody hears of a type or a person that is not theirs when it is delivered.

The machine does random things to the real tables and keeps beside them a plain model of who may hear what: sets and days, no
SQL. After each round of deliveries and each pull, everything heard is held against the model; in the end, what may be heard
is also heard, so that a filter that lets nothing pass does not pass either.
"""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from events_world import BANK, DIED, HOOK, MOVED, SHOP, Webhook, happen, hook, kind, load, name_of, number, person, watch
from events_world import agreement as written
from events_world import subscribe as subscribed

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(900)]  # thousands of statements, perhaps on a busy machine
START = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
CONSUMERS = (BANK, SHOP)
TYPES = (MOVED, DIED)
PURPOSES = ("kyc", "loan")
HOOKS = {BANK: HOOK, SHOP: "https://shop.example/events"}
consumers, types, purposes = st.sampled_from(CONSUMERS), st.sampled_from(TYPES), st.sampled_from(PURPOSES)
people = st.integers(0, 3)


class Coverage(RuleBasedStateMachine):
    """Random acts, and who may hear of them."""

    folder = None

    @initialize()
    def begin(self):
        from django.db import transaction

        self.atomic = transaction.atomic()
        self.atomic._from_testcase = True  # so that durable actions run inside, and one rollback clears everything away
        self.atomic.__enter__()
        self.travelling = time_machine.travel(START, tick=False)
        self.clock = self.travelling.start()
        self.people = [person() for _ in range(4)]
        self.version = 0
        self.subscriptions = {}  # (consumer, type, purpose, mode) -> row
        self.agreed = {}  # (consumer, type, purpose) -> last day
        self.watched = {}  # (subscription id, person) -> (since, last day)
        self.told = {}  # event id -> (type, person, when)
        self.webhook = {consumer: Webhook() for consumer in CONSUMERS}
        for consumer, address in HOOKS.items():
            hook(consumer, address)
        for consumer in CONSUMERS:  # a world in which something can be heard; the rules take it apart
            self.grant(consumer, MOVED, "kyc", 5)
            for mode in ("push", "pull"):
                self.subscribe(consumer, MOVED, "kyc", mode)
                row = self.subscriptions[consumer, MOVED, "kyc", mode]
                for who in (0, 1):
                    watch(row, self.people[who])
                    self.watched[row.id, who] = (self.now, None)

    def teardown(self):
        from django.db import transaction

        from dean06.exchange import snapshot

        if not hasattr(self, "travelling"):
            return
        self.travelling.stop()
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)
        snapshot.forget()

    @property
    def now(self):
        return datetime.now(UTC)

    @property
    def today(self):
        return (self.now + timedelta(hours=7)).date()

    def may_hear(self, consumer, event_type, purpose):
        last = self.agreed.get((consumer, event_type, purpose))
        return last is not None and self.today <= last

    def store(self, consumer, event_type, purpose, last, *, withdrawn="false"):
        from dean06.exchange.public import load_agreements

        self.version += 1
        code = f"{consumer[-5:]}-{event_type[-5:]}-{purpose}".replace("/", "-")
        text = written(code, client=consumer, events=event_type, purpose=purpose, until=str(last), withdrawn=withdrawn)
        pack = self.folder / "granted.yaml"
        pack.write_text("kind: agreements\nagreements:" + text.replace(f"title: {code}", f"title: version {self.version}"))
        assert load_agreements(pack) == 1

    @rule(consumer=consumers, event_type=types, purpose=purposes, days=st.integers(0, 6))
    def grant(self, consumer, event_type, purpose, days):
        last = self.today + timedelta(days=days)
        self.store(consumer, event_type, purpose, last)
        self.agreed[consumer, event_type, purpose] = last

    @rule(consumer=consumers, event_type=types, purpose=purposes)
    def withdraw(self, consumer, event_type, purpose):
        if (consumer, event_type, purpose) in self.agreed:
            self.store(consumer, event_type, purpose, date(2026, 12, 31), withdrawn="true")
            del self.agreed[consumer, event_type, purpose]

    @rule(consumer=consumers, event_type=types, purpose=purposes, mode=st.sampled_from(["push", "pull"]))
    def subscribe(self, consumer, event_type, purpose, mode):
        row = subscribed(consumer=consumer, name=event_type, purpose=purpose, mode=mode, address=HOOKS[consumer])
        self.subscriptions[consumer, event_type, purpose, mode] = row

    @precondition(lambda self: self.subscriptions)
    @rule(data=st.data(), who=people, days=st.one_of(st.none(), st.integers(0, 4)))
    def serve(self, data, who, days):
        from dean06.exchange.events.errors import SubscriptionUncovered

        place = data.draw(st.sampled_from(sorted(self.subscriptions)))
        row = self.subscriptions[place]
        until = None if days is None else self.today + timedelta(days=days)
        if not self.may_hear(*place[:3]):
            with pytest.raises(SubscriptionUncovered):
                watch(row, self.people[who], until=until)
            return
        watch(row, self.people[who], until=until)
        since, last = self.watched.get((row.id, who), (self.now, None))
        is_run_out = last is not None and last < self.today
        self.watched[row.id, who] = (self.now if is_run_out else since, until)

    @precondition(lambda self: self.subscriptions)
    @rule(data=st.data(), who=people)
    def stop_serving(self, data, who):
        from dean06.exchange.events.actions import unwatch

        row = self.subscriptions[data.draw(st.sampled_from(sorted(self.subscriptions)))]
        unwatch(row, subjects=[self.people[who]])
        self.watched.pop((row.id, who), None)

    @precondition(lambda self: self.subscriptions)
    @rule(data=st.data())
    def end(self, data):
        from dean06.exchange.events.actions import end

        place = data.draw(st.sampled_from(sorted(self.subscriptions)))
        row = self.subscriptions.pop(place)
        end(row)
        self.watched = {key: value for key, value in self.watched.items() if key[0] != row.id}

    @precondition(lambda self: self.subscriptions)
    @rule(data=st.data())
    def go_back(self, data):
        from dean06.exchange.events.actions import replay

        replay(self.subscriptions[data.draw(st.sampled_from(sorted(self.subscriptions)))].id, from_sequence=1)

    @rule(event_type=st.sampled_from((MOVED, MOVED, DIED)), who=people, at_once=st.booleans())
    def tell(self, event_type, who, at_once):
        self.clock.shift(timedelta(seconds=1))
        self.told[str(happen(self.people[who], name=event_type))] = (event_type, who, self.now)
        if at_once:
            number()
            self.deliver()

    @rule()
    def count(self):
        number()

    @rule(hours=st.integers(1, 30))
    def wait(self, hours):
        self.clock.shift(timedelta(hours=hours))

    @rule(consumer=consumers, status=st.sampled_from([204, 204, 204, 500, 415, 503]))
    def answer_with(self, consumer, status):
        self.webhook[consumer].status = status

    @rule()
    def deliver(self):
        from dean06.exchange.events.delivering import deliver
        from dean06.exchange.events.queries import due_subscriptions

        places = {row.id: place for place, row in self.subscriptions.items()}
        for key in due_subscriptions(now=self.now):
            place = places[key]  # an ended one is not due
            webhook = Webhook(status=self.webhook[place[0]].status)
            for _ in range(6):
                deliver(key, using=webhook)
            for post in webhook.posts:
                self.check(place, key, post.body)

    @precondition(lambda self: self.subscriptions)
    @rule(data=st.data(), after=st.integers(0, 5))
    def pull(self, data, after):
        from dean06.exchange.events.errors import SubscriptionUncovered
        from dean06.exchange.events.models import Subscription
        from dean06.exchange.events.queries import told

        pulling = sorted(place for place in self.subscriptions if place[3] == "pull")
        if not pulling:
            return
        place = data.draw(st.sampled_from(pulling))
        row = Subscription.objects.select_related("type", "target").get(id=self.subscriptions[place].id)
        try:
            found = told(row, after=after, limit=100)
        except SubscriptionUncovered:
            assert not self.may_hear(*place[:3])
            return
        for one in found.envelopes:
            self.check(place, row.id, one.body())
        # and what may be heard is heard
        numbered = {str(event.id): event.seq for event in kind(place[1]).events.exclude(seq=None)}
        wanted = {key for key, seq in numbered.items() if seq > after and self.is_theirs(row.id, key)}
        assert {one.id for one in found.envelopes} == wanted

    def is_theirs(self, key, event):
        _, who, when = self.told[event]
        since, last = self.watched.get((key, who), (None, None))
        return since is not None and since <= when and (last is None or self.today <= last)

    def check(self, place, key, body):
        import json

        event = json.loads(body)
        consumer, event_type, purpose, _ = place
        assert self.may_hear(consumer, event_type, purpose), "no agreement covers this"
        told_type, who, _ = self.told[event["id"]]
        assert event["type"] == told_type == event_type
        assert self.is_theirs(key, event["id"]), "not one of theirs"
        assert event["subject"] == name_of(self.people[who], consumer)
        text = body.decode()
        assert not [one for one in self.people if str(one) in text or one.hex in text]
        HEARD.append(event["id"])

    @invariant()
    def dead_letters_hold_nobody_who_is_not_served(self):
        from dean06.exchange.events.models import Delivery

        if not hasattr(self, "people"):
            return
        for row in Delivery.objects.all():
            assert (row.subscription_id, self.people.index(row.subject_key)) in self.watched


HEARD = []


def run(folder, **chosen):
    Coverage.folder = folder
    HEARD.clear()
    load(folder, [written("E-0", purpose="nothing")])
    quiet = {"deadline": None, "derandomize": True, "report_multiple_bugs": False, "suppress_health_check": list(HealthCheck)}
    run_state_machine_as_test(Coverage, settings=settings(stateful_step_count=40, **quiet, **chosen))


def test_nobody_hears_of_a_type_or_a_person_that_is_not_theirs(tmp_path):
    run(tmp_path, max_examples=30)

    assert len(HEARD) > 20  # the acts were not all in vain


@pytest.fixture
def machine(tmp_path):
    """The machine at its beginning, to be led by hand."""
    Coverage.folder = tmp_path
    load(tmp_path, [written("E-0", purpose="nothing")])
    one = Coverage()
    one.begin()
    yield one
    one.teardown()


def test_the_machine_finds_a_filter_that_forgets_whom_a_consumer_serves(machine, monkeypatch):
    from dean06.exchange.events import delivering, fanout, queries

    machine.tell(event_type=MOVED, who=3, at_once=True)  # nobody serves this one
    for module, name in ((queries, "PULL"), (fanout, "QUEUE"), (delivering, "CLAIM")):
        assert queries.IS_WATCHED in getattr(module, name)
        monkeypatch.setattr(module, name, getattr(module, name).replace(queries.IS_WATCHED, "%(subscription)s IS NOT NULL"))

    with pytest.raises(AssertionError, match="not one of theirs"):
        machine.tell(event_type=MOVED, who=3, at_once=True)


def test_the_machine_finds_a_delivery_that_looks_at_no_agreement(machine, monkeypatch):
    from dean06.exchange.events import delivering, fanout

    any_agreement = next(iter(agreements()))
    machine.tell(event_type=MOVED, who=0, at_once=True)
    for _ in range(6):
        machine.wait(hours=24)
    machine.tell(event_type=MOVED, who=0, at_once=True)  # the agreements have ended
    for module in (fanout, delivering):
        monkeypatch.setattr(module, "agreement_for", lambda **_: any_agreement)

    with pytest.raises(AssertionError, match="no agreement covers this"):
        machine.tell(event_type=MOVED, who=0, at_once=True)


def agreements():
    from dean06.exchange.public import agreements as every

    return every()
