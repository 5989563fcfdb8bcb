"""What other modules may use of the design system from Python; templates use the tags of ``ui/README.md``."""

from dean06.ui import formats
from dean06.ui.charts import ChartUnsafe, render_chart
from dean06.ui.display import COOKIE as DISPLAY_COOKIE
from dean06.ui.display import Display, display_of
from dean06.ui.fonts import make_fonts
from dean06.ui.listings import listed, searched
from dean06.ui.values import ClockDay, Fact, LegalClock, NavItem, Step, TileValue

__all__ = [
    "DISPLAY_COOKIE",
    "ChartUnsafe",
    "ClockDay",
    "Display",
    "Fact",
    "LegalClock",
    "NavItem",
    "Step",
    "TileValue",
    "display_of",
    "formats",
    "listed",
    "make_fonts",
    "render_chart",
    "searched",
]
