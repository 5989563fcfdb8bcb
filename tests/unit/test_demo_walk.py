"""The walk's small browser and the demonstration's one-time codes."""

import base64

import pytest

from dean06.demo.accounts_file import DemoAccount, NoDemoPeople, read_accounts, write_accounts
from dean06.demo.walk.browser import Page, PageRefused, _Reader

PAGE = """<html><head><style>.x{}</style></head><body><a href="/me">Dữ liệu <b>của tôi</b></a>
<form method="post" action="/next"><input type="hidden" name="csrf" value="t"><input name="street" value="12 Trần Phú">
<select name="unit"><option value="a">A<option value="b" selected>B</select><textarea name="why">vì &amp; sao</textarea>
<input type="checkbox" name="agree" value="yes"><input type="radio" name="kin" value="child" checked><input type="file" name="f">
<button name="do" value="save">Lưu và tiếp tục</button></form></body></html>"""


def read(text):
    reader = _Reader()
    reader.feed(text)
    return Page(
        "http://localhost/start", 200, text.encode(), "text/html", reader.forms, reader.links, " ".join(" ".join(reader.words).split())
    )


def test_a_form_sends_what_stands_in_it_and_no_box_that_nobody_ticked():
    form = read(PAGE).form(has="street")

    assert form.values == {"csrf": "t", "street": "12 Trần Phú", "unit": "b", "why": "vì & sao", "kin": "child"}
    assert form.choices["unit"] == ["a", "b"]
    assert form.buttons == [("do", "save", "Lưu và tiếp tục")]


def test_links_are_found_by_their_words_and_a_missing_one_is_named():
    page = read(PAGE)

    assert page.link(words="dữ liệu của tôi") == "http://localhost/me"
    with pytest.raises(PageRefused) as refusal:
        page.link(contains="/nowhere")
    assert refusal.value.context["missing_link"] == "/nowhere"


@pytest.mark.parametrize(
    ("seconds", "code"), [(59, "94287082"), (1111111109, "07081804"), (1234567890, "89005924"), (20000000000, "65353130")]
)
def test_one_time_codes_follow_the_vectors_of_rfc_6238(seconds, code):
    account = DemoAccount("x", "k", "n", "0", "p", base64.b32encode(b"12345678901234567890").decode(), "t")

    assert account.code(at=seconds) == code[-6:]  # the appendix prints eight digits; six are its last six


def test_the_accounts_file_is_for_its_owner_only_and_reads_back(tmp_path):
    account = DemoAccount("citizen", "k", "Nguyễn Thị Thử", "022300000000", "secret", "JBSWY3DP", "người dân")

    write_accounts(tmp_path, {"citizen": account})

    assert (tmp_path / "demo-people.json").stat().st_mode & 0o777 == 0o600
    assert read_accounts(tmp_path) == {"citizen": account}


def test_no_file_means_start_first(tmp_path):
    with pytest.raises(NoDemoPeople):
        read_accounts(tmp_path)
