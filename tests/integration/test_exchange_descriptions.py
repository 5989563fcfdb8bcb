"""Descriptions of services at registration: required, linted, kept in every version, compared with the one before."""

import copy
import json

import pytest

from dean06.core.clock import now
from dean06.exchange import metadata, snapshot
from dean06.exchange.descriptions import history_of
from dean06.exchange.domain.identifiers import ClientId
from dean06.exchange.errors import PackRefused, UnknownService
from dean06.exchange.public import load_members, warnings_since
from exchange_gateways import DESCRIPTION

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = "VN/GOV/G99/SYSTEM/echo"
MEMBERS = """kind: members
instance: VN
members:
  - class: GOV
    code: G99
    name: Cơ quan trình diễn
    subsystems:
      - code: SYSTEM
        name: Hệ thống
        services:
          - {code: echo, title: Kể lại, location: "http://127.0.0.1:9"OPENAPI}
"""


@pytest.fixture
def packs(tmp_path):
    (tmp_path / "members.yaml").write_text(MEMBERS.replace("OPENAPI", ", openapi: echo.json"))
    (tmp_path / "echo.json").write_text(json.dumps(DESCRIPTION, indent=1))
    yield tmp_path
    snapshot.forget()


def test_a_service_at_an_address_needs_a_description(tmp_path):
    (tmp_path / "members.yaml").write_text(MEMBERS.replace("OPENAPI", ""))

    with pytest.raises(PackRefused, match=r"members.yaml:11: VN/GOV/G99/SYSTEM/echo has no description. Add openapi:"):
        load_members(tmp_path, are_descriptions_required=True)
    assert not history_of(SYSTEM)


def test_a_faulty_description_is_refused_with_file_line_place_and_remedy(packs):
    faulty = copy.deepcopy(DESCRIPTION)
    del faulty["paths"]["/x"]["get"]["operationId"]
    (packs / "echo.json").write_text(json.dumps(faulty, indent=1))

    with pytest.raises(PackRefused, match=r"echo.json:9: paths./x.get: operationId is missing .* Write one in camelCase"):
        load_members(packs)
    assert not history_of(SYSTEM)


def test_a_description_that_is_not_there_is_named(packs):
    (packs / "echo.json").unlink()

    with pytest.raises(PackRefused, match=r"echo.json: cannot be read"):
        load_members(packs)


def test_each_version_is_kept_once_and_a_breaking_one_says_what_it_breaks(packs):
    load_members(packs, are_descriptions_required=True)
    load_members(packs)
    assert [(row.version, row.changes) for row in history_of(SYSTEM)] == [("1", [])]

    later = copy.deepcopy(DESCRIPTION)
    later["info"]["version"] = "2"
    later["paths"]["/y"] = later["paths"].pop("/x")
    (packs / "echo.json").write_text(json.dumps(later))
    began = now()
    load_members(packs)

    assert [row.version for row in history_of(SYSTEM)] == ["2", "1"]
    assert warnings_since(began) == [f"{SYSTEM} 2: paths./x: the path is gone"]


def test_the_description_of_a_system_at_an_address_is_offered_by_the_gateway(packs):
    load_members(packs)
    provider = ClientId.parse("VN/GOV/G99/SYSTEM")

    _, body = metadata.open_api(snapshot.current(), provider, service_code="echo")
    assert json.loads(body)["paths"].keys() == {"/x"}
    _, listed = metadata.list_methods(snapshot.current(), provider)
    assert json.loads(listed)["service"][0]["endpoint_list"] == [{"method": "GET", "path": "/x"}]
    with pytest.raises(UnknownService):
        metadata.open_api(snapshot.current(), provider, service_code="other")
