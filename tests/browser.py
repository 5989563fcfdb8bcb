"""A real browser in tests: chromium through Playwright, with and without script, and what a page must hold.

Use the fixtures ``page`` (script on), ``page_without_script``, or ``new_page`` for several people at once; mark the module with
``pytestmark = pytest.mark.browser``. A module that uses them may read the ORM in its tests, but must not hold async tests.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as BrowserTimeoutError

CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDTHS = (390, 1280, 1920)
NARROWEST = 320
BOXES = ".kpi, .card, .tile, td, th, .tag, .btn"
THEMES = ("", "contrast", "dark")
AXE_OPTIONS = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    "resultTypes": ["violations"],
}
PATIENCE_MILLISECONDS = 60_000
expect.set_options(timeout=PATIENCE_MILLISECONDS)  # Playwright waits five seconds where nobody says how long
FRAMES_MILLISECONDS = 5_000
TWO_FRAMES = """patience => matchMedia('(scripting: none)').matches || new Promise(done => {
    const late = setTimeout(() => done(false), patience);
    requestAnimationFrame(() => requestAnimationFrame(() => { clearTimeout(late); done(true); }));
})"""
POLICY_WORDS = re.compile(r"Content Security Policy|violates the following")


def find_chromium() -> str:
    """Return the path of chromium, or fail: a test that needs a browser is never skipped."""
    found = os.environ.get("DEAN06_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        pytest.fail("chromium is missing: run make test as root, or apt-get install chromium", pytrace=False)
    return found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for a module's tests."""
    executable = find_chromium()
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's own loop runs in this thread; the ORM is still called in sync
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(CHROMIUM_ARGUMENTS))
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
    else:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


@pytest.fixture
def new_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page for another person: own cookies, own storage. Ends by checking that no page threw or broke the policy."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def note_console(message: ConsoleMessage) -> None:
        if message.type == "error" and POLICY_WORDS.search(message.text):
            faults.append(message.text)

    def open_page(*, has_script: bool = True, width: int = 1280, height: int = 900, **options: Any) -> Page:
        context = chromium.new_context(
            java_script_enabled=has_script, viewport={"width": width, "height": height}, locale="vi-VN", reduced_motion="reduce", **options
        )
        context.set_default_timeout(PATIENCE_MILLISECONDS)  # no test of speed: a busy machine may take its time
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", note_console)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """One person's page, with script."""
    return new_page()


@pytest.fixture
def page_without_script(new_page: Callable[..., Page]) -> Page:
    """One person's page in a browser that runs no script."""
    return new_page(has_script=False)


def resize(page: Page, width: int, *, height: int = 900) -> None:
    """Change the window's size and wait until it is drawn, so that what follows (a click waits for frames) finds a page at rest."""
    page.set_viewport_size({"width": width, "height": height})
    wait_until_drawn(page)


def wait_until_drawn(page: Page, *, attempts: int = 6) -> None:
    """Wait for two frames; a headless chromium that stopped drawing after a change of size is asked again by another one.

    Without script nothing can be told of frames, so nothing is waited for.

    Raises: AssertionError with what the page says of itself when no attempt helps.
    """
    for _ in range(attempts):
        if page.evaluate(TWO_FRAMES, FRAMES_MILLISECONDS):
            return
        size = page.viewport_size or {"width": 1280, "height": 900}
        page.bring_to_front()
        page.set_viewport_size({"width": size["width"] + 1, "height": size["height"]})
        page.set_viewport_size({"width": size["width"], "height": size["height"]})
    raise AssertionError(f"{page.url}: the browser draws no frames; the page is {page.evaluate('document.visibilityState')}")


def click(target: Locator) -> None:
    """Click as a person does who first wakes a window that draws nothing; what was once clicked is never clicked again.

    Returns when the page that the click leads to is there as a whole: its first half may already be read before.
    """
    try:
        target.click(timeout=PATIENCE_MILLISECONDS / 3)
    except BrowserTimeoutError as error:
        if "performing click action" in str(error):
            raise
        wait_until_drawn(target.page)
        target.click()
    target.page.wait_for_load_state()


