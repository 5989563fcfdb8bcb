"""Calls inside one process: the agreement decides, the mask releases, the evidence stays."""

from datetime import UTC, datetime
from types import SimpleNamespace

import msgspec
import pytest
import time_machine

from dean06.core.actor import Actor
from dean06.core.keys import PersonKey, new_key
from dean06.exchange import providing, snapshot
from dean06.exchange.errors import (
    AgreementExpired,
    AgreementMissing,
    AnswerWithoutSubject,
    BadRequest,
    LegalBasisNotCovered,
    PackRefused,
    PurposeNotCovered,
    ServiceDisabled,
    ServiceFailed,
    UnknownMember,
    UnknownService,
)
from dean06.exchange.models import AgreementVersion, PackVersion
from dean06.exchange.public import ProviderResponse, call, load_agreements, load_members, register_provider
from dean06.ledger.public import looks_at
from exchange_packs import BANK, POPULATION, members

pytestmark = pytest.mark.django_db

SERVICES = "VN/GOV/H49/SERVICES"
TELLER = Actor(account="teller-1", unit_code="DEMOBANK")
SUBJECT = PersonKey(new_key())
PERSON = {
    "personal_id": "000190000017",
    "full_name": "Nguyễn Thị Mẫu",
    "born_on": "1990-05-02",
    "sex": "female",
    "status": "alive",
    "religion": "00",
    "father": {"full_name": "Nguyễn Văn Mẫu", "personal_id": "000065000025"},
}

MEMBERS = members(
    "{code: population, title: Dân cư, location: inside}",
    "{code: nobody, title: Không có ai, location: inside}",
    "{code: paused, title: Tạm dừng, location: inside, disabled_notice: Bảo trì đến 18 giờ}",
)
TO_A_SERVICE = """
  - code: {code}
    title: {title}
    client: VN/COM/DEMOBANK/CUSTOMERS
    service: VN/GOV/G01/POPULATION/{service}
    endpoints: [{{method: POST, path: /**}}]
    fields: ["*"]
    purposes: [kyc]
    legal_bases: [{{document: 91/2025/QH15, certainty: F}}]
    valid_from: 2026-01-01
    valid_until: 2026-12-31
"""
AGREEMENTS = """
kind: agreements
agreements:
  - code: A-1
    title: Ngân hàng
    client: VN/COM/DEMOBANK/CUSTOMERS
    service: VN/GOV/G01/POPULATION/population
    endpoints: [{method: POST, path: /v1/persons/*}]
    fields: [personal_id, full_name, father.full_name]
    purposes: [kyc]
    legal_bases: [{document: 91/2025/QH15, article: Điều 9, certainty: F}]
    subject_required: true
    valid_from: 2026-01-01
    valid_until: 2026-12-31"""
AGREEMENTS += TO_A_SERVICE.format(code="A-2", title="Dịch vụ không có ai", service="nobody")
AGREEMENTS += TO_A_SERVICE.format(code="A-3", title="Dịch vụ tạm dừng", service="paused")


@pytest.fixture
def packs(tmp_path):
    (tmp_path / "members.yaml").write_text(MEMBERS)
    (tmp_path / "agreements.yaml").write_text(AGREEMENTS)
    return tmp_path


@pytest.fixture
def seen(monkeypatch, packs):
    """The world of the packs, with a provider that remembers what it was asked."""
    monkeypatch.setattr(providing, "_providers", {})
    world = SimpleNamespace(requests=[], answer=ProviderResponse(200, PERSON, (SUBJECT,)))

    def handler(request):
        world.requests.append(request)
        return world.answer

    register_provider(POPULATION, handler=handler, openapi={})
    with time_machine.travel(datetime(2026, 6, 1, 3, tzinfo=UTC), tick=True):
        load_members(packs)
        load_agreements(packs)
        yield world
    snapshot.forget()


