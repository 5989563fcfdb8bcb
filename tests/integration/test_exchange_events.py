"""Events: numbered without gaps, told to those whom an agreement covers, sent in order, tried again, never lost."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from events_world import (
    BANK,
    DIED,
    HOOK,
    MOVED,
    OPERATOR,
    SHOP,
    Webhook,
    agreement,
    happen,
    hook,
    kind,
    load,
    name_of,
    number,
    person,
    rounds,
    subscribe,
    watch,
)

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as travelling:
        yield travelling


@pytest.fixture
def world(tmp_path, clock):
    load(tmp_path, [agreement("E-1"), agreement("E-2", client=SHOP, until="2026-11-30")])
    hook()
    yield tmp_path
    from dean06.exchange import snapshot

    snapshot.forget()


@pytest.fixture
def webhook():
    return Webhook()


def a_customer_moved(clock):
    """Subscribe for one person, let her move, number the event; return her."""
    mover = person()
    watch(subscribe(), mover)
    later(clock, seconds=1)
    happen(mover)
    number()
    return mover


def later(clock, **pause):
    clock.shift(timedelta(**pause))


def test_an_event_of_a_watched_person_arrives_as_a_cloud_event_under_the_consumer_s_own_name(world, clock, webhook):
    mover = person()
    watch(subscribe(), mover)
    later(clock, seconds=1)
    key = happen(mover)
    number()

    rounds(webhook)

    (event,) = webhook.events
    assert event == {
        "specversion": "1.0",
        "id": str(key),
        "source": "urn:dean06:subsystem:VN/GOV/G01/POPULATION",
        "type": MOVED,
        "subject": name_of(mover),
        "time": "2026-11-23T03:00:01Z",
        "datacontenttype": "application/json",
        "dataschema": f"urn:dean06:event-schema:{MOVED}:1",
        "sequence": "0000000000000000001",
        "data": {"changed": ["permanent_residence"]},
    }
    assert str(mover) not in json.dumps(event)
    assert name_of(mover) != name_of(mover, SHOP)


def test_what_happens_to_others_is_not_told(world, clock, webhook):
    watch(subscribe(), person())
    later(clock, seconds=1)
    happen(person())
    number()

    rounds(webhook)

    assert webhook.posts == []


def test_what_happened_before_the_person_was_a_customer_is_not_told_not_even_by_a_replay(world, clock, webhook):
    from dean06.exchange.events.actions import replay

    mover, subscription = person(), subscribe()
    happen(mover)
    number()
    later(clock, seconds=1)
    watch(subscription, mover)

    replay(subscription.id, from_sequence=1)
    rounds(webhook)

    assert webhook.posts == []


def test_each_disclosure_leaves_one_entry_that_the_person_finds_however_often_it_is_sent(world, clock, webhook):
    from dean06.ledger.public import looks_at

    mover = a_customer_moved(clock)
    webhook.status = 500
    rounds(webhook)
    later(clock, minutes=1)
    webhook.status = 204
    rounds(webhook)

    (look,) = [look for look in looks_at(mover).rows if look.kind == "exchange.event_sent"]
    assert (look.who, look.purpose, look.legal_basis) == ("Ngân hàng trình diễn", "kyc", "91/2025/QH15, Điều 9")
    assert look.detail["type"] == MOVED
    assert len(webhook.posts) == 2


def test_a_failing_event_holds_back_its_subject_only_and_goes_first_when_it_passes(world, clock, webhook):
    ill, well = person(), person()
    watch(subscribe(), ill, well)
    later(clock, seconds=1)
    first, second, other = happen(ill), happen(ill), happen(well)
    number()
    webhook.by_subject[name_of(ill)] = 500

    rounds(webhook)
    assert webhook.heard == [str(other)]
    later(clock, hours=1)
    webhook.by_subject.clear()
    rounds(webhook)

    assert webhook.heard == [str(other), str(first), str(second)]


@pytest.mark.parametrize("status", [400, 401, 404, 415, 422, 301, 307])
def test_what_is_refused_for_good_is_a_dead_letter_and_the_next_one_goes_on(world, clock, webhook, status):
    from dean06.exchange.public import dead_letters, retry_dead

    mover = person()
    watch(subscribe(), mover)
    later(clock, seconds=1)
    first = happen(mover)
    number()
    webhook.status = status
    rounds(webhook)
    webhook.status = 204
    second = happen(mover)
    number()
    rounds(webhook)

    (letter,) = dead_letters()
    assert (letter["event"], letter["status"], letter["consumer"]) == (str(first), status, BANK)
    assert webhook.heard == [str(second)]
    assert retry_dead(actor=OPERATOR, letters=[letter["id"]]) == 1
    rounds(webhook)
    assert webhook.heard == [str(second), str(first)]
    assert dead_letters() == []


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_silences_the_whole_target_until_then(world, clock, webhook, status):
    one, other = person(), person()
    watch(subscribe(), one, other)
    later(clock, seconds=1)
    happen(one)
    number()
    webhook.status, webhook.headers = status, {"retry-after": "120"}
    rounds(webhook)
    happen(other)
    number()
    webhook.status = 204
    later(clock, seconds=119)
    rounds(webhook)
    assert len(webhook.posts) == 1

    later(clock, seconds=2)
    rounds(webhook)
    assert len(webhook.events) == 2


def test_a_target_that_is_gone_gets_nothing_more_until_somebody_replays(world, clock, webhook):
    from dean06.exchange.events.models import Subscription
    from dean06.exchange.public import replay

    mover, subscription = person(), subscribe()
    watch(subscription, mover)
    later(clock, seconds=1)
    first = happen(mover)
    number()
    webhook.status = 410
    rounds(webhook)
    webhook.status = 204
    later(clock, days=1)
    rounds(webhook)
    assert (len(webhook.posts), Subscription.objects.get().state) == (1, "stopped")

    replay(subscription.id, from_sequence=1, actor=OPERATOR)
    rounds(webhook)
    assert webhook.heard == [str(first)]


def test_a_subscriber_that_was_down_for_a_day_catches_up_by_itself_in_order(world, clock, webhook):
    mover = person()
    watch(subscribe(), mover)
    webhook.status = 0  # nobody answers
    told = []
    for _ in range(24):
        later(clock, hours=1)
        told.append(str(happen(mover)))
        number()
        rounds(webhook)
    assert webhook.heard == []

    webhook.status = 204
    later(clock, minutes=16)  # the longest pause is fifteen
    rounds(webhook, many=40)
    assert webhook.heard == told


def test_after_three_days_of_trying_a_delivery_is_a_dead_letter(world, clock, webhook):
    from dean06.exchange.public import dead_letters

    a_customer_moved(clock)
    webhook.status = 0
    rounds(webhook)
    later(clock, days=4)
    rounds(webhook)

    assert [letter["status"] for letter in dead_letters()] == [0]


def test_an_agreement_that_ended_pauses_and_one_that_is_renewed_goes_on(world, clock, webhook):
    mover = person()
    hook(SHOP, "https://shop.example/events")
    watch(subscribe(consumer=SHOP, address="https://shop.example/events"), mover)
    later(clock, days=8)  # past the thirtieth of November
    happen(mover)
    number()
    rounds(webhook)
    assert webhook.posts == []

    load(world, [agreement("E-1"), agreement("E-2", client=SHOP, until="2027-11-30")])
    rounds(webhook)
    assert len(webhook.events) == 1


def test_what_waited_when_the_agreement_ended_is_not_sent(world, clock, webhook):
    a_customer_moved(clock)
    webhook.status = 500
    rounds(webhook)
    load(world, [agreement("E-1", withdrawn="true")])
    webhook.status = 204
    later(clock, hours=1)

    rounds(webhook)

    assert (len(webhook.posts), webhook.events) == (1, [])


def test_what_waited_about_a_person_no_longer_served_is_forgotten(world, clock, webhook):
    from dean06.exchange.events.models import Delivery

    gone, run_out = person(), person()
    subscription = subscribe()
    watch(subscription, gone)
    watch(subscription, run_out, until=date(2026, 11, 23))
    later(clock, seconds=1)
    happen(gone)
    happen(run_out)
    number()
    webhook.status = 500
    rounds(webhook)
    from dean06.exchange.events.actions import unwatch

    unwatch(subscription, subjects=[gone])
    webhook.status = 204
    later(clock, days=1)
    rounds(webhook)

    assert webhook.events == []
    assert not Delivery.objects.exists()


def test_an_event_is_never_numbered_twice_and_numbers_have_no_gaps(world):
    from dean06.exchange.events.models import Event

    for _ in range(5):
        happen(person())
        happen(person(), name=DIED)
        number()
    happen(person())
    assert number() == 1
    assert number() == 0

    assert list(Event.objects.filter(type__name=MOVED).order_by("seq").values_list("seq", flat=True)) == [1, 2, 3, 4, 5, 6]
    assert list(Event.objects.filter(type__name=DIED).order_by("seq").values_list("seq", flat=True)) == [1, 2, 3, 4, 5]
    assert (kind(MOVED).last_seq, kind(DIED).last_seq) == (6, 5)


def test_nobody_hears_before_the_address_has_given_permission(world, clock, webhook):
    from dean06.exchange.events.actions import register_target
    from dean06.exchange.events.handshakes import ask_targets

    address = "https://shop.example/events"
    target = register_target(consumer=SHOP, address=address, actor=OPERATOR)
    mover = person()
    watch(subscribe(consumer=SHOP, address=address), mover)
    later(clock, seconds=1)
    happen(mover)
    number()
    rounds(webhook)
    assert webhook.posts == []

    webhook.headers = {"webhook-allowed-origin": "elsewhere.example", "webhook-allowed-rate": "*"}
    assert ask_targets(using=webhook) == 0
    assert ask_targets(using=webhook) == 0
    assert len(webhook.posts) == 1  # asked again after a pause only
    later(clock, minutes=1)
    webhook.headers = {"webhook-allowed-origin": "localhost", "webhook-allowed-rate": "120"}
    assert ask_targets(using=webhook) == 1
    asked = webhook.posts[-1]
    assert (asked.method, dict(asked.headers)["webhook-request-origin"]) == ("OPTIONS", "localhost")
    target.refresh_from_db()
    assert target.rate_per_minute == 120
    rounds(webhook)
    assert len(webhook.events) == 1


def test_the_allowed_rate_is_kept(world, clock, webhook):
    people = [person() for _ in range(25)]
    hook(rate=10)
    watch(subscribe(), *people)
    later(clock, seconds=1)
    for one in people:
        happen(one)
    number()

    counts = []
    for _ in range(4):
        rounds(webhook)
        counts.append(len(webhook.events))
        later(clock, minutes=1)
    assert counts == [10, 20, 25, 25]


def test_two_workers_never_send_the_same_batch_and_a_dead_one_s_lease_runs_out(world, clock, webhook):
    from dean06.exchange.events import delivering
    from dean06.exchange.events.fanout import fan_out

    people = [person() for _ in range(6)]
    subscription = subscribe()
    watch(subscription, *people)
    later(clock, seconds=1)
    told = {str(happen(one)) for one in people}
    number()
    fan_out(subscription.id)

    mine = delivering.claim(subscription.id, limit=4)
    theirs = delivering.claim(subscription.id, limit=4)
    assert {one.id for one in mine.claimed} & {one.id for one in theirs.claimed} == set()
    assert len(mine.claimed) + len(theirs.claimed) == 6
    delivering.settle(theirs, delivering.sent(theirs, using=webhook))
    assert delivering.claim(subscription.id) is None  # the rest is leased to a worker that has died

    later(clock, seconds=61)
    rounds(webhook)
    assert sorted(webhook.heard) == sorted(told)
    delivering.settle(mine, [])  # the dead one comes back: the rows are no longer its own


def test_an_answer_that_was_lost_brings_the_same_event_again_with_the_same_id(world, clock, webhook):
    from dean06.exchange.events import delivering
    from dean06.exchange.events.fanout import fan_out

    mover, subscription = person(), subscribe()
    watch(subscription, mover)
    later(clock, seconds=1)
    key = str(happen(mover))
    number()
    fan_out(subscription.id)
    delivering.sent(delivering.claim(subscription.id), using=webhook)  # and the worker dies before it can note the answer

    later(clock, seconds=61)
    rounds(webhook)

    assert webhook.heard == [key, key]


def test_old_events_are_forgotten_after_their_time(world, clock):
    from dean06.exchange.events.models import Event
    from dean06.exchange.events.tasks import forget_old_events

    happen(person())
    number()
    later(clock, days=29)
    young = happen(person())
    number()
    later(clock, days=2)

    assert forget_old_events() == 1
    assert [event.id for event in Event.objects.all()] == [young]


def test_a_move_in_the_registry_is_told_through_the_outbox_once(world, clock, webhook):
    from django.db import transaction

    from dean06.core import messages

    mover = person()
    watch(subscribe(), mover)
    later(clock, seconds=1)
    with transaction.atomic():
        message = messages.put(
            "registry.residence_changed",
            {"dossier": "", "person_key": str(mover), "residence_key": str(person()), "unit_code": "06649", "since": "2026-11-01"},
            using="default",
        )
    messages.deliver("default")
    messages.deliver("default")
    number()
    rounds(webhook)

    (event,) = webhook.events
    assert (event["id"], event["subject"], event["data"]) == (str(message), name_of(mover), {"changed": ["permanent_residence"]})
    assert "06649" not in json.dumps(event)


def test_a_module_tells_an_event_in_its_own_transaction(world, clock, webhook):
    from django.db import transaction

    from dean06.core import messages
    from dean06.exchange.public import tell_event

    mover = person()
    watch(subscribe(), mover)
    later(clock, seconds=1)
    with transaction.atomic():
        tell_event(MOVED, subject=mover, data={}, using="default")
        transaction.set_rollback(True)
    with transaction.atomic():
        kept = tell_event(MOVED, subject=mover, data={}, using="default")
    messages.deliver("default")
    number()
    rounds(webhook)

    assert webhook.heard == [str(kept)]


def test_data_outside_the_schema_and_a_missing_subject_are_refused(world):
    from dean06.exchange.events.errors import EventRefused

    with pytest.raises(EventRefused):
        happen(person(), data={"address": "1 Nguyễn Trãi"})
    with pytest.raises(EventRefused):
        happen(None)
    with pytest.raises(EventRefused):
        happen(person(), name="vn.gov.dancu.code.published", data={})


def test_a_type_with_personal_fields_is_refused_with_its_line(world, tmp_path):
    from dean06.exchange.errors import PackRefused
    from dean06.exchange.public import load_event_types

    (tmp_path / "types.yaml").write_text(
        "kind: event_types\nevent_types:\n  - name: a.b.c\n    provider: VN/GOV/G01/POPULATION\n    title: t\n"
        "    schema: {type: object, additionalProperties: false, properties: {full_name: {type: string}}}\n"
    )
    with pytest.raises(PackRefused, match=r"types.yaml:3: schema names full_name"):
        load_event_types(tmp_path / "types.yaml")


@pytest.mark.parametrize(
    "address",
    [
        "http://bank.example/events",
        "http://10.0.0.1/x",
        "http://127.0.0.1.evil.example/",
        "https://user@bank.example/",
        "https://bank.example/#x",
        "ftp://bank.example/",
        "file:///etc/passwd",
        "https://",
        "https://bank.example:x/",
        "https://bank.example\\@evil.example/",
        "http://0.0.0.0/",
        "http://[::ffff:10.0.0.1]/",
        "https://ngân-hàng.vn/",
    ],
)
def test_addresses_that_no_event_goes_to(world, address):
    from dean06.exchange.events.actions import register_target
    from dean06.exchange.events.errors import TargetRefused

    with pytest.raises(TargetRefused):
        register_target(consumer=BANK, address=address, actor=OPERATOR)


def test_a_consumer_cannot_send_events_to_an_address_of_its_own_choice_or_of_another(world):
    from dean06.exchange.events.errors import TargetUnknown

    with pytest.raises(TargetUnknown):
        subscribe(address="https://elsewhere.example/")
    with pytest.raises(TargetUnknown):
        subscribe(consumer=SHOP, address=HOOK)


def test_an_address_taken_back_gets_nothing_more(world, clock, webhook):
    from dean06.exchange.public import forget_target

    a_customer_moved(clock)
    forget_target(consumer=BANK, address=HOOK, actor=OPERATOR)

    rounds(webhook)

    assert webhook.posts == []
