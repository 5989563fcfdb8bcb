"""Charts drawn on the server: a Vega-Lite specification becomes SVG that needs neither script nor style.

The look, the typefaces and the Vietnamese figures and dates come from ``data/vega-config.json``. Put a table or a sentence with
the figures beside each chart: the drawing alone is not the message.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from dean06.ui.fonts import font_directories

VEGA_LITE: Final = "5.20"
ACTIVE: Final = re.compile(r"<(?:script|foreignObject|style)\b|\son\w+\s*=|\sstyle\s*=|href\s*=\s*[\"']?\s*javascript:", re.IGNORECASE)


class ChartUnsafe(ValueError):
    """The chart asks for links or would carry script or inline style; links belong in the table beside it."""


@cache
def _configuration() -> dict[str, Any]:
    """Register the typefaces and return the look; the engine is a large library, loaded where charts are drawn."""
    import vl_convert  # noqa: PLC0415

    for directory in font_directories():
        vl_convert.register_font_directory(directory)
    loaded: dict[str, Any] = json.loads(files("dean06.ui").joinpath("data/vega-config.json").read_text(encoding="utf-8"))
    return loaded


def render_chart(specification: Mapping[str, Any], *, label: str) -> SafeString:
    """Draw a chart.

    Args:
        specification: Vega-Lite, with its data inline; addresses are not fetched.
        label: what the chart says, in a sentence, for people who don't see it.

    Raises:
        ValueError: Vega-Lite refuses the specification.
        ChartUnsafe: it asks for links, or the result would carry script or style.
    """
    if _asks_for_links(specification):  # the engine stumbles over them and takes the next chart along
        raise ChartUnsafe
    import vl_convert  # noqa: PLC0415

    configuration = _configuration()
    locale = configuration["locale"]
    svg = vl_convert.vegalite_to_svg(
        json.dumps(specification),
        vl_version=VEGA_LITE,
        config=configuration,
        allowed_base_urls=[],
        format_locale=locale["number"],
        time_format_locale=locale["time"],
    )
    if ACTIVE.search(svg):
        raise ChartUnsafe
    drawing = mark_safe(svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1))  # noqa: S308 -- made here, checked above
    return format_html('<figure class="chart" role="img" aria-label="{}">{}</figure>', label, drawing)


def _asks_for_links(part: object) -> bool:
    if isinstance(part, Mapping):
        return any(
            (name == "href" and isinstance(value, Mapping)) or (name != "values" and _asks_for_links(value)) for name, value in part.items()
        )
    return isinstance(part, list | tuple) and any(_asks_for_links(one) for one in part)
