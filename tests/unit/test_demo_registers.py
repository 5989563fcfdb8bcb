"""Registers of the invented country: each answers every person of the population in the form that it describes, the same each time."""

import json
from datetime import date

import jsonschema_rs
import polars as pl
import pytest

from dean06.demo.registers import people
from dean06.demo.registers.country import REGISTERS, handler_of
from dean06.demo.registers.drawing import REFERENCE_DAY, serial_of, tax_code
from dean06.demo.synth.synthesise import synthesise
from dean06.exchange.public import ProviderRequest

BY_SERVICE = {one.service.rpartition("/")[2]: one for one in REGISTERS}


@pytest.fixture(scope="module")
def population(tmp_path_factory):
    directory = tmp_path_factory.mktemp("population")
    synthesise(directory, people=1500, province="22", seed=7)
    return directory


@pytest.fixture(autouse=True)
def _reads_it(population, monkeypatch):
    monkeypatch.setattr(people, "_directory", lambda: population)


@pytest.fixture(scope="module")
def persons(population):
    return pl.read_parquet(population / "persons.parquet").filter(pl.col("number").is_not_null())


def ask(service, path, **body):
    request = ProviderRequest("POST", path, json.dumps(body).encode(), "sandbox", "", "", "", "VN/COM/DEMODEV/SANDBOX", ("*",))
    return handler_of(BY_SERVICE[service])(request)


def about(service, number):
    return ask(service, f"/v1/{service}/look-up", personal_id=number)


def validator(document, name):
    return jsonschema_rs.Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": document["components"]})


@pytest.mark.parametrize("register", REGISTERS, ids=lambda one: one.title)
def test_answers_about_a_sample_of_people_have_the_described_form_and_name_their_subject(register, persons):
    document = register.openapi()
    for operation in (one for one in register.operations if "personal_id" in one.question["properties"]):
        stem = operation.name[0].upper() + operation.name[1:]
        valid = validator(document, f"{stem}Answer")
        for row in persons.sample(120, seed=3).iter_rows(named=True):
            body = {**operation.example[0], "personal_id": row["number"]}
            answered = ask(register.service.rpartition("/")[2], operation.path, **body)

            assert answered.status == 200
            assert [error.message for error in valid.iter_errors(answered.document)] == []
            assert row["person_key"] in [str(key) for key in answered.subjects]


def test_the_same_question_is_answered_alike_after_everything_was_forgotten(persons):
    number = persons["number"][17]
    first = [about(service, number).document for service in ("driving-licences", "health-cards", "civil-status", "land-parcels")]

    for cached in (people._resident, people._home, people._sandbox):
        cached.cache_clear()

    assert [about(service, number).document for service in ("driving-licences", "health-cards", "civil-status", "land-parcels")] == first


def test_only_adults_hold_driving_licences_and_nearly_all_living_people_a_health_card(persons):
    alive = persons.filter(pl.col("status") == "alive")
    children = alive.filter(pl.col("born_on") > date(REFERENCE_DAY.year - 18, 1, 1)).head(150)
    assert not any(about("driving-licences", number).document["licences"] for number in children["number"])

    adults = alive.filter(pl.col("born_on") < date(REFERENCE_DAY.year - 20, 1, 1)).head(300)
    drivers = sum(bool(about("driving-licences", number).document["licences"]) for number in adults["number"])
    assert 0.6 < drivers / 300 < 0.95

    insured = sum(about("health-cards", number).document["card"] is not None for number in adults["number"])
    assert insured / 300 > 0.88


def test_a_spouse_in_the_civil_register_is_a_subject_too_and_both_sides_tell_the_same_day(persons):
    married = persons.filter(pl.col("spouse_key").is_in(persons["person_key"].implode())).row(0, named=True)
    spouse = persons.filter(pl.col("person_key") == married["spouse_key"]).row(0, named=True)
    mine, theirs = about("civil-status", married["number"]), about("civil-status", spouse["number"])

    assert {str(key) for key in mine.subjects} == {married["person_key"], spouse["person_key"]}
    assert mine.document["marriage"]["spouse"]["personal_id"] == spouse["number"]
    assert mine.document["marriage"]["registered_on"] == theirs.document["marriage"]["registered_on"]


def test_an_enterprise_is_found_by_the_code_that_its_representative_s_page_shows(persons):
    owned = [
        one
        for number in persons["number"]
        for one in ask("enterprises", "/v1/enterprises/represented", personal_id=number).document["enterprises"]
    ]
    assert owned

    found = ask("enterprises", "/v1/enterprises/look-up", enterprise_code=owned[0]["enterprise_code"])
    assert found.document == owned[0]
    assert len(found.subjects) == 1


def test_tax_codes_have_the_check_digit_of_the_circular():
    weights = (31, 29, 23, 19, 17, 13, 7, 5, 3)
    for serial in range(2_000):
        code = tax_code(serial)
        remainder = sum(w * int(d) for w, d in zip(weights, f"99{serial:07}", strict=True)) % 11
        assert (code is None) == (remainder == 0)
        if code:
            assert int(code[9]) == 10 - remainder
            assert serial_of(code) == serial
            assert serial_of(code[:9] + str((int(code[9]) + 1) % 10)) is None


def test_no_mobile_number_is_registered_twice_and_the_check_says_yes_to_its_owner_alone(persons):
    sample = persons.head(400)["number"]
    owned = {one["phone_number"]: number for number in sample for one in about("subscriptions", number).document["numbers"]}
    total = sum(len(about("subscriptions", number).document["numbers"]) for number in sample)
    assert len(owned) == total > 200

    phone, owner = next(iter(owned.items()))
    other = next(number for number in sample if number != owner)
    ask_about = lambda number: ask("subscriptions", "/v1/subscriptions/verify", phone_number=phone, personal_id=number).document  # noqa: E731
    assert ask_about(owner) == {"is_registered_to_person": True}
    assert ask_about(other) == {"is_registered_to_person": False}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"personal_id": "000190000017"}, 404, "demo.not_in_register"),
        ({"personal_id": "12"}, 422, "demo.malformed_question"),
        ({"personal_id": "000190000017", "more": 1}, 422, "demo.malformed_question"),
        ({}, 422, "demo.malformed_question"),
    ],
)
def test_what_cannot_be_answered_is_a_problem_without_subject(body, status, code):
    answered = ask("tax-codes", "/v1/tax-codes/look-up", **body)

    assert (answered.status, answered.document["code"], answered.subjects) == (status, code, ())


def test_another_path_or_method_is_refused():
    assert ask("tax-codes", "/v1/other", personal_id="000190000017").status == 404
    request = ProviderRequest("GET", "/v1/tax-codes/look-up", b"", "sandbox", "", "", "", "c", ("*",))
    assert handler_of(BY_SERVICE["tax-codes"])(request).document["code"] == "demo.no_such_operation"


def test_an_installation_without_an_invented_population_knows_nobody(monkeypatch):
    from dean06.demo import public
    from dean06.demo.registers.errors import NotInRegister

    def nowhere():
        raise NotInRegister

    monkeypatch.setattr(people, "_directory", nowhere)

    assert about("tax-codes", "000190000017").status == 404
    assert public.sandbox_people() == ()


def test_the_sandbox_shows_living_adults_with_numbers(persons):
    from dean06.demo.public import sandbox_people

    shown = sandbox_people()

    assert len(shown) == 5
    alive = set(persons.filter(pl.col("status") == "alive")["number"])
    assert {number for number, _ in shown} <= alive