def accessibility_findings(page: Page) -> list[str]:
    """Run axe on the page as it stands; one line for each element that breaks a rule."""
    page.evaluate(AXE_SCRIPT)
    found = page.evaluate("options => axe.run(document, options)", AXE_OPTIONS)
    return [
        f"{violation['id']}: {node['target']} {(node.get('any') or node.get('all') or node.get('none') or [{}])[0].get('message', '')}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def sideways_overflow(page: Page) -> list[str]:
    """Return what makes the page wider than the window: nothing, or the widest elements."""
    return page.evaluate(
        """() => {
            const wide = document.documentElement.scrollWidth - window.innerWidth;
            if (wide <= 0) return [];
            return [...document.querySelectorAll('body *')]
              .filter(e => e.getBoundingClientRect().right > window.innerWidth + 1)
              .slice(0, 5).map(e => `${wide}px: ${e.tagName.toLowerCase()}.${e.className}`);
        }"""
    )


def spilt_text(page: Page) -> list[str]:
    """Return what is written over the edge of its card, tile or cell; what can be scrolled to is not lost."""
    return page.evaluate(
        """boxes => [...document.querySelectorAll(boxes)].flatMap(box => {
            const edge = box.getBoundingClientRect().right + 1, words = document.createTreeWalker(box, NodeFilter.SHOW_TEXT), found = [];
            while (words.nextNode()) {
                const parent = words.currentNode.parentElement;
                if (!words.currentNode.data.trim() || parent.closest('.sr')) continue;
                if (box.contains(parent.closest('.tablebox, [tabindex="0"]')) && parent.closest('.tablebox, [tabindex="0"]') !== box) continue;
                const range = document.createRange();
                range.selectNodeContents(words.currentNode);
                if (range.getBoundingClientRect().right > edge) found.push(`${box.className}: ${words.currentNode.data.trim()}`);
            }
            return found;
        })""",
        BOXES,
    )


def assert_accessible(page: Page, *, widths: Sequence[int] = WIDTHS, themes: Sequence[str] = ("",)) -> None:
    """Hold the page to WCAG 2.2 A and AA with best practices, all details open, at each width, to no text beyond its box and no sideways scroll.

    Menus lie over the page, so they are open at the greatest width only, where they cover no other control. Sideways
    scroll is looked for at 320 px and, with text at 137.5 %, at 390 px. The page is left at 1280 px in the first theme.
    """
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.dataset.was = one.open; one.open = true; })")
    findings = []
    for theme in themes:
        page.evaluate("theme => { if (theme) document.documentElement.dataset.theme = theme; }", theme)
        for width in widths:
            resize(page, width)
            page.evaluate("open => document.querySelectorAll('details.menu').forEach(one => { one.open = open; })", width == max(widths))
            findings += [f"{width} px {theme} {line}" for line in (*accessibility_findings(page), *spilt_text(page))]
    page.evaluate("delete document.documentElement.dataset.theme")
    resize(page, NARROWEST)
    findings += [f"{NARROWEST} px: {line}" for line in sideways_overflow(page)]
    page.evaluate("document.documentElement.dataset.text = 'xl'")
    resize(page, 390)
    findings += [f"390 px, large text: {line}" for line in sideways_overflow(page)]
    page.evaluate("delete document.documentElement.dataset.text")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = one.dataset.was === 'true'; })")
    resize(page, 1280)
    assert findings == [], f"{page.url}\n" + "\n".join(findings)


def shoot(page: Page, name: str, *, widths: Sequence[int] = (1280,)) -> list[Path]:
    """Keep pictures of the whole page in the folder that DEAN06_TEST_SHOTS names; do nothing where it names none."""
    folder = os.environ.get("DEAN06_TEST_SHOTS")
    if not folder:
        return []
    Path(folder).mkdir(parents=True, exist_ok=True)
    paths = []
    for width in widths:
        resize(page, width)
        page.evaluate("document.fonts.ready.then(() => true)")
        paths.append(Path(folder) / f"{name}-{width}.png")
        page.screenshot(path=str(paths[-1]), full_page=True)
    return paths
