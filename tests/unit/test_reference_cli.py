"""``dean06 reference`` at the terminal."""

import json

import pytest
from click.testing import CliRunner

from dean06.cli.main import cli


def run(*arguments):
    return CliRunner().invoke(cli, ["reference", *arguments])


def test_a_unit_of_a_past_day_shows_what_became_of_it():
    result = run("unit", "00004", "--on", "2024-01-01")

    assert result.exit_code == 0
    assert "Phường Trúc Bạch, quận Ba Đình, thành phố Hà Nội" in result.output
    assert "→ 00004  Phường Ba Đình" in result.output


def test_a_unit_as_json():
    result = run("unit", "80", "--on", "01/01/2024", "--json")

    assert json.loads(result.output)["full_name"] == "Tỉnh Long An"
    assert json.loads(result.output)["successors"] == [{"code": "80", "is_whole": True, "is_default": True}]


def test_search():
    assert "Phường Hồng Gai" in run("search", "hong gai").output
    assert json.loads(run("search", "hong gai", "--json").output)[0]["name"] == "Hồng Gai"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("unit", "99999"), 3),
        (("unit", "00004", "--on", "yesterday"), 2),
        (("search", "không có ở đâu"), 3),
        (("list", "nothing"), 3),
        (("calendar", "26"), 2),
    ],
)
def test_exit_codes_mean_something(arguments, code):
    result = run(*arguments)

    assert result.exit_code == code
    assert "Traceback" not in result.output


def test_sources_and_lists_show_version_and_licence():
    assert "BSD-3-Clause" in run("sources").output
    assert all(one["version"] and one["licence"] for one in json.loads(run("sources", "--json").output))
    assert "Phật giáo" in run("list", "religions").output


def test_a_year_without_a_database():
    result = run("calendar", "2026", "--without-database")

    assert "22/08/2026  thứ Bảy   làm việc" in result.output
    assert json.loads(run("calendar", "2026", "--without-database", "--json").output)["working_days"] == 249


def test_help_carries_an_example():
    for command in ("unit", "search", "sources", "list", "calendar", "set-day", "reset-day"):
        assert f"dean06 reference {command}" in run(command, "--help").output
