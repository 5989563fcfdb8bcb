"""The registry behind the gateway: what it answers, about whom, and what it refuses."""

import json
from datetime import date

import jsonschema_rs
import pytest

from dean06.exchange.public import ProviderRequest
from dean06.registry.errors import NumberAmbiguous, PersonNotFound
from dean06.registry.public import PersonalId, person_exists, person_key_by_number, provider_handler, provider_openapi
from registry_people import COMMUNE, OTHER_COMMUNE, a_household, a_person, a_residence, number_of, related

pytestmark = pytest.mark.django_db


def ask(path, body, *, fields=("*",), inside=False, method="POST", query=""):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return provider_handler(
        ProviderRequest(
            method=method,
            path=f"/v1/{path}",
            body=raw,
            purpose="1.004222",
            legal_basis="",
            issue="",
            user="",
            client="VN/GOV/H49/SERVICES",
            fields=fields,
            inside=inside,
            query=query,
        )
    )


def look_up(person, **more):
    return ask("persons/look-up", {"personal_id": number_of(person)}, **more)


@pytest.fixture
def family():
    father = a_person("Trần Văn Cha", born_on=date(1960, 1, 1), birth_precision="year")
    mother = a_person("Lê Thị Mẹ", born_on=date(1962, 3, 4), sex="female")
    child = a_person("Trần Thị Con", born_on=date(1990, 5, 2), sex="female", old_number="100000001")
    spouse = a_person("Ngô Văn Rể", born_on=date(1988, 7, 8))
    related(child, "father", father)
    related(child, "mother", mother)
    related(child, "spouse", spouse)
    related(spouse, "spouse", child)
    a_household(father, (mother, "spouse"), (child, "child"))
    a_residence(child, OTHER_COMMUNE, since=date(2026, 1, 5), kind="temporary")
    return {"father": father, "mother": mother, "child": child, "spouse": spouse}


def test_a_person_is_described_with_her_family_and_all_of_them_are_subjects(family):
    answer = look_up(family["child"])

    document = answer.document
    assert answer.status == 200
    assert (document["full_name"], document["born_on"], document["old_number"]) == ("Trần Thị Con", "1990-05-02", "100000001")
    assert document["permanent_residence"]["unit_code"] == COMMUNE
    assert document["temporary_residence"]["since"] == "2026-01-05"
    assert document["household"]["head"] == {"full_name": "Trần Văn Cha", "personal_id": number_of(family["father"])}
    assert document["household"]["relation"] == "child"
    assert document["spouse"]["full_name"] == "Ngô Văn Rể"
    assert answer.subjects[0] == family["child"].key
    assert set(answer.subjects) == {person.key for person in family.values()}


def test_people_behind_fields_that_are_not_released_are_neither_read_nor_subjects(family):
    answer = look_up(family["child"], fields=("full_name", "household.code", "mother"))

    assert set(answer.subjects) == {family["child"].key, family["mother"].key}
    assert answer.document["father"] is None
    assert answer.document["household"]["head"] is None


def test_a_birth_is_shown_as_exactly_as_it_is_known(family):
    assert look_up(family["father"]).document["born_on"] == "1960"


def test_a_household_lists_its_head_first(family):
    answer = ask("households/look-up", {"personal_id": number_of(family["child"])})

    assert [member["relation"] for member in answer.document["members"]] == ["head", "spouse", "child"]
    assert answer.document["head"]["full_name"] == "Trần Văn Cha"
    assert set(answer.subjects) == {family[name].key for name in ("father", "mother", "child")}


@pytest.mark.parametrize(
    ("one", "other", "relation"),
    [
        ("child", "father", "parent"),
        ("mother", "child", "child"),
        ("spouse", "child", "spouse"),
        ("father", "mother", "none"),
        ("child", "child", "none"),
    ],
)
def test_a_relation_says_what_the_other_is_to_the_first(family, one, other, relation):
    answer = ask("relationships/check", {"personal_id": number_of(family[one]), "other_personal_id": number_of(family[other])})

    assert answer.document == {"relation": relation}


