"""The national catalogue: imported whole or not at all, found without marks, shown for information."""

import gzip
import json

import pytest
from click.testing import CliRunner

from dean06.cli.services import services_commands
from dean06.services.cards import search_procedures
from dean06.services.errors import ListingRefused
from dean06.services.listings import import_procedures
from dean06.services.models import ProcedureListing
from shared_data import shared

pytestmark = pytest.mark.django_db(transaction=True)

RECORD = {
    "code": "1.000001",
    "name": "Đăng ký thử nghiệm",
    "field": "Hộ tịch",
    "ministry": "Bộ Tư pháp",
    "levels": ["Cấp xã"],
    "steps": "Bước 1",
    "methods": [{"mode": "counter"}],
    "document_groups": [{"case": "", "documents": [{"document": "Tờ khai"}]}],
    "legal_bases": ["60/2014/QH13"],
    "results": [{"name": "Giấy"}],
    "source": "thử",
}


def a_file(tmp_path, *records, name="p.jsonl"):
    path = tmp_path / name
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records))
    return path


def test_the_national_catalogue_is_imported_twice_and_counted_once():
    path = shared("procedures/procedures.jsonl.gz")

    first = import_procedures(path)
    second = import_procedures(path)

    assert first.added == 2849
    assert (second.added, second.updated) == (0, 2849)
    assert any(card.code == "1.004194" for card in search_procedures("dang ky tam tru"))


def test_an_imported_procedure_is_shown_for_information_only(client, tmp_path):
    import_procedures(a_file(tmp_path, RECORD))

    page = client.get("/procedures/1.000001").content.decode()

    assert "Đăng ký thử nghiệm" in page
    assert "chưa nộp trực tuyến tại đây" in page
    assert "/start" not in page


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        ({"code": "1-1"}, ":2: code"),
        ({"levels": "Cấp xã"}, ":2: levels"),
        ({"name": None}, ":2: name"),
        ({"code": "1.000001"}, "twice"),
    ],
)
def test_a_faulty_line_is_named_and_nothing_is_kept(tmp_path, spoil, says):
    with pytest.raises(ListingRefused, match=says):
        import_procedures(a_file(tmp_path, RECORD, {**RECORD, "code": "1.000002", **spoil}))
    assert not ProcedureListing.objects.exists()


def test_what_is_no_catalogue_at_all_is_refused(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b'{"code": "\xff"}')
    (tmp_path / "b.jsonl.gz").write_bytes(b"not gzip")
    (tmp_path / "c.jsonl").write_text("[1")
    (tmp_path / "d.jsonl.gz").write_bytes(gzip.compress(b'{"a": "' + b"x" * 1_100_000 + b'"}'))

    for name in ("a.jsonl", "b.jsonl.gz", "c.jsonl", "d.jsonl.gz"):
        with pytest.raises(ListingRefused):
            import_procedures(tmp_path / name)


def test_the_commands_say_what_they_found(tmp_path):
    run = CliRunner()

    sound = run.invoke(services_commands, ["check-packs"])
    (tmp_path / "pack.yaml").write_text("code: 1")
    (tmp_path / "x.schema.json").write_text("{}")
    faulty = run.invoke(services_commands, ["check-packs", str(tmp_path)])
    imported = run.invoke(services_commands, ["import-procedures", str(a_file(tmp_path, RECORD)), "--json"])

    assert (sound.exit_code, "1.004222" in sound.output) == (0, True)
    assert faulty.exit_code == 1
    assert json.loads(imported.output) == {"added": 1, "updated": 0}
