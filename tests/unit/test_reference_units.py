"""Units over time, compared with the lists of the domain research."""

from datetime import date

import pytest

from dean06.core.vietnamese import fold_tone_placement
from dean06.reference.errors import UnitUnknown
from dean06.reference.public import history, province_of, search_units, successors, unit, units
from shared_data import shared_rows

BEFORE = date(2024, 1, 1)
TODAY = date(2026, 11, 1)


def plain(name):
    return fold_tone_placement(name).replace("’", "'").casefold()


def codes(level, on):
    return {one.code for one in units(level, on=on)}


@pytest.mark.parametrize(
    ("day", "counts"),
    [
        (BEFORE, (63, 696, 10_035)),
        (date(2025, 6, 30), (63, 696, 10_035)),
        (date(2025, 7, 1), (34, 0, 3_321)),
        (TODAY, (34, 0, 3_321)),
    ],
)
def test_there_are_as_many_units_as_the_law_made(day, counts):
    assert tuple(len(units(level, on=day)) for level in ("province", "district", "commune")) == counts


@pytest.mark.parametrize(
    ("day", "provinces", "communes"),
    [
        (date(2025, 7, 1), {"tỉnh": 28, "thành phố": 6}, {"xã": 2621, "phường": 687, "đặc khu": 13}),
        (date(2026, 4, 29), {"tỉnh": 28, "thành phố": 6}, {"xã": 2621, "phường": 687, "đặc khu": 13}),
        (date(2026, 4, 30), {"tỉnh": 27, "thành phố": 7}, {"xã": 2611, "phường": 697, "đặc khu": 13}),
        (TODAY, {"tỉnh": 25, "thành phố": 9}, {"xã": 2599, "phường": 709, "đặc khu": 13}),
    ],
)
def test_types_follow_the_changes_of_2026(day, provinces, communes):
    for level, expected in (("province", provinces), ("commune", communes)):
        kinds = [one.kind for one in units(level, on=day)]
        assert {kind: kinds.count(kind) for kind in set(kinds)} == expected


def test_communes_in_force_are_those_of_the_research():
    rows = shared_rows("domain/wards_current_3321.csv")

    assert codes("commune", TODAY) == {row["code"] for row in rows}
    for row in rows:
        one = unit(row["code"], on=TODAY)
        assert (plain(one.full_name), one.kind, one.parent_code) == (plain(row["name_with_type"]), row["type"], row["province_code"])


def test_communes_after_april_2026_agree_with_a_second_source():
    for row in shared_rows("admin_units/communes_2025.csv"):
        one = unit(row["code"], on=date(2026, 5, 1))
        assert (plain(one.name), one.kind, one.parent_code) == (plain(row["name"]), row["type"].lower(), row["province_code"])


def test_provinces_in_force_are_those_of_the_research():
    kinds = {"tỉnh": "tỉnh", "thành phố trực thuộc TW": "thành phố"}
    for row in shared_rows("domain/provinces_current_34.csv"):
        now, then = unit(row["code"], on=TODAY), unit(row["code"], on=date(2025, 7, 1))
        assert (now.name, now.kind, then.kind) == (row["name"], kinds[row["type_2026_10"]], kinds[row["type_2025_07_01"]])


def test_units_before_july_2025_are_those_of_the_research():
    for level, path in (("province", "provinces_pre2025"), ("district", "districts_pre2025"), ("commune", "communes_pre2025")):
        rows = shared_rows(f"admin_units/{path}.csv")
        assert codes(level, BEFORE) == {row["code"] for row in rows}
        for row in rows:
            one = unit(row["code"], on=BEFORE)
            assert plain(one.full_name) == plain(row["full_name"])
            assert one.parent_code == row.get("district_code", row.get("province_code", ""))


def test_old_units_map_to_new_ones_as_in_the_research_with_split_ones_marked():
    expected = {}
    for row in shared_rows("domain/ward_mapping_2025.csv"):
        code = row["old_ward_code"] or row["old_district_code"]
        expected.setdefault(code, set()).add((row["new_ward_code"], row["kind"] == "whole", row["is_default"] == "1"))

    found = {code: {(one.code, one.is_whole, one.is_default) for one in successors(code)} for code in expected}

    assert found == expected
    assert sum(len(targets) > 1 for targets in found.values()) == 471
    assert {target for targets in found.values() for target, _, _ in targets} == codes("commune", TODAY)


