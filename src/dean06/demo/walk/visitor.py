"""A demonstration person at a browser: logs in as anyone would."""

import time
from typing import Final

from dean06.demo.accounts_file import TOTP_STEP_SECONDS, DemoAccount
from dean06.demo.walk.browser import Browser, Page, PageRefused

LOGIN_STEPS: Final = 8


class Visitor(Browser):
    """A browser with a person's number, password and one-time codes."""

    def __init__(self, origin: str, account: DemoAccount) -> None:
        super().__init__(origin)
        self.account = account

    def log_in(self, path: str = "/login") -> Page:
        """Follow the portal to the identity provider and back: number and password, code, consent.

        A code counts once: where this one was spent by an earlier login the next one is waited for.

        Raises:
            PageRefused: the provider asks for something else, or refuses.
        """
        page = self.get(path)
        for _ in range(LOGIN_STEPS):
            answered = self._answer(page)
            if answered is None:
                return page
            page = answered
        raise PageRefused(page=page.url, text=page.text[:400])

    def _answer(self, page: Page) -> Page | None:
        """Answer the form that the provider shows; nothing when the login is over."""
        for form in page.forms:
            if "password" in form.values:
                return self.submit(page, form, {"number": self.account.number, "password": self.account.password})
            if "code" in form.values:
                return self._answer_code(page)
            if any(value == "agree" for _, value, _ in form.buttons):
                return self.submit(page, form, button="Đồng ý")
        return None

    def _answer_code(self, page: Page) -> Page:
        form = page.form(has="code")
        try:
            return self.submit(page, form, {"code": self.account.code()})
        except PageRefused:
            time.sleep(TOTP_STEP_SECONDS - time.time() % TOTP_STEP_SECONDS + 0.5)
            page = self.get(page.url)
            return self.submit(page, page.form(has="code"), {"code": self.account.code()})
