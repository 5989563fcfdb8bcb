"""The service of events behind the gateway: what a consumer can ask of it, and what it cannot learn by asking."""

import json

import msgspec
import pytest

from dean06.core.errors import Dean06Error
from dean06.exchange.public import ProviderRequest, events_openapi, events_provider
from events_world import BANK, DIED, HOOK, MOVED, PROVIDER, SHOP, agreement, happen, hook, load, name_of, number, numbers_of, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(tmp_path):
    load(tmp_path, [agreement("E-1"), agreement("E-2", client=SHOP)])
    hook()
    people = {"000190000001": person(), "000190000002": person()}
    with numbers_of(people):
        yield people
    from dean06.exchange import snapshot

    snapshot.forget()


def ask(method, path, document=None, *, client=BANK, purpose="kyc", query=""):
    body = b"" if document is None else msgspec.json.encode(document)
    return events_provider(PROVIDER)(
        ProviderRequest(method, f"/v1{path}", body, purpose, "91/2025/QH15, Điều 9", "", "", client, ("*",), query=query)
    )


def refused(*arguments, **more):
    with pytest.raises(Dean06Error) as caught:
        ask(*arguments, **more)
    return caught.value.code


def subscribed(**more):
    return ask("POST", "/subscriptions", {"type": MOVED, "mode": "pull"}, **more).document["id"]


def test_pull_and_confirm(world):
    key = subscribed()
    watched = ask("POST", f"/subscriptions/{key}/subjects", {"personal_ids": ["000190000001", "999999999999"]})
    mover = world["000190000001"]
    told = [str(happen(mover)) for _ in range(3)]
    happen(person())
    number()

    first = ask("GET", f"/subscriptions/{key}/events", query="limit=2")
    again = ask("GET", f"/subscriptions/{key}/events", query="limit=2")
    ask("POST", f"/subscriptions/{key}/confirm", {"position": first.document["position"]})
    rest = ask("GET", f"/subscriptions/{key}/events")

    assert watched.document["subjects"] == [{"subject": name_of(mover)}, {"error": "unknown"}]
    assert watched.subjects == (mover,)
    assert [event["id"] for event in first.document["events"]] == told[:2]
    assert first.document["more"] is True
    assert again.document == first.document
    assert first.subjects == (mover,)
    assert [event["id"] for event in rest.document["events"]] == told[2:]
    assert (rest.document["more"], rest.document["position"]) == (False, 4)
    text = json.dumps([watched.document, first.document, rest.document])
    assert "000190000001" not in text
    assert str(mover) not in text


def test_a_confirmed_place_never_goes_back_but_a_replay_does(world):
    key = subscribed()
    for _ in range(3):
        happen(person())
    number()

    assert ask("POST", f"/subscriptions/{key}/confirm", {"position": 3}).document == {"position": 3}
    assert ask("POST", f"/subscriptions/{key}/confirm", {"position": 1}).document == {"position": 3}
    assert ask("POST", f"/subscriptions/{key}/confirm", {"position": 99}).document == {"position": 3}
    assert ask("POST", f"/subscriptions/{key}/replay", {"from_sequence": 2}).document == {"position": 1}


def test_what_is_not_covered_looks_like_what_does_not_exist(world):
    assert [one["type"] for one in ask("GET", "/event-types").document["event_types"]] == [MOVED]
    assert ask("GET", "/event-types", purpose="loan").document == {"event_types": []}
    codes = {
        refused("POST", "/subscriptions", {"type": DIED}),
        refused("POST", "/subscriptions", {"type": "vn.gov.no.such"}),
        refused("POST", "/subscriptions", {"type": MOVED}, purpose="loan"),
    }
    assert codes == {"exchange.event_type_unknown"}


@pytest.mark.parametrize("step", ["", "/events", "/subjects", "/confirm", "/replay", "/forget-subjects"])
def test_another_s_subscription_is_unknown(world, step):
    key = subscribed()
    method = "GET" if step in ("", "/events") else "POST"

    assert refused(method, f"/subscriptions/{key}{step}", {}, client=SHOP) == "exchange.subscription_unknown"
    assert refused(method, f"/subscriptions/{key}{step}", {}, purpose="loan") == "exchange.subscription_unknown"