def test_provinces_map_as_in_the_research():
    for row in shared_rows("domain/province_mapping_63_to_34.csv"):
        assert [one.code for one in successors(row["old_code"])] == [row["new_code"]]


@pytest.mark.parametrize(
    ("code", "was", "is_now"),
    [
        ("15", "Yên Bái", "Lào Cai"),
        ("24", "Bắc Giang", "Bắc Ninh"),
        ("44", "Quảng Bình", "Quảng Trị"),
        ("52", "Bình Định", "Gia Lai"),
        ("80", "Long An", "Tây Ninh"),
        ("82", "Tiền Giang", "Đồng Tháp"),
        ("91", "Kiên Giang", "An Giang"),
    ],
)
def test_seven_province_codes_changed_their_owner(code, was, is_now):
    assert (unit(code, on=BEFORE).name, unit(code, on=TODAY).name) == (was, is_now)
    assert unit(code, on=date(2025, 6, 30)).name == was
    assert unit(code, on=date(2025, 7, 1)).name == is_now


def test_a_commune_code_means_another_commune_before_july_2025():
    assert unit("00004", on=BEFORE).path_name == "Phường Trúc Bạch, quận Ba Đình, thành phố Hà Nội"
    assert unit("00004", on=TODAY).path_name == "Phường Ba Đình, thành phố Hà Nội"


def test_a_path_shows_the_parents_type_on_that_day():
    hong_gai = search_units("hong gai", on=TODAY)[0]

    assert hong_gai.path_name == "Phường Hồng Gai, thành phố Quảng Ninh"
    assert unit(hong_gai.code, on=date(2026, 1, 1)).path_name == "Phường Hồng Gai, tỉnh Quảng Ninh"
    assert [one.kind for one in history("22")] == ["tỉnh", "thành phố"]


@pytest.mark.parametrize(
    ("code", "day"), [("00001", TODAY), ("99999", TODAY), ("001", TODAY), ("02", TODAY), ("", TODAY), ("22", date(1800, 1, 1))]
)
def test_a_code_that_is_nobodys_on_the_day_is_refused(code, day):
    with pytest.raises(UnitUnknown):
        unit(code, on=day)


def test_islands_that_were_districts_without_communes_have_successors():
    assert [(one.code, one.is_whole) for one in successors("318")] == [("11948", True)]
    assert successors("99999") == ()


def test_province_of_any_level():
    assert {province_of(code, BEFORE).code for code in ("00004", "001", "01")} == {"01"}
    assert province_of("06652", TODAY).name == "Quảng Ninh"


def test_members_of_a_province_before_the_abolition_of_districts():
    members = units("commune", parent="22", on=BEFORE)
    rows = [row for row in shared_rows("admin_units/communes_pre2025.csv") if row["province_code"] == "22"]

    assert {one.code for one in members} == {row["code"] for row in rows}
    assert units("commune", parent="22", on=TODAY)[0].name == "An Sinh"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("hong gai", "Phường Hồng Gai, thành phố Quảng Ninh"),
        ("PHƯỜNG HỒNG GAI", "Phường Hồng Gai, thành phố Quảng Ninh"),
        ("hong gai, quang ninh", "Phường Hồng Gai, thành phố Quảng Ninh"),
        ("Hạ Long", "Phường Hạ Long, thành phố Quảng Ninh"),
        ("truc bach", "Phường Ba Đình, thành phố Hà Nội"),
        ("cu m'gar", "Xã Cư M’gar, tỉnh Đắk Lắk"),
        ("Cư Mgar", "Xã Cư M’gar, tỉnh Đắk Lắk"),
    ],
)
def test_search_finds_present_units_by_present_and_by_old_names(text, first):
    assert search_units(text, on=TODAY)[0].path_name == first


@pytest.mark.parametrize("text", ["", "   ", "'", "không có đơn vị nào như thế"])
def test_search_for_nothing_finds_nothing(text):
    assert search_units(text, on=TODAY) == ()


def test_search_on_an_old_day_finds_the_units_of_that_day():
    found = search_units("truc bach", on=BEFORE)
    assert [one.path_name for one in found] == ["Phường Trúc Bạch, quận Ba Đình, thành phố Hà Nội"]
    assert len(search_units("hoa", on=TODAY, limit=7)) == 7


def test_every_old_unit_of_quang_ninh_is_found_by_its_old_name():
    for old in units("commune", parent="22", on=BEFORE):
        found = {one.code for one in search_units(old.name, on=TODAY, limit=500)}
        assert {one.code for one in successors(old.code)} <= found, old