def ask(**changes):
    values = {
        "client": BANK,
        "service": POPULATION,
        "method": "POST",
        "path": "/v1/persons/look-up",
        "body": {"personal_id": "000190000017"},
        "purpose": "kyc",
        "legal_basis": "91/2025/QH15, Điều 9",
        "issue": "KH-7",
        "actor": TELLER,
    }
    return call(**values | changes)


def refusals():
    from dean06.ledger.models import LedgerEntry

    return LedgerEntry.objects.filter(kind="exchange.refused").count()


def test_an_answer_holds_the_released_fields_only(seen):
    answer = ask()

    assert answer.status == 200
    assert answer.document == {"personal_id": "000190000017", "full_name": "Nguyễn Thị Mẫu", "father": {"full_name": "Nguyễn Văn Mẫu"}}


def test_the_service_sees_who_asks_what_for_and_on_which_basis(seen):
    ask()

    [request] = seen.requests
    assert (request.client, request.purpose, request.legal_basis, request.issue) == (BANK, "kyc", "91/2025/QH15, Điều 9", "KH-7")
    assert (request.method, request.path, request.inside) == ("POST", "/v1/persons/look-up", True)
    assert request.fields == ("personal_id", "full_name", "father.full_name")
    assert msgspec.json.decode(request.body) == {"personal_id": "000190000017"}


def test_the_disclosure_is_one_entry_that_the_subject_finds(seen):
    answer = ask()

    [look] = looks_at(SUBJECT).rows
    assert look.entry_id == answer.evidence_id
    assert (look.kind, look.log, look.who) == ("exchange.answered", "exchange.provider", "Ngân hàng trình diễn")
    assert (look.purpose, look.legal_basis, look.dossier) == ("kyc", "91/2025/QH15, Điều 9", "KH-7")
    assert tuple(look.fields) == ("personal_id", "full_name", "father.full_name")
    assert look.detail["transaction_id"] == answer.transaction_id


def test_the_evidence_is_verified_by_itself_with_the_published_keys(seen):
    import base64

    from dean06.signing.public import published_keys, verify_raw

    ask()
    [look] = looks_at(SUBJECT).rows
    for half, member in (("request", "member.VN.COM.DEMOBANK"), ("answer", "member.VN.GOV.G01")):
        signed = look.detail[half]
        [key] = [key for key in published_keys(member) if key.kid == signed["key_id"]]
        raw = base64.b64decode(signed["signature"].removeprefix("x1=:").removesuffix(":"))
        assert verify_raw(key.public_key, signed["base"].encode(), raw)
        assert not verify_raw(key.public_key, signed["base"].replace("kyc", "x").replace("200", "201").encode(), raw)


def test_the_consumer_keeps_its_own_evidence_without_a_subject(seen):
    from dean06.ledger.models import LedgerEntry

    ask()

    [entry] = LedgerEntry.objects.filter(log="exchange.consumer")
    assert (entry.kind, entry.subject_count) == ("exchange.received", 0)


def test_several_subjects_each_find_the_disclosure(seen):
    other = PersonKey(new_key())
    seen.answer = ProviderResponse(200, PERSON, (SUBJECT, other))

    answer = ask()

    assert [look.entry_id for look in looks_at(other).rows] == [answer.evidence_id]
    assert [look.entry_id for look in looks_at(SUBJECT).rows] == [answer.evidence_id]


def test_a_problem_of_the_service_comes_back_as_it_is(seen):
    seen.answer = ProviderResponse(404, {"title": "Không tìm thấy", "code": "registry.person_not_found"})

    answer = ask()

    assert (answer.status, answer.document["code"]) == (404, "registry.person_not_found")


