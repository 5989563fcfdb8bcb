"""The tags that pages are made of."""

import pytest
from django import forms
from django.template import Context, Template
from django.test import RequestFactory

from dean06.ui.public import Fact, Step, TileValue
from dean06.ui.tiles import layout


def shown(source, **context):
    return Template(source).render(Context(context))


class MoveForm(forms.Form):
    address = forms.CharField(label="Số nhà, tên đường", error_messages={"required": "Nhập số nhà, tên đường"})
    way = forms.ChoiceField(label="Cách ở", widget=forms.RadioSelect, choices=[("own", "Nhà của tôi"), ("rent", "Thuê")])
    note = forms.CharField(label="Ghi chú", required=False, widget=forms.Textarea)


def test_a_refused_form_says_the_same_words_above_and_at_the_field_and_keeps_what_was_entered():
    form = MoveForm({"address": "", "way": "rent", "note": "Gần <chợ>"})

    page = shown("{% errsum form %}{% field form.address %}{% field form.way %}{% field form.note %}", form=form)

    assert page.count("Nhập số nhà, tên đường") == 2
    assert 'href="#id_address"' in page
    assert 'aria-invalid="true"' in page
    assert 'aria-describedby="id_address-error"' in page
    assert 'value="rent" checked' in page
    assert "Gần &lt;chợ&gt;" in page
    assert page.count("(không bắt buộc)") == 1


def test_a_group_of_choices_is_linked_by_its_first_choice():
    form = MoveForm({"address": "Số 1"})

    page = shown("{% errsum form %}{% field form.way %}", form=form)

    assert 'href="#id_way_0"' in page
    assert 'id="id_way_0"' in page


def test_facts_escape_values_and_name_their_source():
    page = shown("{% prefill items %}", items=[Fact("Họ tên", "<b>x</b>", source="CSDL dân cư"), Fact("Tôn giáo", "")])

    assert "&lt;b&gt;" in page
    assert "lấy từ CSDL dân cư" in page
    assert "chưa có" in page


def test_steps_mark_the_present_one():
    page = shown("{% steps items %}", items=[Step("Tiếp nhận", "done", signed_by="A"), Step("Thẩm định", "now"), Step("Phê duyệt")])

    assert page.count("aria-current") == 1
    assert page.count("step--wait") == 1


def test_the_tile_map_shows_34_provinces_and_both_archipelagos_with_their_province():
    values = {"48": TileValue("98,5", 5, "/p/48"), "14": TileValue("84,2", 1, "/p/14")}

    page = shown(
        "{% tile_map values bounds caption %}", values=values, bounds=["dưới 85", "85 đến 90", "", "", "từ 98"], caption="Đúng hạn"
    )

    assert len(layout()["tiles"]) == 34
    assert page.count('class="tile ') == 36
    assert page.count("tile isle") == 2
    assert page.count('href="/p/48"') == 3  # Đà Nẵng, Hoàng Sa, the table
    assert "Trường Sa" in page
    assert page.index("Sơn La</a></th>") < page.index("Đà Nẵng</a></th>")  # worst first


@pytest.mark.parametrize("kind", ["", "ok", "warn", "stop"])
def test_a_notice_wraps_its_content(kind):
    page = shown("{% note kind %}<p>Nội dung {{ x }}</p>{% endnote %}", kind=kind, x="<i>")

    assert "note--" in page or not kind
    assert "&lt;i&gt;" in page


def test_a_pager_keeps_the_query():
    request = RequestFactory().get("/list", {"q": "lan", "cursor": "abc"})

    page = Template('{% pager "def" %}').render(Context({"request": request}))

    assert "?q=lan&amp;cursor=def" in page
    assert 'href="?q=lan"' in page


def test_an_identifier_may_go_on_in_the_next_line_after_a_slash_and_stays_escaped():
    assert shown("{{ one|breakable }}", one="VN/GOV/<b>") == "VN/<wbr>GOV/<wbr>&lt;b&gt;"
    assert shown("{{ one|breakable }}", one="–") == "–"
