"""Agreements decide by client, service, method, path, purpose, legal basis and day; masks release what they name."""

from datetime import date, timedelta

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from dean06.exchange.agreements.words import summary
from dean06.exchange.domain.agreements import Agreement, Endpoint, LegalBasis, Version, decide, effective
from dean06.exchange.domain.identifiers import ClientId, ServiceId
from dean06.exchange.domain.masks import Mask
from dean06.exchange.errors import (
    AgreementExpired,
    AgreementMissing,
    DossierNotNamed,
    LegalBasisNotCovered,
    OfficerRoleNotCovered,
    PurposeNotCovered,
)

CONSENT = LegalBasis("91/2025/QH15", "Điều 9", "F")
STATE = LegalBasis("91/2025/QH15", "Điều 19.1.c", "F")


def agreement(code="A", **changes):
    values = {
        "code": code,
        "version": 1,
        "client": ClientId.parse("VN/COM/DEMOBANK/CUSTOMERS"),
        "service": ServiceId.parse("VN/GOV/G01/POPULATION/population"),
        "endpoints": (Endpoint("POST", "/v1/persons/*"),),
        "mask": Mask.of(["full_name"]),
        "purposes": frozenset({"kyc"}),
        "legal_bases": (CONSENT,),
        "valid_from": date(2026, 1, 1),
        "valid_until": date(2026, 12, 31),
    }
    return Agreement(**values | changes)


def ask(*agreements, method="POST", path="/v1/persons/verify", purpose="kyc", legal_basis=CONSENT.text, day=date(2026, 6, 1), **more):
    return decide(agreements, method=method, path=path, purpose=purpose, legal_basis=legal_basis, day=day, **more)


def test_an_agreement_that_covers_all_is_granted_with_its_legal_basis():
    grant = ask(agreement())

    assert (grant.agreement.code, grant.legal_basis) == ("A", CONSENT)


@pytest.mark.parametrize("call", [{"method": "GET"}, {"path": "/v1/households/look-up"}, {"path": "/v1/persons/a/b"}])
def test_another_method_or_path_is_not_covered(call):
    with pytest.raises(AgreementMissing):
        ask(agreement(), **call)


def test_without_an_agreement_nothing_is_covered():
    with pytest.raises(AgreementMissing):
        ask()


def test_any_method_is_written_with_a_star():
    assert ask(agreement(endpoints=(Endpoint("*", "/**"),)), method="DELETE").agreement.code == "A"


def test_another_purpose_is_refused_by_name():
    with pytest.raises(PurposeNotCovered):
        ask(agreement(), purpose="marketing")


def test_another_legal_basis_is_refused_by_name():
    with pytest.raises(LegalBasisNotCovered):
        ask(agreement(), legal_basis="91/2025/QH15")


def test_an_unnamed_legal_basis_is_the_agreements_only_one():
    assert ask(agreement(), legal_basis="").legal_basis == CONSENT
    with pytest.raises(LegalBasisNotCovered):
        ask(agreement(legal_bases=(CONSENT, STATE)), legal_basis="")


@pytest.mark.parametrize(("day", "in_force"), [("2025-12-31", False), ("2026-01-01", True), ("2026-12-31", True), ("2027-01-01", False)])
def test_both_days_of_the_validity_are_included(day, in_force):
    day = date.fromisoformat(day)
    if in_force:
        assert ask(agreement(), day=day).agreement.code == "A"
    else:
        with pytest.raises(AgreementExpired):
            ask(agreement(), day=day)


def test_of_several_agreements_one_that_covers_all_wins_over_an_expired_one():
    expired = agreement("A", valid_until=date(2026, 1, 2))

    assert ask(expired, agreement("B")).agreement.code == "B"


def test_a_legal_basis_is_named_with_its_article_where_it_is_known():
    assert CONSENT.text == "91/2025/QH15, Điều 9"
    assert LegalBasis("68/2020/QH14").text == "68/2020/QH14"


# -- masks

PERSON = {
    "full_name": "Nguyễn Thị Mẫu",
    "religion": "00",
    "household": {"code": "H1", "head": {"full_name": "X", "personal_id": "0"}},
    "members": [{"full_name": "Y", "sex": "male"}, {"full_name": "Z", "sex": "female"}],
    "father": None,
    "odd": "text",
}


