"""Words are found in code and templates, checked, and compiled."""

import gettext

import pytest

from dean06.core import catalogues

PYTHON = '''
from django.utils.translation import gettext as _, ngettext, pgettext

class Refused(Exception):
    """Refused."""

    message_vi = "Bị từ chối."

def words(n):
    return _("Lưu hồ sơ"), ngettext("%(n)s ngày", "%(n)s ngày", n), pgettext("due", "hôm nay"), _(n)
'''
TEMPLATE = """
<p>{% translate "Lưu hồ sơ" %} {{ name|default:_("chưa có") }}</p>
    {% if x %}
  {% blocktranslate with day=d %}Hẹn trả {{ day }}{% endblocktranslate %}
    {% endif %}
{% crumbs _("Trang chủ") "/" %} it's {# a comment #}
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    folder = tmp_path / "dean06" / "sample"
    (folder / "templates" / "sample").mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "words.py").write_text(PYTHON)
    (folder / "templates" / "sample" / "page.html").write_text(TEMPLATE)
    monkeypatch.setattr(catalogues, "PACKAGE", tmp_path / "dean06")
    return folder


def translate(module, **pairs):
    path = module / catalogues.FILE
    text = path.read_text()
    for source, target in pairs.values():
        text = text.replace(f'msgid "{source}"\nmsgstr ""', f'msgid "{source}"\nmsgstr "{target}"')
    path.write_text(text)


def test_words_of_code_and_templates_are_found_once_each(module):
    words = catalogues.words_of(module)

    assert set(words) == {
        ("", "Lưu hồ sơ"),
        ("", ("%(n)s ngày", "%(n)s ngày")),
        ("due", "hôm nay"),
        ("", "Bị từ chối."),
        ("", "chưa có"),
        ("", "Hẹn trả %(day)s"),
        ("", "Trang chủ"),
    }
    assert len(words["", "Lưu hồ sơ"]) == 2


def test_extracting_keeps_what_is_translated_and_drops_what_nobody_says(module):
    catalogues.extract_words(module)
    translate(module, save=("Lưu hồ sơ", "Save"), home=("Trang chủ", "Home"))
    (module / "templates" / "sample" / "page.html").write_text("<p></p>")

    catalogues.extract_words(module)

    text = (module / catalogues.FILE).read_text()
    assert 'msgstr "Save"' in text
    assert "Trang chủ" not in text


def test_extracting_twice_changes_nothing(module):
    catalogues.extract_words(module)
    before = (module / catalogues.FILE).read_bytes()

    catalogues.extract_words(module)

    assert (module / catalogues.FILE).read_bytes() == before


def test_a_string_that_gains_a_plural_is_to_be_translated_anew(module):
    catalogues.extract_words(module)
    translate(module, home=("Lưu hồ sơ", "Save"))
    (module / "templates" / "sample" / "page.html").write_text("")
    (module / "words.py").write_text(PYTHON.replace('_("Lưu hồ sơ")', 'ngettext("Lưu hồ sơ", "Lưu hồ sơ", n)'))

    catalogues.extract_words(module)

    assert ("not translated", "Lưu hồ sơ") in {(finding.problem, finding.text) for finding in catalogues.findings(module)}


def test_the_check_names_missing_words_and_wrong_placeholders(module):
    catalogues.extract_words(module)
    translate(module, due=("Hẹn trả %(day)s", "Due soon"), home=("Trang chủ", "Home"))
    (module / "more.py").write_text('from django.utils.translation import gettext\nx = gettext("Mới")\n')

    found = {(finding.problem, finding.text) for finding in catalogues.findings(module)}

    assert ("placeholders differ", "Hẹn trả %(day)s") in found
    assert ("not in the catalogue", "Mới") in found
    assert ("not translated", "Lưu hồ sơ") in found
    assert not any(text == "Trang chủ" for _problem, text in found)


def test_a_stale_catalogue_is_compiled_once(module):
    catalogues.extract_words(module)
    translate(module, home=("Trang chủ", "Home"))

    assert catalogues.compile_words(module)
    assert not catalogues.compile_words(module)
    with (module / catalogues.FILE).with_suffix(".mo").open("rb") as file:
        assert gettext.GNUTranslations(file).gettext("Trang chủ") == "Home"


@pytest.mark.parametrize("name", ["core", "ui", "site", "portal"])
def test_what_people_read_is_whole_in_english(name):
    assert catalogues.findings(catalogues.PACKAGE / name) == []