def test_children_of_one_mother_are_siblings(family):
    brother = a_person()
    related(brother, "mother", family["mother"])

    answer = ask("relationships/check", {"personal_id": number_of(brother), "other_personal_id": number_of(family["child"])})

    assert answer.document == {"relation": "sibling"}


@pytest.mark.parametrize(
    ("asked", "agreed"),
    [
        ({"full_name": "tran thi  CON", "born_on": "1990-05-02", "sex": "female"}, {"full_name": True, "born_on": True, "sex": True}),
        ({"full_name": "Trần Thị Còn Nữa"}, {"full_name": False}),
        ({"born_on": "1990"}, {"born_on": True}),
        ({"born_on": "1990-05-03"}, {"born_on": False}),
        ({"born_on": "1990-13-40"}, {"born_on": False}),
        ({"sex": "male"}, {"sex": False}),
    ],
)
def test_verify_answers_yes_or_no_for_each_field(family, asked, agreed):
    answer = ask("persons/verify", {"personal_id": number_of(family["child"]), **asked})

    assert answer.document == {"agrees": all(agreed.values()), "fields": agreed}
    assert answer.subjects == (family["child"].key,)


def test_verify_compares_with_a_year_only_birth_by_year(family):
    answer = ask("persons/verify", {"personal_id": number_of(family["father"]), "born_on": "1960-09-09"})

    assert answer.document["fields"] == {"born_on": True}


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("persons/look-up", {"personal_id": "000999999999"}, 404, "registry.person_not_found"),
        ("persons/look-up", {"personal_id": "12345"}, 422, "registry.malformed_personal_id"),
        ("persons/look-up", {"old_number": "1234"}, 422, "registry.malformed_old_number"),
        ("persons/look-up", {}, 422, "registry.malformed_request"),
        ("persons/look-up", {"personal_id": "000999999999", "old_number": "100000001"}, 422, "registry.malformed_request"),
        ("persons/look-up", {"personal_id": 5}, 422, "registry.malformed_request"),
        ("persons/look-up", {"personal_id": "000999999999", "extra": 1}, 422, "registry.malformed_request"),
        ("persons/look-up", b"", 422, "registry.malformed_request"),
        ("persons/look-up", b"\xff\xfe", 422, "registry.malformed_request"),
        ("persons/look-up", b'{"personal_id": "\xff"}', 422, "registry.malformed_request"),
        ("persons/look-up", b'{"personal_id": "' + b"0" * 5000 + b'"}', 422, "registry.request_too_large"),
        ("persons/verify", {"personal_id": "000999999999"}, 404, "registry.person_not_found"),
        ("persons/search", {"name": "x"}, 422, "registry.search_too_broad"),
        ("persons/search", {"name": "tran", "unit_code": "1"}, 422, "registry.malformed_request"),
        ("persons/000190000017", {}, 404, "registry.no_such_service"),
    ],
)
def test_bad_requests_are_refused_with_a_code(path, body, status, code):
    answer = ask(path, body)

    assert (answer.status, answer.document["code"], answer.subjects) == (status, code, ())
    assert answer.document["detail"]


def test_a_question_without_fields_to_verify_is_refused(family):
    assert ask("persons/verify", {"personal_id": number_of(family["child"])}).status == 422


def test_services_answer_post_without_query_only(family):
    body = {"personal_id": number_of(family["child"])}

    assert ask("persons/look-up", body, method="GET").status == 404
    assert ask("persons/look-up", body, query="a=1").status == 422


def test_a_key_is_taken_from_inside_only(family):
    body = {"person_key": str(family["child"].key)}

    assert ask("persons/look-up", body).status == 422
    assert ask("persons/look-up", body, inside=True).document["full_name"] == "Trần Thị Con"


def test_a_person_without_household_is_told_so(family):
    answer = ask("households/look-up", {"personal_id": number_of(family["spouse"])})

    assert (answer.status, answer.document["code"]) == (404, "registry.household_not_found")


