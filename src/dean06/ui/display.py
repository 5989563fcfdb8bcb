"""The reader's own choices of display, kept in a cookie by the server: size of text, contrast or dark ground."""

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest

COOKIE: Final = "dean06_display"
TEXTS: Final = ("", "l", "xl")
THEMES: Final = ("", "contrast", "dark")


@dataclass(frozen=True, slots=True)
class Display:
    """How this reader wants pages: ``text`` one of ``TEXTS``, ``theme`` one of ``THEMES``."""

    text: str = ""
    theme: str = ""

    @classmethod
    def parse(cls, value: str) -> "Display":
        """Read a cookie's value; anything unknown is the default."""
        text, _, theme = value.partition(".")
        return cls(text if text in TEXTS else "", theme if theme in THEMES else "")

    def __str__(self) -> str:
        return f"{self.text}.{self.theme}"


def display_of(request: HttpRequest) -> Display:
    """Return the reader's choices."""
    return Display.parse(request.COOKIES.get(COOKIE, ""))
