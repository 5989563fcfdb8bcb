"""Kept bodies: off unless the agreement says so, durable with the evidence, opened for a purpose, shredded by the day."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from click.testing import CliRunner
from django.conf import settings
from django.db import connections
from django.test import Client, override_settings
from django.utils import translation
from django.utils.timezone import localtime

from dean06.cli.main import cli
from dean06.core.actor import ANONYMOUS, Actor
from dean06.core.clock import now, today
from dean06.core.config import Bodies as Settings
from dean06.core.databases import database_of, open_connection
from dean06.core.keys import PersonKey
from dean06.exchange import evidence, providing, snapshot
from dean06.exchange.bodies.errors import BodiesNotReadable, BodiesNotYours, BodiesShredded, DayNotOver, NoBodiesKept, PurposeNotStated
from dean06.exchange.bodies.models import BodyKey, KeptBody
from dean06.exchange.bodies.shredding import kept_days, shred
from dean06.exchange.bodies.tasks import shred_old_bodies
from dean06.exchange.consuming import prepare, received
from dean06.exchange.domain.r1 import compose
from dean06.exchange.evidence import Evidence, EvidenceKeeper
from dean06.exchange.models import EvidenceIndex
from dean06.exchange.proving.indexing import index_evidence
from dean06.exchange.proving.opening import open_bodies, standings
from dean06.exchange.public import ProviderResponse, evidence_bundle, load_agreements, load_members, register_provider
from dean06.ledger.models import LedgerEntry
from dean06.ledger.public import destroy_subject_key, evidence_of, looks_at, public_keys_pem, sequence, verify
from dean06.portal.looks import lines
from dean06.signing.public import trust_anchor_pem
from exchange_evidence_world import NUMBER, SUBJECT, TELLER, look_up
from exchange_gateways import POPULATION as ADDRESS
from exchange_gateways import agreement
from exchange_packs import BANK, POPULATION, members
from offline_verifier import tool

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("exchange_gateways")]

READER = Actor(account="reader-1", unit_code="VANHANH", roles=frozenset({"operator", "evidence_reader"}))
OPERATOR = Actor(account="operator-1", roles=frozenset({"operator"}))
WHY = "Ngân hàng khiếu nại câu trả lời sai"
ANSWER = {"personal_id": NUMBER, "full_name": "Nguyễn Thị Mẫu"}


@pytest.fixture
def agreed(monkeypatch, tmp_path):
    """Load one agreement that keeps bodies where it says, with a register of one person behind it."""
    monkeypatch.setattr(providing, "_providers", {})
    snapshot.forget()

    def load(keep_bodies="none", more=""):
        (tmp_path / "members.yaml").write_text(members("{code: population, title: Dân cư, location: inside}"))
        text = agreement("A-1", fields="personal_id, full_name", keep_bodies=keep_bodies)
        (tmp_path / "agreements.yaml").write_text(f"kind: agreements\nagreements:\n{text.rstrip()}\n{more}")
        load_members(tmp_path)
        load_agreements(tmp_path)
        register_provider(POPULATION, handler=lambda _request: ProviderResponse(200, ANSWER, (SUBJECT,)), openapi={})

    yield load
    snapshot.forget()


@pytest.fixture
def kept(agreed):
    """One call whose bodies both sides keep; return the entries' rows in the index by side."""
    agreed("both")
    look_up()
    return indexed()


def indexed():
    index_evidence()
    return {row.log.rpartition(".")[2]: row for row in EvidenceIndex.objects.order_by("entry_id")}


def entries(kind):
    return LedgerEntry.objects.filter(kind=kind).count()


def shred_all():
    with time_machine.travel(now() + timedelta(days=1), tick=True):
        return shred(before=today(), actor=READER, who="Trưởng ca vận hành")


# -- keeping


