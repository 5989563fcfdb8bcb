"""A small browser without script: pages, forms, cookies, redirects. It knows nothing of what the pages are about."""

import http.client
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from typing import Any, Final

from dean06.core.errors import Unavailable

TIMEOUT_SECONDS: Final = 60
LARGEST_PAGE: Final = 20_000_000


class PageRefused(Unavailable):
    """A page answered with an error or lacked what a person would have looked for."""

    code = "demo.page_refused"
    message_vi = "Một trang trả lời lỗi, hoặc thiếu thành phần cần có. Xem chi tiết bên dưới."


@dataclass
class Form:
    """A form of a page: where it leads, how, what it would send untouched, and its buttons."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)
    """Name, value and label of each button."""


@dataclass
class Page:
    """An answer: address after redirects, status, body; text and forms if it is HTML."""

    url: str
    status: int
    body: bytes
    content_type: str
    forms: list[Form] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    """Address and words of each link."""
    text: str = ""

    def link(self, *, contains: str = "", words: str = "") -> str:
        """Return the first link whose address or words contain what is looked for.

        Raises:
            PageRefused: there is none.
        """
        for url, label in self.links:
            if contains in url and words.casefold() in label.casefold():
                return urllib.parse.urljoin(self.url, url)
        raise PageRefused(page=_path(self.url), missing_link=contains or words)

    def form(self, *, has: str = "", action: str = "", button: str = "") -> Form:
        """Return the first form that has a field, leads to an address or shows a button.

        Raises:
            PageRefused: there is none.
        """
        for one in self.forms:
            labels = " ".join(label for _, _, label in one.buttons).casefold()
            if action in one.action and button.casefold() in labels and (not has or has in one.values or has in one.choices):
                return one
        raise PageRefused(page=_path(self.url), missing_form=has or action or button, text=self.text[:400])


class Browser:
    """One person's browser: cookies of its own, follows redirects on this installation only."""

    def __init__(self, origin: str, *, language: str = "vi") -> None:
        self.origin = origin
        self.requests = 0
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self._opener.addheaders = [("Accept-Language", language), ("User-Agent", "dean06-demo-walk")]

    def get(self, path: str, *, expect: int = 200) -> Page:
        """Open a page.

        Raises:
            PageRefused: another status came.
        """
        return self._open(urllib.request.Request(urllib.parse.urljoin(self.origin, path)), expect)  # noqa: S310 -- our own origin

    def submit(
        self,
        page: Page,
        form: Form,
        values: Mapping[str, str] | None = None,
        *,
        button: str = "",
        pairs: Sequence[tuple[str, str]] = (),
        expect: int = 200,
    ) -> Page:
        """Send a form with some values changed, pressing the button whose label contains ``button`` (the first if empty).

        ``pairs`` replaces all values where a name is to be sent several times.

        Raises:
            PageRefused: no such button, or another status came.
        """
        pressed = next(((name, value) for name, value, label in form.buttons if button.casefold() in label.casefold()), None)
        if pressed is None and button:
            raise PageRefused(page=_path(page.url), missing_button=button)
        sent = list(pairs) or list({**form.values, **(values or {})}.items())
        if pressed and pressed[0]:
            sent = [*((name, value) for name, value in sent if name != pressed[0]), (pressed[0], pressed[1])]
        encoded = urllib.parse.urlencode(sent)
        target = urllib.parse.urljoin(page.url, form.action)
        if form.method == "get":
            return self._open(urllib.request.Request(f"{target.partition('?')[0]}?{encoded}"), expect)  # noqa: S310
        headers = {"Referer": page.url, "Origin": self.origin}
        return self._open(urllib.request.Request(target, data=encoded.encode(), headers=headers), expect)  # noqa: S310

    def _open(self, request: urllib.request.Request, expect: int) -> Page:
        self.requests += 1
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                page = _read(answer)
        except urllib.error.HTTPError as answer:
            with answer:
                page = _read(answer)
        except (urllib.error.URLError, http.client.HTTPException, OSError) as exc:
            raise PageRefused(page=_path(request.full_url), reason=str(exc)) from exc
        if page.status != expect:
            raise PageRefused(page=_path(page.url), status=page.status, text=page.text[:600])
        return page


def _read(answer: Any) -> Page:
    body = answer.read(LARGEST_PAGE)
    kind = answer.headers.get("Content-Type", "")
    page = Page(answer.url, answer.status, body, kind)
    if "html" in kind:
        reader = _Reader()
        reader.feed(body.decode("utf-8", errors="replace"))
        page.forms, page.links = reader.forms, reader.links
        page.text = " ".join(" ".join(reader.words).split())
    return page


def _path(url: str) -> str:
    return urllib.parse.urlsplit(url).path


class _Reader(HTMLParser):
    """Collects forms, links and visible words."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []
        self.words: list[str] = []
        self._form: Form | None = None
        self._select = ""
        self._option: str | None = None
        self._textarea = ""
        self._button: tuple[str, str] | None = None
        self._label: list[str] = []
        self._link: str | None = None
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag in {"script", "style", "svg"}:
            self._hidden += 1
        elif tag == "form":
            self._form = Form(found.get("action", ""), found.get("method", "get").lower())
            self.forms.append(self._form)
        elif tag == "a" and "href" in found:
            self._link, self._label = found["href"], []
        elif self._form is not None:
            self._control(tag, found)

    def _control(self, tag: str, found: dict[str, str]) -> None:
        form, name = self._form, found.get("name", "")
        if form is None or "disabled" in found:
            return
        if tag == "button":
            self._button, self._label = (name, found.get("value", "")), []
        elif tag == "select":
            self._select = name
            form.choices[name] = []
        elif tag == "option" and self._select:
            value = found.get("value", "")
            form.choices[self._select].append(value)
            if "selected" in found or self._select not in form.values:
                form.values[self._select] = value
        elif tag == "textarea":
            self._textarea = name
            form.values[name] = ""
        elif tag == "input" and name:
            self._input(form, name, found)

    @staticmethod
    def _input(form: Form, name: str, found: dict[str, str]) -> None:
        kind = found.get("type", "text")
        value = found.get("value", "on" if kind in {"checkbox", "radio"} else "")
        if kind in {"checkbox", "radio"}:
            form.choices.setdefault(name, []).append(value)
            if "checked" in found:
                form.values[name] = value
        elif kind == "submit":
            form.buttons.append((name, value, value))
        elif kind != "file":
            form.values[name] = value

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style", "svg"}:
            self._hidden -= 1
        elif tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""
        elif tag == "button" and self._button is not None and self._form is not None:
            self._form.buttons.append((*self._button, " ".join(" ".join(self._label).split())))
            self._button = None
        elif tag == "a" and self._link is not None:
            self.links.append((self._link, " ".join(" ".join(self._label).split())))
            self._link = None

    def handle_data(self, data: str) -> None:
        if self._textarea and self._form is not None:
            self._form.values[self._textarea] += data
        if self._hidden:
            return
        self.words.append(data)
        if self._button is not None or self._link is not None:
            self._label.append(data)
