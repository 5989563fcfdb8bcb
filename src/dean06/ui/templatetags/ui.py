"""Template tags and filters of the design system; loaded in every template (``builtins``)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django import template
from django.forms import BaseForm, BoundField
from django.forms.widgets import CheckboxInput, CheckboxSelectMultiple, FileInput, HiddenInput, RadioSelect, Select, Textarea
from django.template.base import FilterExpression, Node, NodeList, Parser, Token, token_kwargs
from django.template.context import RequestContext
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from dean06.ui import formats
from dean06.ui.tiles import legend, tiles
from dean06.ui.values import Fact, LegalClock, Step, TileValue

register = template.Library()

TAG_ICONS: Final[Mapping[str, str]] = {"run": "clock", "ok": "check", "warn": "warn", "stop": "stop", "src": "db"}
BREAK_AFTER_SLASH: Final = SafeString("/<wbr>")
NOTE_ICONS: Final[Mapping[str, str]] = {"": "info", "ok": "shield", "warn": "warn", "stop": "stop"}

register.filter("vn_date", formats.day)
register.filter("vn_datetime", formats.moment)
register.filter("vn_weekday", formats.weekday)
register.filter("dong", formats.dong)
register.filter("mask", formats.masked_number)
register.filter("mask_name", formats.masked_name)


@register.filter
def vn_number(value: float | Decimal | None, digits: int = 0) -> str:
    """Write a figure: ``{{ 1174473|vn_number }}`` is 1.174.473."""
    return formats.number(value, digits)


@register.filter
def vn_percent(value: float | Decimal | None, digits: int = 1) -> str:
    """Write a ratio as percent: ``{{ 0.947|vn_percent:1 }}`` is 94,7 %."""
    return formats.percent(value, digits)


@register.filter
def breakable(text: str) -> SafeString:
    """Let an identifier of several parts go on in the next line after a slash: ``VN/GOV/G01`` in a narrow column."""
    return format_html_join(BREAK_AFTER_SLASH, "{}", ((part,) for part in text.split("/")))


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """Draw an icon of the sprite, hidden from screen readers: words stand beside it."""
    classes = f"i {css}".strip()
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="{}#i-{}"/></svg>', classes, static("ui/icons.svg"), name
    )


@register.simple_tag
def tag(text: str, kind: str = "", icon_name: str = "") -> SafeString:
    """Show the state of a thing: word, icon and colour. Kinds: run ok warn stop src, or none."""
    css = f"tag tag--{kind}" if kind else "tag"
    drawing = icon(icon_name or TAG_ICONS[kind]) if icon_name or kind in TAG_ICONS else SafeString("")
    return format_html('<span class="{}">{}{}</span>', css, drawing, text)


@register.simple_tag
def due(days_left: int | None, is_paused: bool = False, due_on: date | None = None) -> SafeString:  # noqa: FBT001, FBT002 -- used in templates
    """Show the working days left as shape, colour and words, with the day when it is given."""
    words, kind = formats.due_words(days_left, is_paused=is_paused)
    mark = format_html('<span class="{}">{}</span>', f"due due--{kind}" if kind else "due", words)
    return mark if due_on is None else format_html('{} <span class="sub">{}</span>', mark, formats.day(due_on))


@register.inclusion_tag("ui/parts/steps.html")
def steps(items: Sequence[Step]) -> dict[str, object]:
    """Show the signed steps standing, for the citizen."""
    return {"steps": items}


@register.inclusion_tag("ui/parts/sline.html")
def sline(items: Sequence[Step], css: str = "") -> dict[str, object]:
    """Show the signed steps lying, for dense screens."""
    return {"steps": items, "css": css}


@register.inclusion_tag("ui/parts/clock.html")
def legal_clock(clock: LegalClock) -> dict[str, object]:
    """Show the due day, the days left, a calendar of the days that count, and why."""
    return {"clock": clock, "first": clock.days[0].day if clock.days else None}


@register.inclusion_tag("ui/parts/facts.html")
def facts(items: Iterable[Fact | tuple[str, object]], stack: bool = False) -> dict[str, object]:  # noqa: FBT001, FBT002 -- used in templates
    """Show names and values; ``stack`` in narrow columns."""
    return {"facts": [item if isinstance(item, Fact) else Fact(*item) for item in items], "stack": stack}


@register.inclusion_tag("ui/parts/prefill.html")
def prefill(items: Iterable[Fact], heading: str = "", wrong_url: str = "", heading_id: str = "da-co") -> dict[str, object]:
    """Show facts that came from a register, each with its source: "Đã có, bạn không phải nhập"."""
    return {"facts": list(items), "heading": heading, "wrong_url": wrong_url, "heading_id": heading_id}


@register.inclusion_tag("ui/parts/errsum.html")
def errsum(form: BaseForm) -> dict[str, object]:
    """Sum up what must be mended; the same words stand at each field."""
    found = [(field_target(bound), message) for bound in form for message in bound.errors]
    return {"errors": [("", message) for message in form.non_field_errors()] + found}


def field_target(bound: BoundField) -> str:
    """Return the id that a link to the field should lead to: its first choice for a group."""
    grouped = isinstance(bound.field.widget, RadioSelect | CheckboxSelectMultiple)
    return f"{bound.auto_id}_0" if grouped else bound.auto_id


@register.inclusion_tag("ui/parts/field.html")
def field(bound: BoundField, hint: str = "", css: str = "", autocomplete: str = "", inputmode: str = "") -> dict[str, object]:
    """Show one field of a form: label, hint, what to mend, and the control with what was entered.

    Choices that have a ``hints`` mapping on the form field (value to sentence) show it under each choice.
    """
    widget = bound.field.widget
    hint = hint or str(bound.help_text)
    described = " ".join(name for name, is_there in ((f"{bound.auto_id}-hint", hint), (f"{bound.auto_id}-error", bound.errors)) if is_there)
    attributes: dict[str, Any] = {
        key: value
        for key, value in {
            "aria-describedby": described,
            "aria-invalid": "true" if bound.errors else "",
            "autocomplete": autocomplete,
            "inputmode": inputmode,
            "class": " ".join(part for part in (control_class(widget), widget.attrs.get("class", ""), css) if part),
        }.items()
        if value
    }
    kind = (
        "hidden"
        if isinstance(widget, HiddenInput)
        else "group"
        if isinstance(widget, RadioSelect | CheckboxSelectMultiple)
        else "check"
        if isinstance(widget, CheckboxInput)
        else "one"
    )
    return {
        "bound": bound,
        "kind": kind,
        "hint": hint,
        "control": "" if kind == "group" else bound.as_widget(attrs=attributes),
        "choices": _choices(bound, described) if kind == "group" else (),
    }


def control_class(widget: object) -> str:
    """Return the class of a control."""
    if isinstance(widget, CheckboxInput | RadioSelect | CheckboxSelectMultiple | HiddenInput):
        return ""
    if isinstance(widget, Textarea):
        return "area"
    return "select" if isinstance(widget, Select) else "input"


def _choices(bound: BoundField, described: str) -> list[dict[str, object]]:
    hints = getattr(bound.field, "hints", {})
    chosen = bound.value()
    values = {str(value) for value in (chosen if isinstance(chosen, list | tuple) else [chosen])}
    kind = "checkbox" if isinstance(bound.field.widget, CheckboxSelectMultiple) else "radio"
    return [
        {
            "id": f"{bound.auto_id}_{index}",
            "name": bound.html_name,
            "kind": kind,
            "value": str(value),
            "label": label,
            "hint": hints.get(value, ""),
            "is_chosen": str(value) in values,
            "described": described,
        }
        for index, (value, label) in enumerate(bound.field.choices)  # type: ignore[attr-defined]
        if str(value)
    ]


@register.filter
def is_multipart(form: BaseForm) -> bool:
    """Say whether the form needs enctype multipart/form-data."""
    return any(isinstance(bound.field.widget, FileInput) for bound in form)


@register.inclusion_tag("ui/parts/crumbs.html")
def crumbs(*parts: str) -> dict[str, object]:
    """Show where the page lies: label and address in turn, the page's own label last."""
    pairs = list(zip(parts[0:-1:2], parts[1::2], strict=False))
    return {"pairs": pairs, "here": parts[-1]}