def test_nothing_is_kept_and_nothing_said_unless_the_agreement_says_so(agreed):
    agreed()
    look_up()

    rows = indexed()
    assert [row.bodies for row in rows.values()] == [{}, {}]
    assert not KeptBody.objects.exists()
    assert not BodyKey.objects.exists()
    assert "bodies" not in json.loads(evidence_of(rows["provider"].entry_id)["reading"]["payload"])["detail"]


def test_the_provider_alone_keeps_where_the_agreement_says_provider(agreed):
    agreed("provider")
    look_up()

    rows = indexed()
    assert rows["provider"].bodies == {"day": today().isoformat(), "request": "kept", "answer": "kept"}
    assert rows["consumer"].bodies == {}


def test_an_agreement_of_others_that_a_provider_names_makes_nobody_keep(agreed):
    agreed("none", more=agreement("B-1", client="VN/GOV/H49/SERVICES", keep_bodies="both"))
    state = snapshot.current()
    message = compose(client=BANK, service=POPULATION, method="POST", path="/v1/persons/x", body=b"{}", purpose="kyc")
    outgoing = prepare(message, state=state)

    assert state.kept_by_consumers == {"B-1/1"}
    for name in ("B-1/1", "A-1/1", ""):
        assert received(outgoing, status=200, answer=outgoing.signed, agreement=name, body=b"{}", state=state).bodies is None


def test_no_body_stands_readable_in_the_database(kept):
    with connections[database_of("exchange")].cursor() as cursor:
        cursor.execute("SELECT string_agg(encode(sealed, 'escape'), '') FROM exchange_bodies_keptbody")
        stored = cursor.fetchone()[0]

    assert NUMBER not in stored
    assert "Nguy" not in stored
    assert NUMBER not in str([evidence_of(row.entry_id) for row in kept.values()])


@override_settings(DEAN06_BODIES=Settings(largest_bytes=40))
def test_a_body_above_the_bound_is_recorded_as_not_kept(agreed):
    agreed("provider")
    look_up()

    row = indexed()["provider"]
    assert row.bodies == {"day": today().isoformat(), "request": "kept", "answer": "too_large"}
    assert [part.name for part in open_bodies(row.entry_id, purpose=WHY, actor=READER)] == ["request"]


@override_settings(DEAN06_BODIES=Settings(largest_bytes=1))
def test_where_all_is_too_large_there_is_nothing_to_open(agreed):
    agreed("provider")
    look_up()

    row = indexed()["provider"]
    assert standings([row])[row.entry_id].state == "too_large"
    with pytest.raises(NoBodiesKept):
        open_bodies(row.entry_id, purpose=WHY, actor=READER)


def drafted(answer=b"{}"):
    made = Evidence(kind="exchange.answered", log="exchange.provider", actor=TELLER, who="x", subjects=(PersonKey(uuid4()),))
    return made.with_bodies(request=b"?", answer=answer)


def keeping_on_own_connection(*groups):
    async def run():
        keeper, connection = EvidenceKeeper(), await open_connection(database_of("exchange"))
        try:
            return [await keeper.keep(connection, group) for group in groups]
        finally:
            await connection.close()

    return asyncio.run(run())


def test_a_gateway_writes_a_mixed_group_in_one_commit():
    plain = replace(drafted(), bodies=None)
    first, second = keeping_on_own_connection([drafted(), plain, drafted()], [drafted()])

    assert set(KeptBody.objects.values_list("entry_id", flat=True)) == {first[0], first[2], second[0]}
    assert LedgerEntry.objects.filter(id__in=[*first, *second]).count() == 4
    assert BodyKey.objects.count() == 1


def test_a_replay_in_a_group_keeps_no_body_and_the_rest_keeps_its_own():
    nonce = uuid4()
    (first,), (replay, other) = keeping_on_own_connection(
        [replace(drafted(), nonce=nonce)], [replace(drafted(), nonce=nonce), replace(drafted(), nonce=uuid4())]
    )

    assert replay is None
    assert set(KeptBody.objects.values_list("entry_id", flat=True)) == {first, other}


