"""PDF/A documents: right letters, right standard, nothing read or downloaded."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pypdf
import pytest
import time_machine

from dean06.core.documents import DocumentTooLarge, TemplateBroken, render_pdf

HARD_WORDS = "Số định danh cá nhân: Ễ Ữ Ợ Ậ Ẵ Ỵ ễ ữ ợ ậ ẵ ỵ đ Đ"
TEMPLATE = '#set document(title: "Phiếu kiểm soát")\n= #data.title\n#for line in data.lines [- #line\n]'


def text_of(pdf, tmp_path):
    path = tmp_path / "document.pdf"
    path.write_bytes(pdf)
    return subprocess.run(["pdftotext", str(path), "-"], capture_output=True, text=True, check=True).stdout


def metadata_of(pdf, tmp_path):
    path = tmp_path / "document.pdf"
    path.write_bytes(pdf)
    return pypdf.PdfReader(path).xmp_metadata


def test_the_text_layer_holds_the_vietnamese_words(tmp_path):
    text = text_of(render_pdf(TEMPLATE, {"title": "PHIẾU KIỂM SOÁT", "lines": [HARD_WORDS]}), tmp_path)

    assert "PHIẾU KIỂM SOÁT" in text
    assert HARD_WORDS in text


@pytest.mark.parametrize(("standard", "part", "level"), [("a-2b", "2", "B"), ("a-2a", "2", "A"), ("a-3b", "3", "B")])
def test_the_document_declares_its_pdf_a_level_and_embeds_its_fonts(tmp_path, standard, part, level):
    pdf = render_pdf(TEMPLATE, {"title": "Kết quả", "lines": ["một"]}, standard=standard)

    metadata = metadata_of(pdf, tmp_path)
    fonts = subprocess.run(["pdffonts", str(tmp_path / "document.pdf")], capture_output=True, text=True, check=True).stdout
    assert (metadata.pdfaid_part, metadata.pdfaid_conformance) == (part, level)
    assert "BeVietnamPro" in fonts
    assert all(line.split()[-5:-2] == ["yes", "yes", "yes"] for line in fonts.splitlines()[2:])


def test_the_same_input_at_the_same_instant_gives_the_same_bytes():
    with time_machine.travel(datetime(2026, 11, 24, 7, tzinfo=UTC), tick=False):
        first, second = (render_pdf(TEMPLATE, {"title": "Một", "lines": []}) for _ in range(2))

    assert first == second


def test_threads_do_not_mix_their_data(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: render_pdf(TEMPLATE, {"title": f"Hồ sơ {n}", "lines": []}), range(40)))

    for number in (0, 17, 39):
        assert text_of(made[number], tmp_path).strip() == f"Hồ sơ {number}"


def test_data_are_data_and_never_markup(tmp_path):
    nasty = '#read("/etc/passwd") *đậm* $x$ <b>'

    assert nasty in text_of(render_pdf(TEMPLATE, {"title": nasty, "lines": []}), tmp_path)


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("Được\n#nope(", r"unclosed delimiter \(line 2"),
        ('#read("/etc/passwd")', "file not found"),
        ('#read("../../../../../../etc/passwd")', "escape"),
        ('#import "@preview/cetz:0.4.0": canvas', "import packages"),
        ("#data.absent", "absent"),
        ("#while true {}", "always true"),
    ],
)
def test_a_broken_or_curious_template_is_refused_with_the_reason_and_no_path(template, says):
    with pytest.raises(TemplateBroken, match=says) as caught:
        render_pdf(template, {})

    assert "site-packages" not in str(caught.value)


def test_endless_data_are_refused():
    with pytest.raises(DocumentTooLarge):
        render_pdf("#data.x", {"x": "a" * 5_000_000})