@register.inclusion_tag("ui/parts/pager.html", takes_context=True)
def pager(context: RequestContext, next_cursor: str, parameter: str = "cursor") -> dict[str, object]:
    """Link to the next page of a list that is paged by key, keeping the query."""
    query = context["request"].GET.copy()
    is_first = parameter not in query
    query.pop(parameter, None)
    first = query.urlencode()
    query[parameter] = next_cursor
    return {"next_query": query.urlencode() if next_cursor else "", "first_query": first, "is_first": is_first}


@register.inclusion_tag("ui/parts/tilemap.html")
def tile_map(values: Mapping[str, TileValue], bounds: Sequence[str] = (), caption: str = "", unit: str = "") -> dict[str, object]:
    """Draw the 34 provinces as tiles of one size, with Hoàng Sa and Trường Sa, a legend and a table.

    Args:
        values: province code to what it shows; a province without one reads "không xác định".
        bounds: words of the classes 1 to 5 for the legend ("dưới 85").
        caption: what the figures are, for the table.
        unit: added after each figure for screen readers, such as "%".
    """
    placed = tiles(values)
    own = [tile for tile in placed if not tile.belongs_to]
    return {
        "tiles": placed,
        "legend": legend(placed, bounds),
        "rows": sorted(own, key=lambda tile: (tile.value.level == 0, tile.value.level, tile.value.text)),
        "caption": caption,
        "unit": unit,
    }