@pytest.mark.parametrize(
    ("fields", "released"),
    [
        (["full_name"], {"full_name": "Nguyễn Thị Mẫu"}),
        (["household"], {"household": PERSON["household"]}),
        (["household.head.full_name"], {"household": {"head": {"full_name": "X"}}}),
        (["household.code", "household"], {"household": PERSON["household"]}),
        (["household", "household.code"], {"household": PERSON["household"]}),
        (["members.sex"], {"members": [{"sex": "male"}, {"sex": "female"}]}),
        (["father.full_name"], {"father": None}),
        (["odd.inside"], {"odd": None}),
        (["absent"], {}),
        (["*"], PERSON),
    ],
)
def test_a_mask_releases_what_it_names_and_nothing_else(fields, released):
    assert Mask.of(fields).apply(PERSON) == released


def test_lists_in_lists_are_masked_and_bare_values_in_them_are_not_released():
    assert Mask.of(["a.b"]).apply({"a": [[{"b": 1, "c": 2}], "text", 3]}) == {"a": [[{"b": 1}]]}


def test_the_evidence_names_the_fields_that_were_really_there():
    mask = Mask.of(["full_name", "household.head.full_name", "members.sex", "absent"])

    assert mask.released(mask.apply(PERSON)) == ("full_name", "household.head.full_name", "members.sex")
    assert Mask.of(["*"]).released({"a": 1}) == ("a",)
    assert Mask.of(["members.age"]).released(PERSON) == ()


documents = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
    max_leaves=12,
)


def leaves(value, path=()):
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, (*path, name))
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, path)
    elif value is not None:
        yield path


@given(
    st.dictionaries(st.sampled_from("abcd"), documents, max_size=4),
    st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=3).map(".".join), min_size=1, max_size=4, unique=True),
)
def test_every_value_that_leaves_lies_on_or_below_a_path_of_the_mask(document, fields):
    allowed = [tuple(path.split(".")) for path in fields]

    for path in leaves(Mask.of(fields).apply(document)):
        assert any(path[: len(named)] == named for named in allowed), path


def test_where_roles_are_named_an_end_user_in_one_of_them_must_ask():
    only = agreement(officer_roles=frozenset({"appraiser"}))

    for named in ({}, {"user": "cb-1"}, {"role": "appraiser"}, {"user": "cb-1", "role": "head"}):
        with pytest.raises(OfficerRoleNotCovered):
            ask(only, **named)
    assert ask(only, user="cb-1", role="appraiser").agreement is only


def test_where_a_dossier_is_needed_a_call_without_one_is_refused():
    only = agreement(issue_required=True)

    with pytest.raises(DossierNotNamed):
        ask(only)
    assert ask(only, issue="H49-1").agreement is only


def version(number, first, last, standing="in_force"):
    return Version(agreement(version=number, valid_from=first, valid_until=last), standing)


@given(
    st.lists(
        st.tuples(
            st.dates(date(2025, 1, 1), date(2027, 12, 31)),
            st.integers(min_value=0, max_value=500),
            st.sampled_from(["in_force", "in_force", "stopped"]),
        ),
        max_size=6,
    ),
    st.dates(date(2024, 6, 1), date(2029, 1, 1)),
)
def test_on_each_day_the_newest_version_that_began_decides_alone(spans, day):
    versions = [
        version(number, first, first + timedelta(days=days), standing) for number, (first, days, standing) in enumerate(spans, start=1)
    ]

    found = [one.version for one in effective(versions) if one.is_in_force(day)]

    stopped = max((one.agreement.version for one in versions if one.standing == "stopped"), default=0)
    begun = [one.agreement for one in versions if one.agreement.version > stopped and one.agreement.valid_from <= day]
    newest = max(begun, key=lambda one: one.version, default=None)
    assert found == ([newest.version] if newest and day <= newest.valid_until else [])


@pytest.mark.parametrize(("days", "soon"), [(-1, False), (0, True), (30, True), (31, False)])
def test_an_agreement_warns_in_its_last_thirty_days(days, soon):
    assert agreement(valid_until=date(2026, 6, 1) + timedelta(days=days)).ends_soon(date(2026, 6, 1)) is soon


def said(**changes):
    content = {"endpoints": [{"method": "POST", "path": "/v1/x"}], "purposes": ["kyc"], "fields": ["*"]}
    content |= {"valid_from": "2026-01-01", "valid_until": "2026-12-31"}
    with override("vi"):
        return summary({**content, **changes}, client="Ngân hàng", service="Dân cư")


def test_an_answer_about_nobody_is_not_said_to_be_told_to_the_person():
    assert any(sentence.startswith("Người dân thấy ngay") for sentence in said())
    about_nobody = said(subject_required=False)

    assert any("không gắn với một người" in sentence for sentence in about_nobody)
    assert not any(sentence.startswith("Người dân") for sentence in about_nobody)


def test_any_method_is_said_in_words():
    assert said(endpoints=[{"method": "*", "path": "/v1/**"}])[0] == "Ngân hàng được hỏi Dân cư qua mọi phương thức /v1/**."