def test_an_unnamed_legal_basis_is_taken_from_the_agreement_and_recorded(seen):
    ask(legal_basis="")

    assert looks_at(SUBJECT).rows[0].legal_basis == "91/2025/QH15, Điều 9"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client": SERVICES}, AgreementMissing),
        ({"path": "/v1/households/look-up"}, AgreementMissing),
        ({"method": "GET"}, AgreementMissing),
        ({"purpose": "marketing"}, PurposeNotCovered),
        ({"legal_basis": "68/2020/QH14"}, LegalBasisNotCovered),
        ({"client": "VN/COM/DEMOBANK/OTHER"}, UnknownMember),
        ({"client": "VN/COM/OTHER/OTHER"}, UnknownMember),
        ({"service": "VN/GOV/G01/POPULATION/other"}, UnknownService),
        ({"service": "VN/GOV/G01/OTHER/population"}, UnknownMember),
        ({"service": "VN/GOV/G01/POPULATION/nobody", "legal_basis": ""}, UnknownService),
        ({"service": "VN/GOV/G01/POPULATION/paused", "legal_basis": ""}, ServiceDisabled),
    ],
)
def test_a_call_that_is_not_covered_is_refused_and_the_refusal_recorded(seen, changes, error):
    with pytest.raises(error) as refused:
        ask(**changes)

    assert type(refused.value) is error
    assert seen.requests == []
    assert refusals() == 1


@pytest.mark.parametrize(
    "changes", [{"path": "/v1/persons/../households/look-up"}, {"path": "/v1/persons/%2e%2e/x"}, {"purpose": ""}, {"method": "BREW"}]
)
def test_a_malformed_call_is_refused_before_anything_is_asked(seen, changes):
    with pytest.raises(BadRequest):
        ask(**changes)
    assert seen.requests == []


def test_an_agreement_ends_by_the_clock_without_any_change(seen):
    with time_machine.travel(datetime(2026, 12, 31, 16, 59, tzinfo=UTC), tick=False):  # still the 31st in Vietnam
        ask()
    with time_machine.travel(datetime(2026, 12, 31, 17, 0, tzinfo=UTC), tick=False), pytest.raises(AgreementExpired):
        ask()


def test_an_answer_that_names_no_subject_is_withheld(seen):
    seen.answer = ProviderResponse(200, PERSON)

    with pytest.raises(AnswerWithoutSubject):
        ask()
    assert refusals() == 1


def test_a_search_that_finds_nobody_is_answered_with_evidence(seen):
    from dean06.ledger.models import LedgerEntry

    seen.answer = ProviderResponse(200, {"full_name": [], "father": {"full_name": None}, "is_complete": True}, about_nobody=True)

    found = ask()

    assert found.document == {"full_name": [], "father": {"full_name": None}}
    entry = LedgerEntry.objects.get(pk=found.evidence_id)
    assert (entry.kind, entry.subject_count) == ("exchange.answered", 0)


@pytest.mark.parametrize("document", [{"full_name": "Nguyễn Thị Mẫu"}, {"full_name": [{"year": 1990}]}, {"father": {"full_name": ["x"]}}])
def test_a_service_that_says_nobody_and_names_somebody_is_withheld(seen, document):
    seen.answer = ProviderResponse(200, document, about_nobody=True)

    with pytest.raises(AnswerWithoutSubject):
        ask()


def test_a_handler_that_breaks_becomes_a_failed_service_without_its_secrets(seen, monkeypatch):
    def broken(request):
        raise ValueError("000190000017")

    register_provider(POPULATION, handler=broken, openapi={})

    with pytest.raises(ServiceFailed) as failed:
        ask()
    assert "000190000017" not in str(failed.value)
    assert refusals() == 1


def test_nothing_is_answered_when_the_evidence_cannot_be_kept(seen, monkeypatch):
    from dean06.exchange import calling

    def no_ledger(*_, **__):
        raise OSError

    monkeypatch.setattr(calling, "write", no_ledger)
    with pytest.raises(OSError):
        ask()
    assert looks_at(SUBJECT).rows == []


# -- packs


def test_a_changed_agreement_becomes_a_new_version_and_the_old_one_stays(seen, packs):
    (packs / "agreements.yaml").write_text(AGREEMENTS.replace("fields: [personal_id, full_name, father.full_name]", "fields: [full_name]"))

    assert load_agreements(packs) == 1
    assert load_agreements(packs) == 0
    assert list(AgreementVersion.objects.filter(code="A-1").order_by("version").values_list("version", flat=True)) == [1, 2]
    assert ask().document == {"full_name": "Nguyễn Thị Mẫu"}