@register.simple_tag
def spark(points: Sequence[float], target: float | None = None, label: str = "") -> SafeString:
    """Draw a line of some figures over time, 120 by 44 units, with the aim as a dashed rule; ``label`` says it in words."""
    if not points:
        return SafeString("")
    low, high = min([*points, *([target] if target is not None else [])]), max([*points, *([target] if target is not None else [])])
    scale = 36 / (high - low) if high > low else 0.0
    step = 110 / max(len(points) - 1, 1)
    places = [(4 + index * step, 40 - (value - low) * scale) for index, value in enumerate(points)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    aim = format_html('<path class="spark-t" d="M0 {}H120"/>', f"{40 - (target - low) * scale:.1f}") if target is not None else ""
    last_x, last_y = places[-1]
    return format_html(
        '<svg viewBox="0 0 120 44" role="img" aria-label="{}">{}<polyline class="spark-l" points="{}"/>'
        '<circle class="spark-d" cx="{}" cy="{}" r="3.5"/></svg>',
        label,
        aim,
        line,
        f"{last_x:.1f}",
        f"{last_y:.1f}",
    )


@register.simple_tag
def bar(median: float, p90: float, limit: float | None = None, longest: float | None = None) -> SafeString:
    """Draw a lying bar: 90th percentile, median over it, and the allowed limit as a stroke; figures stand beside it in words."""
    whole = max(longest or 0, p90, median, limit or 0) or 1
    stroke = format_html('<path class="lim" d="M{} 0V10"/>', f"{limit * 100 / whole:.1f}") if limit is not None else ""
    return format_html(
        '<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="10"/>'
        '<rect class="p90" width="{}" height="10"/><rect class="med" width="{}" height="10"/>{}</svg>',
        f"{p90 * 100 / whole:.1f}",
        f"{median * 100 / whole:.1f}",
        stroke,
    )


class NoteNode(Node):
    """A notice around its content."""

    def __init__(self, kind: FilterExpression | None, options: Mapping[str, FilterExpression], nodes: NodeList) -> None:
        self.kind, self.options, self.nodelist = kind, options, nodes

    def render(self, context: template.Context) -> SafeString:
        kind = str(self.kind.resolve(context)) if self.kind else ""
        drawing = str(self.options["icon"].resolve(context)) if "icon" in self.options else NOTE_ICONS.get(kind, "info")
        role = format_html(' role="{}"', self.options["role"].resolve(context)) if "role" in self.options else ""
        return format_html(
            '<div class="{}"{}>{}<div>{}</div></div>',
            f"note note--{kind}" if kind else "note",
            role,
            icon(drawing),
            SafeString(self.nodelist.render(context)),
        )


@register.tag("note")
def note(parser: Parser, token: Token) -> NoteNode:
    """Show one thing to know now: ``{% note "warn" %}<p>…</p>{% endnote %}``. Kinds: ok warn stop, or none."""
    words = token.split_contents()[1:]
    kind = parser.compile_filter(words.pop(0)) if words and "=" not in words[0] else None
    options = token_kwargs(words, parser)
    nodes = parser.parse(("endnote",))
    parser.delete_first_token()
    return NoteNode(kind, options, nodes)


@register.filter
def weekday_number(value: date | datetime) -> int:
    """Return 0 for Monday."""
    return value.weekday()
