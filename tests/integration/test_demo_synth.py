"""The synthetic country: plausible, related, deterministic, and nobody twice."""

import dataclasses
import hashlib
from datetime import date, timedelta

import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from dean06.cli.main import cli
from dean06.core.vietnamese import fold
from dean06.demo.bench import peak_memory_mb
from dean06.demo.synth.synthesise import BLOCK_PEOPLE, BadSynthesis, plan, synthesise
from dean06.reference.public import code_list, province_of, unit, units
from shared_data import shared_rows

AS_OF = date(2026, 7, 1)
CUT = date(2025, 7, 1)
FILES = ("persons", "households", "residences")
COLUMNS = {
    "persons": "person_key number old_number full_name sex born_on birth_precision ethnic_group religion nationality marital_state status "
    "died_on father_key mother_key spouse_key birth_unit_code native_unit_code household_key relation",
    "households": "household_key code unit_code address head_key since",
    "residences": "person_key kind unit_code address valid_from valid_to household_key",
}


def read(directory):
    return {name: pl.read_parquet(directory / f"{name}.parquet") for name in FILES}


@pytest.fixture(scope="module")
def country(tmp_path_factory):
    directory = tmp_path_factory.mktemp("country")
    synthesise(directory, people=25_000, province="22", seed=2026)
    return read(directory)


@pytest.fixture(scope="module")
def persons(country):
    return country["persons"].with_columns(age=(AS_OF - pl.col("born_on")).dt.total_days() / 365.2425)


@pytest.fixture(scope="module")
def living(persons):
    return persons.filter(pl.col("status") == "alive")


def with_parent(persons, parent):
    others = persons.select(pl.col("person_key").alias(parent), other_born="born_on", other_died="died_on", other_sex="sex")
    return persons.join(others, on=parent).with_columns(gap=(pl.col("born_on") - pl.col("other_born")).dt.total_days() / 365.2425)


def test_files_have_the_agreed_columns_and_as_many_people_as_asked(country):
    assert country["persons"].height == 25_000
    for name, columns in COLUMNS.items():
        assert country[name].columns == columns.split()
    assert country["persons"].schema["born_on"] == pl.Date


def test_keys_and_numbers_belong_to_one_person(country):
    persons = country["persons"]
    for column in ("person_key", "number", "old_number"):
        assert not persons[column].drop_nulls().is_duplicated().any(), column
    for column in ("household_key", "code"):
        assert not country["households"][column].is_duplicated().any()
    assert persons["person_key"].str.contains("^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$").all()


