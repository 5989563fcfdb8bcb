"""People at a real browser: each with an account, cookies of their own, and the clicks that a step takes."""

import re
import time
from dataclasses import dataclass
from urllib.parse import urljoin

from playwright.sync_api import Locator, Page, expect

from browser import click
from dean06.demo.accounts_file import TOTP_STEP_SECONDS, DemoAccount

WAIT_SECONDS = 90


@dataclass
class Visitor:
    """One person at one browser."""

    page: Page
    account: DemoAccount
    origin: str

    def open(self, path: str) -> Page:
        self.page.goto(urljoin(self.origin, path))
        return self.page

    def press(self, label: str, *, within: Locator | None = None) -> None:
        click((within or self.page.locator("main")).get_by_role("button", name=label, exact=True))

    def type_number_and_password(self) -> None:
        self.page.get_by_label("Số định danh").fill(self.account.number)
        self.page.get_by_label("Mật khẩu").fill(self.account.password)
        self.press("Đăng nhập")
        expect(self.page.get_by_role("heading", level=1)).to_have_text("Nhập mã dùng một lần")

    def type_code(self) -> None:
        """Type the code of now; one that grew too old because the browser stood still is refused, and the next one typed."""
        began = time.time()
        self.page.locator("input[name=code]").fill(self.account.code(at=began))
        self.press("Kiểm tra mã")
        if time.time() - began > TOTP_STEP_SECONDS and self.page.locator("input[name=code]").count():
            self.type_code()

    def log_in(self, path: str = "/login") -> None:
        """Number and password, code, consent; ends on a page that knows the person."""
        self.open(path)
        self.type_number_and_password()
        self.type_code()
        self.agree_to_share()

    def agree_to_share(self) -> None:
        self.press("Đồng ý")
        expect(self.page.locator("form[action$='/logout']")).to_have_count(1)

    def fetch(self, path: str) -> bytes:
        """Download what a link leads to, with this browser's cookies."""
        answer = self.page.context.request.get(urljoin(self.page.url, path))
        assert answer.ok, f"{path}: {answer.status}"
        return answer.body()

    def reload_until(self, text: str | re.Pattern[str], *, gone: bool = False) -> None:
        """Reload as a person who waits does, until a text is there, or gone."""
        deadline = time.monotonic() + WAIT_SECONDS
        while (self.page.locator("main").get_by_text(text).count() == 0) != gone:
            assert time.monotonic() < deadline, f"{self.page.url}: waited for {text}\n{self.page.locator('main').inner_text()}"
            time.sleep(0.5)
            self.page.reload()


class Citizen(Visitor):
    """Files, answers, follows."""

    def begin(self, procedure: str) -> None:
        self.open("/procedures")
        click(self.page.locator("main").get_by_role("link", name=procedure).first)
        self.press("Bắt đầu khai")

    def choose_parent(self, householder: DemoAccount) -> None:
        """Say with whom: the householder, known by name from the register."""
        click(self.page.locator(".choice", has_text=householder.full_name).locator("label"))
        self.press("Lưu và tiếp tục")

    def type_address(self, address: str) -> None:
        """The one thing that the state can't know."""
        self.page.get_by_label("Số nhà, tên đường; hoặc tổ, khu").fill(address)
        self.press("Lưu và tiếp tục")

    def submit(self) -> str:
        self.press("Xác nhận và nộp hồ sơ")
        expect(self.page).to_have_title(re.compile("Theo dõi hồ sơ"))
        return self.page.url.rpartition("/")[2]

    def consent_to(self, dossier: str) -> int:
        """Answer every question about a dossier; return how many there were."""
        self.open("/consents")
        questions = self.page.get_by_role("listitem").filter(has_text=dossier)
        addresses = [one.get_by_role("link").first.get_attribute("href") or "" for one in questions.all()]
        for address in addresses:
            self.open(address)
            self.press("Đồng ý")
            expect(self.page.locator("main .tag--ok").first).to_be_visible()
        return len(addresses)


class Officer(Visitor):
    """Claims, reads, signs."""

    def find(self, dossier: str) -> Locator:
        """Return the dossier's row in the queue of everything that waits."""
        self.open("/officer?view=all")
        row = self.page.get_by_role("row").filter(has_text=dossier)
        expect(row).to_have_count(1)
        return row

    def take(self, dossier: str) -> None:
        """Claim it where the queue offers that, then open it."""
        claim = self.find(dossier).get_by_role("button", name="Nhận việc")
        if claim.count():
            click(claim)
        self.open(f"/officer/dossiers/{dossier}")
        expect(self.page.get_by_role("heading", level=1)).to_be_visible()

    def sign(self, button: str, *, then: str) -> None:
        """Sign the step at hand; the log then says what was done."""
        self.press(button)
        self.sees_in_log(then)

    def sees_in_log(self, text: str) -> None:
        """Wait for what was done to stand in the dossier's log, as a person does before going on."""
        expect(self.page.locator("ol.rows li", has_text=text).first).to_be_visible()