def test_evidence_and_bodies_are_there_together_or_not_at_all(monkeypatch):
    async def fail(*_):
        raise ConnectionError

    monkeypatch.setattr(evidence.keeping, "keep_now", fail)
    with pytest.raises(ConnectionError):
        keeping_on_own_connection([drafted()])

    assert not LedgerEntry.objects.exists()
    assert not KeptBody.objects.exists()


def test_a_keeper_forgets_keys_that_a_failed_group_made(monkeypatch):
    real, person, failures = evidence.keeping.keep_now, PersonKey(uuid4()), iter([True, False])

    async def fail_once(connection, bodies):
        if next(failures):
            raise ConnectionError
        await real(connection, bodies)

    async def run():
        keeper, connection = EvidenceKeeper(), await open_connection(database_of("exchange"))
        group = [replace(drafted(), subjects=(person,))]
        try:
            with pytest.raises(ConnectionError):
                await keeper.keep(connection, group)
            return await keeper.keep(connection, group)
        finally:
            await connection.close()

    monkeypatch.setattr(evidence.keeping, "keep_now", fail_once)
    (entry,) = asyncio.run(run())
    sequence(database_of("exchange"))

    assert evidence_of(entry)["reading"] is not None


# -- opening


@pytest.mark.parametrize("side", ["provider", "consumer"])
def test_an_opened_body_is_what_was_said_and_agrees_with_the_signed_digests(kept, side):
    request, answer = open_bodies(kept[side].entry_id, purpose=WHY, dossier="KN-7", actor=READER)

    assert json.loads(request.body) == {"personal_id": NUMBER}
    assert json.loads(answer.body) == ANSWER
    assert request.agrees
    assert answer.agrees


@pytest.mark.parametrize("side", ["provider", "consumer"])
def test_the_person_sees_who_opened_it_and_why_also_where_the_consumer_s_copy_was_opened(kept, side):
    open_bodies(kept[side].entry_id, purpose=WHY, dossier="KN-7", actor=READER)
    sequence(database_of("exchange"))

    look = looks_at(SUBJECT).rows[0]
    assert (look.kind, look.who, look.purpose, look.dossier) == ("exchange.body_opened", "VANHANH", WHY, "KN-7")
    assert (look.detail["side"], look.detail["parts"]) == (side, ["request", "answer"])
    with translation.override("vi"):
        assert "Mở lại nội dung đã lưu" in lines(SUBJECT).rows[0].what


@pytest.mark.parametrize(
    ("actor", "purpose", "error"),
    [
        (OPERATOR, WHY, BodiesNotYours),
        (Actor(account="x", roles=frozenset({"evidence_reader"})), WHY, BodiesNotYours),
        (ANONYMOUS, WHY, BodiesNotYours),
        (READER, "", PurposeNotStated),
        (READER, "  kiểm tra ", PurposeNotStated),
    ],
)
def test_without_both_roles_and_a_purpose_nothing_is_opened_or_noted(kept, actor, purpose, error):
    with pytest.raises(error):
        open_bodies(kept["provider"].entry_id, purpose=purpose, actor=actor)

    assert entries("exchange.body_opened") == 0


def test_an_opening_of_a_look_that_is_told_later_is_told_later_too(agreed):
    agreed("provider", more="    notify: delayed\n    notify_until: 2099-01-01\n")
    look_up()
    open_bodies(indexed()["provider"].entry_id, purpose=WHY, actor=READER)
    sequence(database_of("exchange"))

    assert {look.kind for look in looks_at(SUBJECT).rows} == {"exchange.answered", "exchange.body_opened"}
    assert lines(SUBJECT).rows == []


def test_an_altered_or_moved_body_is_not_opened(kept):
    row, other = (KeptBody.objects.get(pk=kept[side].entry_id) for side in ("provider", "consumer"))
    KeptBody.objects.filter(pk=row.pk).update(sealed=bytes(other.sealed), key_id=other.key_id)

    with pytest.raises(BodiesNotReadable):
        open_bodies(row.pk, purpose=WHY, actor=READER)
    assert entries("exchange.body_opened") == 0


