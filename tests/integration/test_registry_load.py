"""Bulk load: all or nothing, once, equal to writing row by row; refusals name file, row and remedy."""

from datetime import date, timedelta

import polars as pl
import pytest
from django.db import connection

from dean06.core.actor import SYSTEM
from dean06.core.clock import today
from dean06.core.keys import PersonKey
from dean06.ledger.public import looks_at
from dean06.registry import queries
from dean06.registry.domain.names import PersonName
from dean06.registry.errors import AlreadyPopulated, PopulationRefused
from dean06.registry.loading import load as loading
from dean06.registry.models import Household, Kinship, Membership, NameWord, Person, PersonNumber, PopulationLoad, Residence
from dean06.registry.public import load_population
from dean06.registry.search import search_people
from registry_files import population, write

pytestmark = pytest.mark.django_db(transaction=True)

MODELS = (Person, Household, PersonNumber, Kinship, Membership, Residence, NameWord, PopulationLoad)


def counts():
    return {model.__name__: model.objects.count() for model in MODELS}


def definitions():
    """Every index and constraint of the registry's tables."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename LIKE 'registry_%'")
        indexes = {row[0] for row in cursor.fetchall()}
        cursor.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid::regclass::text LIKE 'registry_%'"
        )
        return indexes, set(cursor.fetchall())


@pytest.fixture(params=["as owner", "as the processes' role"])
def load(request, monkeypatch, tmp_path):
    """Load rows by either way: with indexes built afterwards, or in place."""
    if request.param != "as owner":
        monkeypatch.setattr(loading, "is_owner", lambda *_: False)

    def run(tables):
        return load_population(write(tmp_path, tables), actor=SYSTEM)

    return run


def rows_of(model, *columns, **renamed):
    return sorted(model.objects.values_list(*columns, **renamed), key=repr)


def test_the_rows_are_those_that_the_files_say(load):
    tables = population()
    load(tables)
    people = {row["person_key"]: row for row in tables["persons"]}

    for person in Person.objects.all():
        row = people[str(person.key)]
        name = PersonName.parse(row["full_name"])
        assert (person.full_name, person.name_folded, person.given_first_folded) == (row["full_name"], name.folded, name.given_first)
        assert (person.sex, person.born_on, person.birth_precision, person.status, person.died_on) == (
            row["sex"],
            row["born_on"],
            row["birth_precision"],
            row["status"],
            row["died_on"],
        )
        kin = {kind: str(relative.key) for kind, relative in queries.kin_of(person.key, on=date(2019, 1, 1)).items()}
        assert kin == {kind: row[f"{kind}_key"] for kind in ("father", "mother", "spouse") if row[f"{kind}_key"]}
        numbers = queries.numbers_of([person.key])[person.key]
        assert numbers == {kind: row[column] for kind, column in (("personal", "number"), ("old", "old_number")) if row[column]}
    said = [(r["person_key"], r["kind"], r["unit_code"], r["address"], r["valid_from"], r["valid_to"]) for r in tables["residences"]]
    held = [(str(r.person_id), r.kind, r.unit_code, r.address, r.valid.lower, r.valid.upper) for r in Residence.objects.all()]
    assert sorted(held, key=repr) == sorted(said, key=repr)
    homes = [(r["household_key"], r["code"], r["unit_code"], r["address"], r["since"]) for r in tables["households"]]
    loaded = [(str(h.key), h.code, h.unit_code, h.address, h.since) for h in Household.objects.all()]
    assert sorted(loaded) == sorted(homes)


def test_the_dead_have_left_household_and_marriage(load):
    tables = population()
    load(tables)
    dead = [row for row in tables["persons"] if row["died_on"]]

    for row in dead:
        key = PersonKey(Person.objects.get(key=row["person_key"]).key)
        assert queries.membership_of(key, on=row["died_on"]).relation == "spouse"
        assert queries.membership_of(key, on=row["died_on"] + timedelta(days=1)) is None
        assert "spouse" not in queries.kin_of(queries.person_by_key(PersonKey(row["spouse_key"])).key, on=today())


def test_a_load_is_one_entry_that_each_person_sees(load):
    tables = population(couples=2)

    report = load(tables)

    assert (report.people, report.households, report.residences, report.was_loaded_before) == (6, 2, 12, False)
    for person in Person.objects.all():
        [look] = looks_at(PersonKey(person.key)).rows
        assert (look.kind, str(look.entry_id)) == ("registry.population_loaded", report.evidence_id)


def test_loaded_people_are_found_by_name_and_commune(load):
    tables = population()
    load(tables)
    row = tables["persons"][0]
    home = next(r["unit_code"] for r in tables["residences"] if r["person_key"] == row["person_key"] and r["valid_to"] is None)

    found = search_people(row["full_name"].upper(), birth_year=row["born_on"].year, unit_code=home)

    assert row["person_key"] in {str(person.key) for person in found.people}
    misspelt = search_people(PersonName.parse(row["full_name"]).folded + "q", birth_year=row["born_on"].year, unit_code=home)
    assert row["person_key"] in {str(person.key) for person in misspelt.people}


def test_indexes_and_constraints_are_the_same_after_a_load(load):
    before = definitions()

    load(population())

    assert definitions() == before


def test_a_second_run_does_nothing(load):
    tables = population(couples=3)
    first, before = load(tables), counts()

    second = load(tables)

    assert (second.was_loaded_before, second.evidence_id) == (True, first.evidence_id)
    assert counts() == before


def test_another_population_is_refused(load):
    load(population(couples=3))
    before = counts()

    with pytest.raises(AlreadyPopulated):
        load(population(couples=3, seed=2))

    assert counts() == before


def test_a_load_that_breaks_off_leaves_nothing(load, monkeypatch):
    before, defined = counts(), definitions()
    monkeypatch.setattr(loading.ledger, "record_many", lambda *_, **__: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        load(population(couples=3))

    assert (counts(), definitions()) == (before, defined)


def spoiled(table, row, **values):
    tables = population(couples=3)
    tables[table][row] |= values
    return tables


def person_of(tables, row):
    return tables["persons"][row]["person_key"]


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        (spoiled("persons", 4, number="12345"), "persons.parquet, row 5: number is not twelve digits"),
        (spoiled("persons", 4, sex="x"), "row 5: sex is unknown"),
        (spoiled("persons", 4, full_name=" "), "row 5: full_name is empty"),
        (spoiled("persons", 4, born_on=date(2099, 1, 1)), "row 5: born_on is missing or in the future"),
        (spoiled("persons", 4, died_on=date(2020, 1, 1)), "row 5: died_on without status dead"),
        (spoiled("persons", 4, father_key="0" * 8 + "-0000-4000-8000-" + "0" * 12), "row 5: father_key names nobody"),
        (spoiled("persons", 4, relation="friend"), "row 5: relation is unknown"),
        (spoiled("persons", 4, relation="head"), "head of a household that has another"),
        (spoiled("persons", 4, spouse_key=None), "row 4: spouse_key is not mutual"),
        (spoiled("persons", 0, person_key="1"), "row 1: person_key is no UUID"),
        (spoiled("households", 1, unit_code="99999"), "households.parquet, row 2: no commune has the code 99999"),
        (spoiled("households", 1, since=None), "households.parquet, row 2: since is missing"),
        (spoiled("households", 1, code="HK000000"), "households.parquet, row 1: code stands twice (and 1 more rows)"),
        (spoiled("residences", 1, valid_from=date(2017, 1, 1)), "residences.parquet, row 1: overlaps the person's next residence"),
        (spoiled("residences", 0, valid_to=date(2000, 1, 1)), "residences.parquet, row 1: valid_to is not after valid_from"),
        (spoiled("residences", 1, unit_code="06649"), "no commune has the code 06649 on that day"),
        (spoiled("residences", 1, kind="holiday"), "residences.parquet, row 2: kind is unknown"),
    ],
    ids=lambda value: value[:60] if isinstance(value, str) else "tables",
)
def test_a_fault_is_refused_with_file_row_and_remedy_and_nothing_is_loaded(tables, says, tmp_path):
    before = counts()

    with pytest.raises(PopulationRefused, match="Remedy: ") as refusal:
        load_population(write(tmp_path, tables), actor=SYSTEM)

    assert says in refusal.value.detail
    assert counts() == before


def test_a_refusal_shows_no_personal_value(tmp_path):
    with pytest.raises(PopulationRefused) as refusal:
        load_population(write(tmp_path, spoiled("persons", 4, number="1234567890123")), actor=SYSTEM)

    assert "1234567890" not in f"{refusal.value.detail} {refusal.value.context}"


def test_missing_damaged_and_mistyped_files_are_refused(tmp_path):
    directory = write(tmp_path, population(couples=3))
    persons = pl.read_parquet(directory / "persons.parquet")

    for spoil, says in (
        (lambda file: file.unlink(), "persons.parquet: the file cannot be read"),
        (lambda file: file.write_bytes(b"PAR1 no"), "persons.parquet: the file cannot be read as Parquet"),
        (lambda file: persons.drop("sex").write_parquet(file), "persons.parquet: missing columns: sex"),
        (lambda file: persons.cast({"born_on": pl.String}).write_parquet(file), "persons.parquet: column born_on is String"),
    ):
        persons.write_parquet(directory / "persons.parquet")
        spoil(directory / "persons.parquet")
        with pytest.raises(PopulationRefused) as refusal:
            load_population(directory, actor=SYSTEM)
        assert says in refusal.value.detail
