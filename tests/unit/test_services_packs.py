"""Procedure packs: the shipped one is sound, and a faulty one is refused with file, line and remedy."""

import json
from datetime import date

import pytest

from dean06.services.domain.pack import Pack
from dean06.services.domain.states import Channel, Step
from dean06.services.errors import ProcedureNotFound
from dean06.services.loading import PACKS, FaultyPack, PackFiles, current_pack, parse_pack, read_files, shipped_packs
from shared_data import shared

TODAY = date(2026, 11, 19)


@pytest.fixture
def files() -> PackFiles:
    return read_files(PACKS / "1.004222")


def with_pack(files: PackFiles, old: str, new: str) -> PackFiles:
    assert old in files.pack, old
    return PackFiles(files.pack.replace(old, new, 1), files.schema, files.templates)


def line_of(files: PackFiles, text: str) -> int:
    return files.pack[: files.pack.index(text)].count("\n") + 1


def the_pack() -> Pack:
    return shipped_packs()["1.004222"][0]


def test_permanent_residence_takes_seven_days_and_costs_what_the_circular_says():
    pack = the_pack()

    assert pack.limit_days == 7
    assert (pack.fee.amount_vnd(Channel.ONLINE), pack.fee.amount_vnd(Channel.COUNTER)) == (10_000, 20_000)
    assert [rule.step for rule in pack.steps] == [Step.RECEPTION, Step.APPRAISAL, Step.APPROVAL, Step.SIGNING, Step.RETURN]


def test_the_form_has_every_numbered_field_of_ct01():
    numbers = {field.get("x-no") for field in the_pack().form_schema["properties"].values()}

    assert {str(number) for number in range(12)} <= numbers


def test_nothing_is_asked_that_the_population_register_holds():
    asked = {item.held_by for item in the_pack().evidence.values() if item.is_asked}

    assert "CSDL quốc gia về dân cư" not in asked
    assert all(item.reason for item in the_pack().evidence.values())


def test_the_pack_agrees_with_the_national_catalogue():
    catalogue = json.loads((shared("procedures") / "core_procedures.json").read_text())
    record = next(row for row in catalogue if row["code"] == "1.004222")
    fees = {method["mode"]: method["fees_vnd"][0] for method in record["methods"]}
    pack = the_pack()

    assert pack.name == record["name"]
    assert fees == {"online": pack.fee.online_vnd, "counter": pack.fee.counter_vnd}
    assert {method["time_value"] for method in record["methods"]} == {pack.limit_days}
    assert pack.result_type in {result["code"] for result in record["results"]}


def test_a_pack_serves_from_its_first_day():
    assert current_pack("1.004222", on=TODAY)[0].code == "1.004222"
    with pytest.raises(ProcedureNotFound):
        current_pack("1.004222", on=date(2025, 6, 30))
    with pytest.raises(ProcedureNotFound):
        current_pack("9.999999", on=TODAY)


def test_the_digest_changes_with_every_file(files):
    other_template = PackFiles(files.pack, files.schema, {**files.templates, "result.typ": "="})

    assert len({files.digest, other_template.digest, with_pack(files, "version: 1", "version: 2").digest}) == 3


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("role: appraiser", "role: wizard", "no role 'wizard'"),
        ("role: appraiser, limit_days: 3", "role: appraiser, limit_days: 9", "the steps take 13 days"),
        ("evidence: [identity, kinship, consent]", "evidence: [identity, passport]", "no evidence 'passport'"),
        ("consents: [householder, owner]", "consents: [neighbour]", "no consents 'neighbour'"),
        ("source: residence-law\n\nfee", "source: hearsay\n\nfee", "no source 'hearsay'"),
        ("{field: sex,", "{field: shoe_size,", "the form has no field 'shoe_size'"),
        ("kind: commune_police", "kind: wizards", "no kind of unit 'wizards'"),
        ("file: result.typ", "file: gone.typ", "there is no file gone.typ"),
        ("four_eyes: [appraisal, approval]", "four_eyes: [appraisal]", "no second pair of eyes"),
        ("({relation})", "({shoe})", "no placeholder 'shoe'"),
        ("valid_from: 2025-07-01", "valid_from: 2025-13-41", "not a day"),
        ("minutes_to_fill: 6", "minutes_to_fill: 6\nminutes_to_fill: 7", "written twice"),
        ("reason: Hệ thống này chưa kết nối", 'reason: ""\n    x: Hệ thống này chưa kết nối', "Additional properties"),
        ('code: "1.004222"', "code: [1", "not YAML"),
    ],
)
def test_a_faulty_pack_names_file_line_and_remedy(files, old, new, says):
    faulty = with_pack(files, old, new)

    with pytest.raises(FaultyPack) as refused:
        parse_pack(faulty, name="1.004222/pack.yaml")

    fault = next(fault for fault in refused.value.faults if says in fault.problem)
    assert fault.file == "1.004222/pack.yaml"
    assert abs(fault.line - line_of(files, old)) <= 2
    assert fault.remedy


def test_asking_what_a_register_holds_needs_a_reason(files):
    start = files.pack.index("  lawful_place:\n")
    reason = files.pack.index("    reason: ", start)
    end = files.pack.index("\n", reason)
    faulty = PackFiles(files.pack[:reason] + '    reason: ""' + files.pack[end:], files.schema, files.templates)

    with pytest.raises(FaultyPack, match="asked all the same"):
        parse_pack(faulty)


def test_a_form_that_is_no_schema_is_refused(files):
    with pytest.raises(FaultyPack, match="not JSON"):
        parse_pack(PackFiles(files.pack, "{", files.templates))
    with pytest.raises(FaultyPack, match="not a JSON Schema"):
        parse_pack(PackFiles(files.pack, '{"type": 7}', files.templates))


def test_a_folder_without_a_pack_or_with_other_bytes_than_utf_8_is_refused(tmp_path):
    with pytest.raises(FaultyPack, match=r"no pack\.yaml"):
        read_files(tmp_path)
    (tmp_path / "pack.yaml").write_bytes(b"code: 1\nname: \xff\xfe")
    with pytest.raises(FaultyPack, match=r"pack\.yaml:2: not UTF-8"):
        read_files(tmp_path)
