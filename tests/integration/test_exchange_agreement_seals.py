"""Gateways go by agreements that are what the exchange signed; whatever else stands in the table, for whatever reason, opens nothing."""

import pytest

from dean06.exchange import agreement_seals, snapshot
from dean06.exchange.agreements import actions
from dean06.exchange.configuration.publishing import shared_content
from dean06.exchange.models import AgreementCase, AgreementDecision, AgreementVersion
from dean06.exchange.packs import digest_of
from dean06.exchange.public import load_agreements
from dean06.exchange.sealing import is_sealed
from exchange_agreements_world import CONTENT, PACK, REASON, world_of_agreements

pytestmark = pytest.mark.django_db
WIDER = {"fields": ["*"]}


@pytest.fixture
def people(tmp_path, settings):
    settings.DEAN06_KEY_DIR = tmp_path / "keys"
    return world_of_agreements(tmp_path)


def approved(people, *, renews="", **changed):
    case = actions.request_agreement(document={**CONTENT, **changed}, reason=REASON, actor=people.requester, renews=renews)
    for actor in (people.approver, people.operator):
        case = actions.approve(code=case.agreement.code, version=case.agreement.version, actor=actor)
    return case


def loaded(folder, *texts):
    for text in texts:
        (folder / "agreements.yaml").write_text(text)
        load_agreements(folder / "agreements.yaml")
    return AgreementCase.objects.select_related("agreement").filter(agreement__code="P-1").latest("agreement__version")


def in_force():
    """Return the code and version of all that gateways allow; those of this installation and those elsewhere must agree."""
    here = {(one.code, one.version) for found in snapshot.read(1).agreements.values() for one in found}
    shared = snapshot.read_shared(shared_content(), version=1)
    elsewhere = {(one.code, one.version) for found in shared.agreements.values() for one in found}
    assert here == elsewhere
    return here


def change(case, **content):
    """Write other content into the table, with the digest that belongs to it."""
    document = {**case.agreement.document, **content}
    rows(case).update(document=document, digest=digest_of(document))


def rows(case):
    return AgreementVersion.objects.filter(pk=case.agreement_id)


def test_what_was_approved_by_two_people_or_loaded_from_a_pack_is_in_force(people, tmp_path):
    case = approved(people)
    loaded(tmp_path, PACK)

    assert in_force() == {(case.agreement.code, 1), ("P-1", 1)}


ALTERED = {
    "wider fields": lambda case: change(case, **WIDER),
    "a later end": lambda case: change(case, valid_until="2036-12-31"),
    "another client": lambda case: change(case, client="VN/GOV/G01/POPULATION"),
    "a field too few": lambda case: rows(case).update(document={name: value for name, value in CONTENT.items() if name != "endpoints"}),
    "no object": lambda case: rows(case).update(document=["*"]),
    "another version": lambda case: rows(case).update(version=7),
    "another code": lambda case: rows(case).update(code="TT-2026-0777"),
    "no signature": lambda case: AgreementCase.objects.filter(pk=case.pk).update(signature="x"),
}


@pytest.mark.parametrize("name", ALTERED)
def test_an_approved_agreement_that_is_altered_opens_nothing_and_the_others_stay(people, tmp_path, name):
    case = approved(people)
    loaded(tmp_path, PACK)

    ALTERED[name](case)

    assert in_force() == {("P-1", 1)}


@pytest.mark.parametrize("name", ALTERED)
def test_a_packs_agreement_that_is_altered_opens_nothing_and_the_others_stay(people, tmp_path, name):
    case = approved(people)

    ALTERED[name](loaded(tmp_path, PACK))

    assert in_force() == {(case.agreement.code, 1)}


@pytest.mark.parametrize("side", ["provider", "operator"])
def test_a_decision_that_is_altered_opens_nothing(people, side):
    case = approved(people)

    AgreementDecision.objects.filter(case=case, side=side).update(token="x")

    assert in_force() == set()


def test_what_was_approved_is_not_taken_for_what_a_pack_brought(people):
    case = approved(people)

    AgreementCase.objects.filter(pk=case.pk).update(origin="pack")

    assert in_force() == set()


def test_the_signature_of_one_agreement_is_none_of_another(people):
    one, other = approved(people), approved(people, title="Một thỏa thuận khác", **WIDER)

    AgreementCase.objects.filter(pk=one.pk).update(signature=other.signature)

    assert in_force() == {(other.agreement.code, 1)}


def test_no_earlier_version_comes_back_where_a_later_one_is_altered(people, tmp_path):
    approved_code = approved(people, **WIDER).agreement.code
    narrower = approved(people, renews=approved_code)
    latest = loaded(tmp_path, PACK.replace("[agrees]", "['*']"), PACK)
    assert in_force() == {(approved_code, 2), ("P-1", 2)}

    for case in (narrower, latest):
        change(case, title="Sửa")

    assert in_force() == set()


def test_a_signature_is_verified_once_and_what_was_altered_since_is_not_taken_for_it(people, monkeypatch):
    case = approved(people)
    asked = []
    monkeypatch.setattr(agreement_seals, "_good", set())
    monkeypatch.setattr(agreement_seals, "is_sealed", lambda *args, **keywords: asked.append(args) or is_sealed(*args, **keywords))

    assert [in_force() for _ in range(3)] == [{(case.agreement.code, 1)}] * 3
    assert len(asked) == 1
    change(case, **WIDER)
    assert in_force() == set()
    rows(case).update(document=case.agreement.document)
    assert in_force() == {(case.agreement.code, 1)}


def test_what_is_remembered_of_good_signatures_is_bounded(people, monkeypatch):
    monkeypatch.setattr(agreement_seals, "_good", known := set())
    monkeypatch.setattr(agreement_seals, "MOST_REMEMBERED", 1)
    codes = {(approved(people, title=title).agreement.code, 1) for title in ("Một", "Hai", "Ba")}

    assert in_force() == codes
    assert len(known) == 1


def test_what_was_stopped_stays_stopped_and_what_was_never_approved_needs_no_signature(people):
    case = approved(people)
    waiting = actions.request_agreement(document=CONTENT, reason=REASON, actor=people.requester)
    actions.suspend(code=case.agreement.code, version=1, reason="Có dấu hiệu bất thường", actor=people.operator)
    assert in_force() == set()

    actions.resume(code=case.agreement.code, version=1, reason="Đã làm rõ xong", actor=people.second_operator)

    assert waiting.signature == ""
    assert in_force() == {(case.agreement.code, 1)}