def test_numbers_have_the_structure_of_the_law_of_their_time(persons):
    numbered = persons.filter(pl.col("number").is_not_null())
    prefixes = {entry.code for entry in code_list("id_prefixes").entries}

    assert 0.97 < numbered.height / persons.height < 1
    assert numbered["number"].str.contains("^[0-9]{12}$").all()
    assert set(numbered["number"].str.slice(0, 3)) <= prefixes
    century = numbered["number"].str.slice(3, 1).cast(int)
    assert (century // 2 == numbered["born_on"].dt.year() // 100 - 19).all()
    assert ((century % 2 == 1) == (numbered["sex"] == "female")).all()
    assert (numbered["number"].str.slice(4, 2).cast(int) == numbered["born_on"].dt.year() % 100).all()
    old = persons.filter(pl.col("old_number").is_not_null())
    assert old["old_number"].str.contains("^[0-9]{9}$").all()
    assert old["born_on"].dt.year().max() <= 2001
    assert old.filter(pl.col("born_on").dt.year() < 1990).height > 0.85 * persons.filter(pl.col("born_on").dt.year() < 1990).height


def test_the_prefix_is_the_old_code_of_the_province_of_birth(persons):
    numbered = persons.filter(pl.col("number").is_not_null()).unique("birth_unit_code")
    for row in numbered.iter_rows(named=True):
        assert row["number"][:3] == "0" + province_of(row["birth_unit_code"], row["born_on"]).code


def test_unit_codes_were_in_force_on_their_day(country):
    for row in country["persons"].unique(["birth_unit_code", "native_unit_code"]).iter_rows(named=True):
        assert unit(row["birth_unit_code"], on=row["born_on"]).level == "commune"
        assert unit(row["native_unit_code"], on=row["born_on"]).level == "commune"
    communes = {one.code for one in units("commune", parent="22", on=AS_OF)}
    assert set(country["households"]["unit_code"]) == communes
    residences = country["residences"]
    assert set(residences.filter(pl.col("valid_to").is_null())["unit_code"]) == communes
    past = residences.filter(pl.col("valid_to").is_not_null() & (pl.col("kind") == "permanent"))
    assert past.filter(pl.col("valid_from") < CUT).height > 1000
    for row in past.unique(["unit_code", "valid_from"]).iter_rows(named=True):
        unit(row["unit_code"], on=row["valid_from"])
        unit(row["unit_code"], on=row["valid_to"] - timedelta(days=1))


def test_residences_of_one_kind_follow_each_other_and_the_living_have_one_open(country, living, persons):
    residences = country["residences"].sort("person_key", "kind", "valid_from")
    following = residences.with_columns(next_from=pl.col("valid_from").shift(-1).over("person_key", "kind"))

    assert following.filter(pl.col("valid_to").is_not_null() & (pl.col("valid_to") <= pl.col("valid_from"))).is_empty()
    assert following.filter(pl.col("next_from") < pl.col("valid_to").fill_null(date(2999, 1, 1))).is_empty()
    open_ones = residences.filter(pl.col("valid_to").is_null() & (pl.col("kind") == "permanent"))
    assert set(open_ones["person_key"]) == set(living["person_key"])
    assert open_ones.height == living.height
    born = residences.join(persons.select("person_key", "born_on"), on="person_key")
    assert born.filter(pl.col("valid_from") < pl.col("born_on")).is_empty()
    homes = open_ones.join(country["households"], on="household_key", suffix="_home")
    assert homes.filter((pl.col("unit_code") != pl.col("unit_code_home")) | (pl.col("address") != pl.col("address_home"))).is_empty()
    temporary = residences.filter(pl.col("kind") == "temporary")
    assert temporary.filter((pl.col("valid_to") - pl.col("valid_from")).dt.total_days() > 731).is_empty()


@pytest.mark.parametrize(("parent", "sex", "oldest"), [("mother_key", "female", 46), ("father_key", "male", 65)])
def test_parents_are_older_by_a_plausible_margin_and_lived_at_the_birth(persons, parent, sex, oldest):
    related = with_parent(persons, parent)

    assert related.height > 0.5 * persons.height
    assert set(related["other_sex"]) == {sex}
    exact = related.filter(pl.col("birth_precision") == "day")
    assert exact["gap"].min() > 17.5
    assert related["gap"].min() > 16.5
    assert related["gap"].max() < oldest
    assert related.filter(pl.col("other_died") < pl.col("born_on")).is_empty()


def test_children_of_one_mother_are_born_a_year_apart(persons):
    children = persons.filter(pl.col("mother_key").is_not_null() & (pl.col("birth_precision") == "day")).sort("mother_key", "born_on")
    gaps = children.with_columns(gap=(pl.col("born_on") - pl.col("born_on").shift(1).over("mother_key")).dt.total_days())["gap"]
    assert gaps.min() > 270


def test_every_minor_has_a_living_parent_and_lives_with_one(persons, living):
    minors = living.filter(pl.col("age") < 18)
    homes = living.select("person_key", "household_key")
    with_mother = minors.join(homes.rename({"person_key": "mother_key"}), on=["mother_key", "household_key"], how="semi")
    with_father = minors.join(homes.rename({"person_key": "father_key"}), on=["father_key", "household_key"], how="semi")

    assert minors.height > 4000
    assert minors["mother_key"].null_count() == 0
    assert set(with_mother["person_key"]) | set(with_father["person_key"]) == set(minors["person_key"])


def test_marriages_are_mutual_between_the_living_who_are_of_age_and_no_siblings(living):
    couples = living.filter(pl.col("spouse_key").is_not_null())
    both = couples.join(living, left_on="spouse_key", right_on="person_key", suffix="_other")

    assert both.height == couples.height > 8000
    assert (both["spouse_key_other"] == both["person_key"]).all()
    assert (both["sex"] != both["sex_other"]).all()
    assert set(couples["marital_state"]) == {"married"}
    assert couples.filter(pl.col("sex") == "female")["age"].min() >= 18
    assert couples.filter(pl.col("sex") == "male")["age"].min() >= 20
    assert (both["household_key"] == both["household_key_other"]).all()
    for parent in ("mother_key", "father_key"):
        assert both.filter(pl.col(parent) == pl.col(f"{parent}_other")).is_empty()
    assert living.filter(pl.col("spouse_key").is_null() & (pl.col("marital_state") == "married")).is_empty()


def test_households_have_one_head_and_relations_are_true(country, living):
    heads = living.filter(pl.col("relation") == "head")

    assert sorted(heads["person_key"]) == sorted(country["households"]["head_key"])
    assert heads["age"].min() >= 18
    assert set(living["household_key"]) == set(country["households"]["household_key"])
    assert set(living["relation"]) <= {entry.code for entry in code_list("relationships").entries}
    head = heads.select("household_key", head="person_key", head_spouse="spouse_key", head_father="father_key", head_mother="mother_key")
    members = living.join(head, on="household_key")
    spouses = members.filter(pl.col("relation") == "spouse")
    assert (spouses["person_key"] == spouses["head_spouse"]).all()
    children = members.filter(pl.col("relation") == "child")
    of_couple = pl.col("head"), pl.col("head_spouse")
    assert children.filter(~(pl.col("father_key").is_in(of_couple[0].implode()) | pl.col("mother_key").is_not_null())).is_empty()
    related = children.select(
        (
            (pl.col("father_key") == pl.col("head"))
            | (pl.col("mother_key") == pl.col("head"))
            | (pl.col("father_key") == pl.col("head_spouse"))
            | (pl.col("mother_key") == pl.col("head_spouse"))
        ).fill_null(value=False)
    ).to_series()
    assert related.all()
    for relation, column in (("father", "head_father"), ("mother", "head_mother")):
        elders = members.filter(pl.col("relation") == relation)
        assert elders.height > 5
        assert (elders["person_key"] == elders[column]).all()
    assert members.filter(pl.col("relation") == "grandchild").height > 300
    assert living.height / country["households"].height > 3


def test_the_dead_died_after_birth_before_today_and_live_nowhere(persons):
    dead = persons.filter(pl.col("status") == "dead")

    assert 0.03 < dead.height / persons.height < 0.04
    assert (dead["died_on"] >= dead["born_on"]).all()
    assert dead["died_on"].max() < AS_OF
    assert dead["household_key"].null_count() == dead.height
    assert persons.filter((pl.col("status") == "alive") & pl.col("died_on").is_not_null()).is_empty()


def test_only_some_older_people_lack_the_day_of_birth(persons):
    coarse = persons.filter(pl.col("birth_precision") == "year")
    assert 0.03 < coarse.height / persons.filter(pl.col("born_on").dt.year() < 1960).height < 0.15
    assert coarse["born_on"].dt.year().max() < 1975
    assert set(coarse["born_on"].dt.ordinal_day()) == {1}


def test_ages_and_sexes_are_near_the_national_pyramid(living):
    rows = [row for row in shared_rows("demography/age_pyramid_vn_2000_2021.csv") if row["year"] == "2021"]
    total = sum(int(row["population"]) for row in rows)
    for row in rows:
        first, sex = int(row["age_from"]), {"M": "male", "F": "female"}[row["sex"]]
        last = first + 5 if first < 80 else 200
        found = living.filter((pl.col("age") >= first) & (pl.col("age") < last) & (pl.col("sex") == sex)).height / living.height
        assert found == pytest.approx(int(row["population"]) / total, abs=0.006), row


def test_ethnic_groups_are_near_the_census_of_the_province(living):
    rows = [row for row in shared_rows("demography/ethnic_by_province_2019.csv") if row["province_code_2025"] == "22"]
    total = sum(int(row["population"] or 0) for row in rows)
    for row in rows:
        found = living.filter(pl.col("ethnic_group") == row["ethnic_code"]).height / living.height
        assert found == pytest.approx(int(row["population"] or 0) / total, abs=0.012), row["ethnic"]
    known = {entry.code for entry in code_list("ethnic_groups").entries}
    assert set(living["ethnic_group"]) <= known
    assert set(living["religion"]) <= {entry.code for entry in code_list("religions").entries}


def test_communes_are_weighted_by_population(living, country):
    weights = {
        row["code"]: float(row["population"] or 0) for row in shared_rows("admin_units/communes_2025.csv") if row["province_code"] == "22"
    }
    people = living.join(country["households"].select("household_key", "unit_code"), on="household_key")
    total = sum(weights.values())
    for code, weight in weights.items():
        if not weight:
            continue  # the source is silent; we take the median
        found = people.filter(pl.col("unit_code") == code).height / people.height
        assert found == pytest.approx(weight / total, abs=0.008), code


def test_surnames_are_near_the_published_shares_and_pass_from_father_to_child(persons):
    first = persons.with_columns(surname=pl.col("full_name").str.split(" ").list.first())
    kinh = first.filter(pl.col("ethnic_group") == "01")
    for name, share in (("Nguyễn", 0.384), ("Trần", 0.121), ("Lê", 0.095), ("Phạm", 0.07)):
        assert kinh.filter(pl.col("surname") == name).height / kinh.height == pytest.approx(share, abs=0.02)
    fathers = first.select(pl.col("person_key").alias("father_key"), father_surname="surname", father_group="ethnic_group")
    children = first.join(fathers, on="father_key")
    assert (children["surname"] == children["father_surname"]).all()
    assert (children["ethnic_group"] == children["father_group"]).all()


def test_names_are_vietnamese_with_diacritics(persons):
    names = persons["full_name"]
    words = names.str.split(" ").list.len()
    assert words.min() >= 2
    assert words.max() <= 5
    assert sum(fold(name) != name.lower() for name in names.head(2000)) > 1900
    older = persons.filter((pl.col("sex") == "female") & (pl.col("born_on").dt.year() < 1970))
    assert older["full_name"].str.contains(" Thị ").mean() > 0.75


def test_there_are_plenty_of_adults_who_could_move_in_with_a_parent(living, country):
    heads = country["households"].select(parent="head_key", parent_home="household_key", parent_unit="unit_code")
    adults = living.filter((pl.col("age") >= 20) & pl.col("number").is_not_null()).join(country["households"], on="household_key")
    found = pl.concat(
        adults.with_columns(parent=pl.col(key)).join(heads, on="parent").filter(pl.col("unit_code") != pl.col("parent_unit"))
        for key in ("father_key", "mother_key")
    )
    assert found["person_key"].n_unique() > 500
    assert found.filter(pl.col("marital_state") == "single")["person_key"].n_unique() > 100
    assert found.filter(pl.col("marital_state") == "married")["person_key"].n_unique() > 300


def digests(directory):
    return [hashlib.sha256((directory / f"{name}.parquet").read_bytes()).hexdigest() for name in FILES]


def test_the_same_seed_gives_the_same_bytes_however_it_is_cut_into_parts(tmp_path):
    people = 2 * BLOCK_PEOPLE + 700
    synthesise(tmp_path / "one", people=people, seed=7, blocks_per_part=1)
    synthesise(tmp_path / "two", people=people, seed=7, blocks_per_part=5)
    synthesise(tmp_path / "other", people=people, seed=8)

    one, two, other = (read(tmp_path / name) for name in ("one", "two", "other"))
    for name in FILES:
        assert one[name].equals(two[name])
        assert not one[name].equals(other[name])
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    assert not one["persons"]["number"].drop_nulls().is_duplicated().any()
    assert not one["households"]["code"].is_duplicated().any()
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == ["households.parquet", "persons.parquet", "residences.parquet"]


@settings(max_examples=12)
@given(people=st.integers(1, 90), seed=st.integers(0, 2**40), province=st.sampled_from(["22", "08", "79", "all"]))
def test_a_handful_of_people_is_sound_too(tmp_path_factory, people, seed, province):
    directory = tmp_path_factory.mktemp("few")
    report = synthesise(directory, people=people, province=province, seed=seed)
    found = read(directory)
    persons, households = found["persons"], found["households"]

    assert persons.height == report.people == people
    assert sorted(persons.filter(pl.col("relation") == "head")["person_key"]) == sorted(households["head_key"])
    for column in ("father_key", "mother_key", "spouse_key"):
        assert set(persons[column].drop_nulls()) <= set(persons["person_key"])
    assert report.residences == found["residences"].height


def test_the_whole_country_is_shared_out_by_population():
    shares = plan(1_000_000, "all")

    assert sum(shares.values()) == 1_000_000
    assert len(shares) == 34
    census = shared_rows("demography/census2019_population_province.csv")
    hanoi = next(int(row["population_2019_04_01"]) for row in census if row["province_code_pre2025"] == "01")
    assert shares["01"] / 1_000_000 == pytest.approx(hanoi / 96_208_984, abs=1e-5)


def test_every_province_has_people_born_in_its_former_provinces(tmp_path):
    synthesise(tmp_path, people=3000, province="08", seed=1)
    prefixes = read(tmp_path)["persons"]["number"].drop_nulls().str.slice(0, 3).value_counts(sort=True)
    assert set(prefixes["number"].head(2)) == {"002", "008"}


@pytest.mark.parametrize(
    "wrong",
    [{"people": 0}, {"people": -3}, {"people": 10**12}, {"province": "02"}, {"province": ""}, {"seed": -1}, {"blocks_per_part": 0}],
)
def test_what_makes_no_sense_is_refused_and_leaves_nothing(tmp_path, wrong):
    with pytest.raises(BadSynthesis):
        synthesise(tmp_path / "out", **{"people": 10, "seed": 1, **wrong})
    assert not (tmp_path / "out").exists()


def test_memory_does_not_grow_with_the_number_of_people():
    tries = (peak_memory_mb(400_000) / peak_memory_mb(100_000) for _ in range(3))
    assert any(ratio < 1.35 for ratio in tries), "scatter passes, growth does not"


def test_the_command(tmp_path):
    done = CliRunner().invoke(cli, ["synth", "--people", "200", "--seed", "1", "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "200 người" in done.output
    assert read(tmp_path / "out")["persons"].height == 200
    wrong = CliRunner().invoke(cli, ["synth", "--people", "200", "--province", "02", "--out", str(tmp_path / "out")])
    assert wrong.exit_code == 2
    assert "demo.bad_synthesis" in wrong.output
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert CliRunner().invoke(cli, ["synth", "--people", "5", "--out", str(blocked / "x")]).exit_code == 5


def test_the_report_says_what_was_written(tmp_path):
    report = synthesise(tmp_path, people=500, seed=3)
    found = read(tmp_path)
    assert (report.dead, report.households, report.residences) == (
        found["persons"].filter(pl.col("status") == "dead").height,
        found["households"].height,
        found["residences"].height,
    )
    assert dataclasses.asdict(report)["provinces"] == {"22": 500}