def test_a_withdrawn_agreement_covers_nothing(seen, packs):
    (packs / "agreements.yaml").write_text(AGREEMENTS.replace("    subject_required: true\n", "    withdrawn: true\n"))
    load_agreements(packs)

    with pytest.raises(AgreementMissing):
        ask()


def test_another_process_s_change_shows_within_two_seconds(seen, packs, monkeypatch):
    ask()
    (packs / "agreements.yaml").write_text(AGREEMENTS.replace("[kyc]", "[other]"))
    with monkeypatch.context() as other_process:
        other_process.setattr(snapshot, "forget", lambda: None)
        load_agreements(packs)
    ask()  # still the remembered state

    monkeypatch.setattr(snapshot, "_checked_at", snapshot._checked_at - 2)
    with pytest.raises(PurposeNotCovered):
        ask()


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("valid_until: 2026-12-31", "valid_until: 2025-12-31", "agreements.yaml:14: ends before it begins"),
        ("purposes: [kyc]", "purposes: []", "agreements.yaml:10: agreements.0.purposes"),
        ("client: VN/COM/DEMOBANK/CUSTOMERS", "client: VN/COM/DEMOBANK/NOBODY", "agreements.yaml:6: no subsystem"),
        ("service: VN/GOV/G01/POPULATION/population", "service: nonsense", "agreements.yaml:7: no service"),
        ("title: Ngân hàng", "titel: Ngân hàng", "agreements.yaml:4: agreements.0"),
        ("code: A-2", "code: A-1", "agreements.yaml:15: agreement A-1 stands twice"),
        ("fields: [personal_id, full_name, father.full_name]", 'fields: ["*", full_name]', "agreements.yaml:9"),
        ("certainty: F}", "certainty: X}", "agreements.yaml:11"),
        ("    title: Ngân hàng\n", "    title: Ngân hàng\n    title: x\n", "agreements.yaml:6: 'title' stands twice"),
        ("    title: Ngân hàng\n", "   title: [\n", "agreements.yaml:"),
    ],
)
def test_a_pack_with_faults_is_refused_with_file_line_and_remedy(seen, packs, old, new, place):
    (packs / "agreements.yaml").write_text(AGREEMENTS.replace(old, new, 1))
    before = PackVersion.objects.count()

    with pytest.raises(PackRefused) as refused:
        load_agreements(packs)

    assert place in refused.value.detail
    assert PackVersion.objects.count() == before


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("code: population", "code: listMethods", "members.yaml:12: listMethods is reserved"),
        ("code: H49", "code: G01", "members.yaml:15: member GOV/G01 stands twice"),
        ("- {code: CUSTOMERS, name: Khách hàng}", "- {code: CUSTOMERS, name: Khách hàng, authentication: token}", "members.yaml:24"),
        ("code: DEMOBANK", "code: DEMO BANK", "members.yaml:21"),
    ],
)
def test_a_pack_of_members_with_faults_is_refused(packs, old, new, place):
    (packs / "members.yaml").write_text(MEMBERS.replace(old, new, 1))

    with pytest.raises(PackRefused) as refused:
        load_members(packs)
    assert place in refused.value.detail


def test_a_directory_without_packs_is_refused(tmp_path):
    with pytest.raises(PackRefused):
        load_members(tmp_path)
    with pytest.raises(PackRefused):
        load_members(tmp_path / "missing.yaml")


def test_the_demonstration_packs_load():
    from pathlib import Path

    import dean06.demo

    place = Path(dean06.demo.__file__).parent / "packs" / "exchange"
    load_members(place)

    assert load_agreements(place) == sum(path.read_text().count("\n  - code: TT-") for path in place.glob("*.yaml"))
    assert load_agreements(place) == 0
    snapshot.forget()