def test_a_body_goes_with_the_key_of_the_person_on_every_side_here(kept):
    destroy_subject_key(SUBJECT)

    for side in ("provider", "consumer"):
        with pytest.raises(BodiesNotReadable):
            open_bodies(kept[side].entry_id, purpose=WHY, actor=READER)


# -- shredding


def test_shredding_destroys_key_and_rows_of_the_day_and_says_so(kept):
    gone = shred_all()

    assert [(one.side, one.bodies) for one in gone] == [("consumer", 1), ("provider", 1)]
    assert not KeptBody.objects.exists()
    assert all(key.wrapped is None and key.destroyed_at for key in BodyKey.objects.all())
    assert entries("exchange.bodies_shredded") == 2
    assert all(one.shredded_at for one in kept_days())
    with pytest.raises(BodiesShredded):
        open_bodies(kept["provider"].entry_id, purpose=WHY, actor=READER)


def test_the_evidence_bundle_of_a_shredded_day_still_proves_itself(kept, tmp_path, capsys):
    shred_all()
    sequence(database_of("exchange"))
    _, content = evidence_bundle(kept["provider"].transaction_id, name="b.zip")
    for name, text in (("b.zip", content), ("keys.pem", public_keys_pem()), ("root.pem", trust_anchor_pem())):
        (tmp_path / name).write_bytes(text)

    found = tool.main(["bundle", str(tmp_path / "b.zip"), "--key", str(tmp_path / "keys.pem"), "--trust", str(tmp_path / "root.pem")])

    assert found == 0, capsys.readouterr().out
    assert verify(database_of("exchange")).is_clean


def test_today_is_not_shredded_and_shredding_twice_finds_nothing(kept):
    with pytest.raises(DayNotOver):
        shred(before=today() + timedelta(days=1), actor=READER)
    assert shred(before=today(), actor=READER) == []
    assert len(shred_all()) == 2
    assert shred_all() == []


@override_settings(DEAN06_BODIES=Settings(kept_days=3))
def test_the_worker_shreds_what_is_older_than_the_setting(kept):
    with time_machine.travel(now() + timedelta(days=3), tick=True):
        assert shred_old_bodies() == 0
    with time_machine.travel(now() + timedelta(days=4), tick=True):
        assert shred_old_bodies() == 2


def test_bodies_after_a_shredded_day_get_a_new_key(kept):
    shred_all()
    look_up()

    assert sorted(key.wrapped is None for key in BodyKey.objects.all()) == [False, False, True, True]
    newest = EvidenceIndex.objects.filter(log="exchange.provider").order_by("-seq")
    index_evidence()
    assert open_bodies(newest.first().entry_id, purpose=WHY, actor=READER)


def test_the_command_lists_and_shreds(kept):
    runner = CliRunner()
    (listed,) = (json.loads(runner.invoke(cli, ["exchange", "bodies", "list", "--json"]).output),)
    assert [(row["day"], row["side"], row["bodies"]) for row in listed] == [
        (today().isoformat(), "consumer", 1),
        (today().isoformat(), "provider", 1),
    ]
    with time_machine.travel(now() + timedelta(days=1), tick=True):
        shredding = ["exchange", "bodies", "shred", "--before", today().isoformat()]
        assert runner.invoke(cli, shredding, input="n\n").exit_code == 1
        assert KeptBody.objects.count() == 2
        done = runner.invoke(cli, [*shredding, "--yes"])
    assert (done.exit_code, done.output.count("1 bodies destroyed")) == (0, 2), done.output
    assert "shredded" in runner.invoke(cli, ["exchange", "bodies", "list"]).output
    future = (today() + timedelta(days=9)).isoformat()
    assert runner.invoke(cli, ["exchange", "bodies", "shred", "--before", future, "--yes"]).exit_code == 2