def test_answers_and_examples_match_the_description(family):
    described = provider_openapi()
    number = number_of(family["child"])
    bodies = {
        "/v1/persons/look-up": {"personal_id": number},
        "/v1/persons/search": {"name": "tran thi con"},
        "/v1/persons/verify": {"personal_id": number, "full_name": "a"},
        "/v1/households/look-up": {"personal_id": number},
        "/v1/relationships/check": {"personal_id": number, "other_personal_id": number_of(family["spouse"])},
    }

    assert set(described["paths"]) == set(bodies)
    for path, body in bodies.items():
        operation = described["paths"][path]["post"]
        schemas = {"components": described["components"]}
        asked = operation["requestBody"]["content"]["application/json"]
        answered = operation["responses"]["200"]["content"]["application/json"]
        jsonschema_rs.validate(asked["schema"] | schemas, asked["example"])
        jsonschema_rs.validate(asked["schema"] | schemas, body)
        jsonschema_rs.validate(answered["schema"] | schemas, answered["example"])
        jsonschema_rs.validate(answered["schema"] | schemas, ask(path.removeprefix("/v1/"), body).document)


def test_keys_are_found_by_either_number(family):
    child = family["child"]

    assert person_key_by_number(PersonalId.parse(number_of(child))) == child.key
    assert person_key_by_number("100 000 001") == child.key
    assert person_exists(child.key)
    with pytest.raises(PersonNotFound):
        person_key_by_number("000999999999")


def test_an_old_number_of_two_people_names_neither():
    a_person(old_number="100000002")
    a_person(old_number="100000002")

    with pytest.raises(NumberAmbiguous):
        person_key_by_number("100000002")


def test_search_ranks_whole_names_before_beginnings_before_words_in_any_order():
    whole = a_person("Đỗ Thị Hoà")
    longer = a_person("Đỗ Thị Hòa Bình")
    turned = a_person("Hoà Đỗ Thị Xuân")
    a_person("Đỗ Văn Minh")

    found = ask("persons/search", {"name": "do thi hoa"}).document

    assert [match["full_name"] for match in found["matches"]] == [person.full_name for person in (whole, longer, turned)]
    assert found["is_complete"]


@pytest.mark.parametrize("asked", ["Hòa Đỗ Thị", "thị hoà đỗ", "đỗ ho", "ĐỖ THỊ HOÀ", "do thi hoaa", "do thj hoa"])
def test_search_forgives_order_marks_case_unfinished_words_and_one_wrong_letter(asked):
    a_person("Đỗ Thị Hoà")
    a_person("Đỗ Thị Hoa")
    a_person("Bùi Văn Nam")

    reindex_words()

    assert len(ask("persons/search", {"name": asked}).document["matches"]) == 2


def test_a_search_that_finds_nobody_says_that_it_is_about_nobody():
    found = ask("persons/search", {"name": "khong co ai nhu vay"})

    assert (found.status, found.document["matches"], found.subjects, found.about_nobody) == (200, [], (), True)


def test_search_narrows_by_year_and_commune_and_stops_at_the_limit():
    here = a_person("Võ Thị Lan", born_on=date(1980, 12, 31))
    a_person("Võ Thị Lan", born_on=date(1981, 1, 1))
    a_person("Võ Thị Lan", born_on=date(1980, 12, 31), home=OTHER_COMMUNE)

    answer = ask("persons/search", {"name": "vo thi lan", "birth_year": 1980, "unit_code": COMMUNE})
    capped = ask("persons/search", {"name": "vo thi lan", "limit": 2}).document

    assert answer.subjects == (here.key,)
    assert (len(capped["matches"]), capped["is_complete"]) == (2, False)


@pytest.mark.parametrize("asked", ["a' | !b", "tran & ", "(((", "\\' :*", "tran:*|le"])
def test_search_takes_signs_of_the_query_language_as_text(asked):
    a_person("Trần Thí Dụ")

    assert ask("persons/search", {"name": asked}).status in (200, 422)


def reindex_words():
    from dean06.registry.models import NameWord, Person

    words = {word for name in Person.objects.values_list("name_folded", flat=True) for word in name.split()}
    NameWord.objects.bulk_create(NameWord(word=word, people=1) for word in words)