@pytest.mark.parametrize(
    ("method", "path", "document", "query"),
    [
        ("POST", "/subscriptions", {}, ""),
        ("POST", "/subscriptions", {"type": MOVED, "mode": "sideways"}, ""),
        ("POST", "/subscriptions", {"type": MOVED, "extra": 1}, ""),
        ("POST", "/subscriptions", {"type": MOVED, "from_sequence": 0}, ""),
        ("POST", "/subscriptions/ID/subjects", {"personal_ids": []}, ""),
        ("POST", "/subscriptions/ID/subjects", {"personal_ids": ["1"] * 1001}, ""),
        ("POST", "/subscriptions/ID/subjects", {"personal_ids": ["x" * 21]}, ""),
        ("POST", "/subscriptions/ID/confirm", {"position": -1}, ""),
        ("GET", "/subscriptions/ID/events", None, "limit=x"),
        ("GET", "/subscriptions/ID/events", None, "limit=501"),
        ("GET", "/subscriptions/ID/events", None, "after=-1"),
    ],
)
def test_malformed_requests_are_refused_without_a_word_of_their_content(world, method, path, document, query):
    key = subscribed()

    assert refused(method, path.replace("ID", key), document, query=query) == "exchange.event_request_malformed"


@pytest.mark.parametrize("path", ["/nothing", "/subscriptions/x", "/subscriptions/../keys", "/subscriptions/"])
def test_other_paths_do_not_exist(world, path):
    assert refused("GET", path) == "exchange.event_service_unknown"


def test_a_subscription_ends_and_is_gone(world):
    key = subscribed()
    ask("DELETE", f"/subscriptions/{key}")

    assert ask("GET", "/subscriptions").document == {"subscriptions": []}
    assert refused("GET", f"/subscriptions/{key}/events") == "exchange.subscription_of_another_kind"
    assert subscribed() != key


def test_to_subscribe_twice_is_to_subscribe_once(world):
    assert subscribed() == subscribed()


def test_a_consumer_names_no_address_of_its_own(world):
    asked = {"type": MOVED, "mode": "push", "target": "https://elsewhere.example/"}

    assert refused("POST", "/subscriptions", asked) == "exchange.event_target_unknown"
    assert ask("POST", "/subscriptions", asked | {"target": HOOK}).document["target"] == HOOK


def a_cloud_event(**changes):
    return {"specversion": "1.0", "id": "a-1", "source": "/register", "type": MOVED, "subject": "000190000001", "data": {}} | changes


def test_the_teller_s_own_system_tells_a_cloud_event_once_however_often_it_asks(world):
    key = subscribed()
    ask("POST", f"/subscriptions/{key}/subjects", {"personal_ids": ["000190000001"]})
    first = ask("POST", "/events", a_cloud_event(), client=PROVIDER)
    again = ask("POST", "/events", a_cloud_event(), client=PROVIDER)
    number()

    assert (first.status, first.document["is_new"], again.document["is_new"]) == (202, True, False)
    assert first.subjects == (world["000190000001"],)
    (event,) = ask("GET", f"/subscriptions/{key}/events").document["events"]
    assert event["id"] == first.document["id"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"specversion": "0.3"}, "exchange.event_refused"),
        ({"subject": "999999999999"}, "exchange.event_refused"),
        ({"subject": None}, "exchange.event_refused"),
        ({"data": {"address": "1 Nguyễn Trãi"}}, "exchange.event_refused"),
        ({"data": []}, "exchange.event_refused"),
        ({"type": "vn.gov.no.such"}, "exchange.event_not_the_teller"),
    ],
)
def test_what_a_teller_may_not_tell(world, changes, code):
    assert refused("POST", "/events", a_cloud_event(**changes), client=PROVIDER) == code


def test_a_consumer_tells_nothing(world):
    assert refused("POST", "/events", a_cloud_event()) == "exchange.event_not_the_teller"


def test_the_description_names_every_path_of_the_service():
    from dean06.exchange.events.service import STEPS, STEPS_OF_ONE

    described = {(method.upper(), path) for path, item in events_openapi()["paths"].items() for method in item if method != "parameters"}
    one = "/v1/subscriptions/{id}"
    assert described == set(STEPS) | {(method, f"{one}/{tail}" if tail else one) for method, tail in STEPS_OF_ONE}


def test_the_description_passes_the_rules_that_others_are_held_to():
    from dean06.exchange.openapi.lint import lint

    assert lint(events_openapi()) == []