# -- pages


@pytest.fixture
def browse(acting):
    """Return a client of somebody."""

    def as_(actor, language="vi"):
        acting(actor)
        return Client(headers={"accept-language": language}, HTTP_HOST="localhost")

    return as_


def place(row):
    return f"/exchange/evidence/{row.entry_id}/bodies"


def test_the_page_opens_a_body_for_a_purpose_and_hands_it_out_as_a_file(kept, browse):
    client, address = browse(READER), place(kept["provider"])

    assert address in client.get("/exchange/evidence").content.decode()
    page = client.get(address).content.decode()
    assert "Có lưu" in page
    assert "Nguyễn Thị Mẫu" not in page
    refused = client.post(address, {"purpose": "xem"})
    assert refused.status_code == 422
    assert "Nguyễn Thị Mẫu" not in refused.content.decode()
    opened = client.post(address, {"purpose": WHY}).content.decode()
    assert "Nguyễn Thị Mẫu" in opened
    assert "Khớp mã băm mà hai cổng đã ký" in opened
    file = client.post(address, {"purpose": WHY, "file": "answer"})
    assert json.loads(file.content) == ANSWER
    assert entries("exchange.body_opened") == 2


def test_the_page_says_when_a_day_was_shredded_in_both_languages(kept, browse):
    shred_all()
    client = browse(READER)
    day = localtime(BodyKey.objects.first().destroyed_at)  # a day of the people who read, also after midnight in Hà Nội

    assert f"đã hủy ngày {day:%d/%m/%Y}" in client.get(place(kept["provider"])).content.decode()
    assert f"Nội dung đã hủy ngày {day:%d/%m/%Y}" in client.get("/exchange/evidence").content.decode()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    english = client.get(place(kept["provider"])).content.decode()
    assert "shredded on" in english
    assert "Nội dung" not in english


def test_who_may_not_open_is_told_and_refused(kept, browse):
    address = place(kept["provider"])
    assert "evidence_reader" in browse(OPERATOR).get(address).content.decode()
    assert browse(OPERATOR).post(address, {"purpose": WHY}).status_code == 403
    nobody = browse(Actor(account="x", roles=frozenset({"evidence_reader"})))
    assert nobody.get(address).status_code == 403
    assert browse(READER).get(f"/exchange/evidence/{uuid4()}/bodies").status_code == 404
    assert entries("exchange.body_opened") == 0


# -- through real gateways


def test_two_gateways_keep_what_went_through_them_and_the_evidence_names_its_digests(gateways):
    asked = '{"personal_id": "000190000017", "note": "giữ"}'
    answered = gateways.curl(f"{ADDRESS}/v1/kept/look-up", data=asked)

    assert answered.status == 200, answered
    told = gateways.help("/open-kept", transaction_id=answered.headers["x-road-request-id"])
    assert set(told) == {"provider", "consumer"}
    for side in told.values():
        assert side["opened"] == {"request": [asked, True], "answer": [answered.body.decode(), True]}


def test_a_gateway_says_of_a_large_request_that_it_was_not_kept(gateways):
    asked = json.dumps({"filler": "x" * 1_100_000})
    answered = gateways.curl(f"{ADDRESS}/v1/kept/look-up", data=asked)

    assert answered.status == 200, answered
    told = gateways.help("/open-kept", transaction_id=answered.headers["x-road-request-id"])["provider"]
    assert (told["said"]["request"], told["said"]["answer"]) == ("too_large", "kept")
    assert list(told["opened"]) == ["answer"]


def test_calls_under_other_agreements_leave_no_body_in_the_gateways_database(gateways):
    answered = gateways.curl(f"{ADDRESS}/v1/persons/look-up")
    entry = next(one for one in gateways.entries() if one["detail"].get("transaction_id") == answered.headers["x-road-request-id"])

    assert "bodies" not in entry["detail"]
