"""``dean06 exchange lint`` and ``compare``: for the developer of a service, before anybody is asked to register it."""

import json

import pytest
from click.testing import CliRunner

from dean06.cli.main import cli
from exchange_gateways import DESCRIPTION


@pytest.fixture
def described(tmp_path):
    (tmp_path / "old.json").write_text(json.dumps(DESCRIPTION, indent=1))
    changed = json.loads(json.dumps(DESCRIPTION).replace('"/x"', '"/y"'))
    changed["paths"]["/y"]["get"]["summary"] = "Tell"
    (tmp_path / "new.yaml").write_text(json.dumps(changed, indent=1))
    return tmp_path


def run(*arguments):
    done = CliRunner().invoke(cli, ["exchange", *map(str, arguments)])
    return done.exit_code, done.output


def test_a_good_description_may_be_registered(described):
    assert run("lint", described / "old.json") == (0, "may be registered\n")


def test_findings_come_with_file_and_line_and_exit_code_1(described):
    code, output = run("lint", described / "new.yaml")

    assert code == 1
    assert output.startswith("new.yaml:11: paths./y.get.summary: is not Vietnamese. ")
    assert output.endswith("1 findings\n")
    assert json.loads(run("lint", described / "new.yaml", "--json")[1])[0].startswith("new.yaml:11")


def test_what_breaks_callers_is_told_with_exit_code_1(described):
    assert run("compare", described / "old.json", described / "old.json") == (0, "breaks nobody\n")
    code, output = run("compare", described / "old.json", described / "new.yaml")

    assert (code, output) == (1, "path_removed  paths./x: the path is gone\n1 breaking changes\n")
    assert json.loads(run("compare", described / "old.json", described / "new.yaml", "--json")[1]) == [
        {"kind": "path_removed", "text": "paths./x: the path is gone"}
    ]


def test_a_file_that_is_no_document_is_told_so(tmp_path):
    (tmp_path / "broken.yaml").write_text("a: [")

    code, output = run("lint", tmp_path / "broken.yaml")
    assert (code, "broken.yaml:1" in output) == (1, True)
