"""Charts are drawn on the server, with our words and figures, and carry nothing active."""

import pytest

from dean06.ui.public import ChartUnsafe, render_chart

DATA = [{"place": "Quảng Ninh", "count": 1083.5}, {"place": "Sơn La", "count": 842}]
SPECIFICATION = {
    "title": {"text": "Hồ sơ đã nhận", "subtitle": "hồ sơ, tháng 10/2026"},
    "data": {"values": DATA},
    "mark": "bar",
    "encoding": {"y": {"field": "place", "type": "nominal", "title": None}, "x": {"field": "count", "type": "quantitative", "title": None}},
}


def test_a_chart_uses_our_typefaces_and_vietnamese_figures_and_says_what_it_shows():
    drawn = render_chart(SPECIFICATION, label="Quảng Ninh nhiều nhất <1>")

    assert "Be Vietnam Pro" in drawn
    assert "1.000" in drawn
    assert 'aria-label="Quảng Ninh nhiều nhất &lt;1&gt;"' in drawn
    assert "style=" not in drawn


def test_markup_in_the_data_stays_text():
    values = [{"place": "<script>alert(1)</script>", "count": 1}]

    drawn = render_chart({**SPECIFICATION, "data": {"values": values}}, label="x")

    assert "<script" not in drawn


def test_links_in_a_chart_are_refused():
    specification = {**SPECIFICATION, "encoding": {**SPECIFICATION["encoding"], "href": {"value": "javascript:alert(1)"}}}

    with pytest.raises(ChartUnsafe):
        render_chart(specification, label="x")
