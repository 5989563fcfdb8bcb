"""One citizen moves house, as a real person would do it: chromium, a fresh installation, foreign programs as judges (design.md §2)."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from acceptance.installation import ROOT, Installation
from acceptance.visitors import Citizen, Officer, Visitor
from browser import assert_accessible, click, shoot
from dean06.demo.accounts_file import DemoAccount, read_accounts

pytestmark = [pytest.mark.acceptance, pytest.mark.browser, pytest.mark.timeout(900)]

PROCEDURE = "Đăng ký thường trú"
SHEET = "Phiếu kiểm soát"
NEW_ADDRESS = "Số 17, tổ 5, khu 4"
SIZES = (390, 1280, 1920)
VERIFIER = ROOT / "tools" / "verify_ledger.py"
FURTHER_PEOPLE = """
import json, sys
from dataclasses import asdict
from pathlib import Path
import django
django.setup()
from dean06.demo.seed.extras import note_finished, people_of_next_walk
data_dir = Path(sys.argv[1])
note_finished(data_dir, 1)
_, people, _ = people_of_next_walk(data_dir)
"""


@pytest.fixture(scope="module")
def installation(tmp_path_factory) -> Iterator[Installation]:
    one = Installation(tmp_path_factory.mktemp("journey"))
    try:
        one.start()
        yield one
    finally:
        one.stop()


@pytest.fixture
def at_browser(installation, new_page) -> Callable[..., Visitor]:
    """Seat a demonstration person at a browser of their own."""

    def seat(kind: type[Visitor], part: str, *, has_script: bool = True) -> Visitor:
        return kind(new_page(has_script=has_script), read_accounts(installation.data_dir)[part], installation.origin)

    return seat


def test_a_citizen_moves_house_and_holds_the_proof(installation, at_browser, tmp_path):
    citizen, householder = at_browser(Citizen, "citizen"), at_browser(Citizen, "householder")

    log_in_looking_at_every_page(citizen)
    dossier = file_form(citizen, householder.account)
    householder.log_in("/login?next=/consents")
    assert householder.consent_to(dossier) == 1
    settle(at_browser, dossier)

    follow_to_the_end(citizen, dossier)
    judge_signatures(installation, citizen, dossier, tmp_path)
    assert_she_lives_there(citizen)
    judge_looks(citizen, dossier, tmp_path)
    leader_counts(at_browser(Visitor, "leader"), dossier)


def test_a_citizen_files_without_script(installation, at_browser):
    command = [sys.executable, "-c", FURTHER_PEOPLE, str(installation.data_dir)]
    environment = {**installation.environment, "DEAN06_DATABASE_ROLE": "app", "DJANGO_SETTINGS_MODULE": "dean06.site.settings"}
    subprocess.run(command, env=environment, check=True)
    citizen, householder = (at_browser(Citizen, part, has_script=False) for part in ("citizen2", "householder2"))

    citizen.log_in()
    dossier = file_form(citizen, householder.account, name="no-script-")
    householder.log_in("/login?next=/consents")
    assert householder.consent_to(dossier) == 1

    citizen.open(f"/dossiers/{dossier}")
    expect(citizen.page.locator("main")).to_contain_text("Mới đăng ký")
    expect(citizen.page.locator("main .tag--ok", has_text="Đã đồng ý")).to_have_count(2)  # as householder and as owner
    citizen.open("/me/looks")
    citizen.reload_until("Đang ghi sổ", gone=True)
    assert proof_links(citizen.page)


def log_in_looking_at_every_page(citizen: Citizen) -> None:
    citizen.open("/")
    shoot(citizen.page, "home", widths=SIZES)
    citizen.open("/login")
    assert_accessible(citizen.page)
    shoot(citizen.page, "login", widths=SIZES)
    citizen.type_number_and_password()
    shoot(citizen.page, "login-code", widths=SIZES)
    citizen.type_code()
    assert_accessible(citizen.page)
    shoot(citizen.page, "consent", widths=SIZES)
    citizen.agree_to_share()


def file_form(citizen: Citizen, householder: DemoAccount, *, name: str = "") -> str:
    """File CT01: choose the parent, type the address, nothing else; return the dossier's code."""
    page = citizen.page
    citizen.begin(PROCEDURE)
    assert_known_facts_are_shown_not_asked(page, citizen.account)
    assert typed_fields(page) == {"relative_number": ""}
    shoot(page, f"{name}form-case", widths=SIZES)
    citizen.choose_parent(householder)

    assert_known_facts_are_shown_not_asked(page, citizen.account)
    assert page.locator(".prefill").get_by_text(householder.full_name).count()
    empty = typed_fields(page)
    assert empty.pop("address") != ""  # the household's own address stands there already; she says where in it she lives
    assert set(empty.values()) == {""}
    if not name:
        assert_accessible(page)
    shoot(page, f"{name}form-place", widths=SIZES)
    citizen.type_address(NEW_ADDRESS)

    expect(page.locator("main")).to_contain_text(NEW_ADDRESS)
    expect(page.locator("main")).to_contain_text(householder.full_name)
    expect(page.locator("main")).to_contain_text("10.000 đồng")
    assert typed_fields(page) == {}
    if not name:
        assert_accessible(page)
    shoot(page, f"{name}form-check", widths=SIZES)
    return citizen.submit()


def assert_known_facts_are_shown_not_asked(page: Page, account: DemoAccount) -> None:
    """Name, masked number and birth date stand there with their source; no control holds any of them."""
    facts = {row.locator("dt").inner_text(): row for row in page.locator(".prefill dl > div").all()}
    masked = re.compile(rf"{account.number[:3]} {account.number[3:6]} ••• •{account.number[-2:]}")
    expected = {"Họ, chữ đệm và tên": account.full_name, "Số định danh cá nhân": masked, "Ngày, tháng, năm sinh": re.compile(r"\d{4}")}
    for fact, value in expected.items():
        assert fact in facts, f"{fact} is not among {list(facts)}"
        expect(facts[fact]).to_contain_text(value)
        expect(facts[fact].locator(".src")).to_contain_text("lấy từ")
    assert page.locator(".prefill").locator("input, select, textarea").count() == 0
    assert account.number not in page.content()


def typed_fields(page: Page) -> dict[str, str]:
    """Return what asks to be typed on the page, and what stands in it."""
    controls = page.locator("main form input:not([type=hidden], [type=radio], [type=checkbox], [type=file]), main form textarea").all()
    return {one.get_attribute("name") or "": one.input_value() for one in controls}


def settle(at_browser: Callable[..., Visitor], dossier: str) -> None:
    """Three officers take the five steps."""
    reception, appraiser, head = (at_browser(Officer, part) for part in ("one_stop_officer", "appraiser", "head"))
    reception.log_in("/login?next=/officer")
    reception.find(dossier)
    shoot(reception.page, "officer-queue", widths=SIZES)
    reception.take(dossier)
    reception.sign("Ký và tiếp nhận", then="Ký tiếp nhận")

    appraiser.log_in("/login?next=/officer")
    appraiser.take(dossier)
    assert_accessible(appraiser.page)
    shoot(appraiser.page, "officer-appraisal", widths=SIZES)
    for box in appraiser.page.locator("input[name=checked]").all():
        box.check()
    click(appraiser.page.locator(".choice", has_text="Đủ điều kiện, trình phê duyệt").locator("label"))
    appraiser.sign("Ký thẩm định", then="Ký thẩm định")

    head.log_in("/login?next=/officer")
    head.take(dossier)
    head.sign("Ký và phê duyệt", then="Ký phê duyệt")
    shoot(head.page, "officer-signing", widths=SIZES)
    head.sign("Ký số và đóng dấu", then="Ký số kết quả")

    reception.take(dossier)
    reception.reload_until("Cơ sở dữ liệu dân cư đã cập nhật")
    reception.page.get_by_label("Số biên lai").fill("BL-0001")
    shoot(reception.page, "officer-return", widths=SIZES)
    reception.press("Ghi nhận lệ phí")
    reception.sees_in_log("Ghi nhận lệ phí")
    reception.sign("Ký và trả kết quả", then="Ký trả kết quả")
    shoot(reception.page, "officer-done", widths=SIZES)


def follow_to_the_end(citizen: Citizen, dossier: str) -> None:
    page = citizen.open(f"/dossiers/{dossier}")
    expect(page.locator("main")).to_contain_text("Đã trả kết quả")
    expect(page.locator("main")).to_contain_text("BL-0001")
    assert_accessible(page)
    shoot(page, "dossier-track", widths=SIZES)
    click(page.get_by_role("link", name="Xem từng chữ ký"))
    expect(page.locator("main").get_by_role("table")).not_to_have_count(0)
    expect(page.locator("main .tag--stop")).to_have_count(0)
    shoot(page, "signatures", widths=SIZES)
    page.go_back()


def judge_signatures(installation: Installation, citizen: Citizen, dossier: str, folder: Path) -> None:
    """Poppler, trusting our root alone, finds what the five steps left."""
    (folder / "root.pem").write_text(installation.run("keys", "trust").stdout)
    store = folder / "nss"
    store.mkdir()
    subprocess.run(["certutil", "-N", "-d", store, "--empty-password"], check=True)
    subprocess.run(["certutil", "-A", "-d", store, "-n", "dean06", "-t", "CT,C,C", "-i", folder / "root.pem"], check=True)
    page = citizen.open(f"/dossiers/{dossier}")
    papers = {link.inner_text().strip(): link.get_attribute("href") for link in page.locator("main a[href*='/documents/']").all()}

    found = {}
    for title, path in papers.items():
        (folder / "paper.pdf").write_bytes(citizen.fetch(path))
        said = subprocess.run(["pdfsig", "-nssdir", store, folder / "paper.pdf"], capture_output=True, text=True, check=False).stdout
        found[title] = (
            said.count("Signature Validation: Signature is Valid."),
            said.count("Certificate Validation: Certificate is Trusted."),
        )

    sheets = {title: count for title, count in found.items() if title.startswith(SHEET)}
    results = {title: count for title, count in found.items() if "Mở kết quả" in title}
    assert list(sheets.values()) == [(5, 5)], found
    assert list(results.values()) == [(2, 2)], found


def assert_she_lives_there(citizen: Citizen) -> None:
    page = citizen.open("/me")
    citizen.reload_until(NEW_ADDRESS)  # what is kept for her session goes when the register's message is there
    citizen.reload_until("Đang ghi sổ", gone=True)
    assert_accessible(page)
    shoot(page, "my-data", widths=SIZES)
    citizen.open("/me/documents")
    expect(page.locator("main .doc")).to_have_count(1)
    shoot(page, "my-documents", widths=SIZES)
    assert citizen.fetch(page.locator("main .doc a").first.get_attribute("href") or "").startswith(b"%PDF")
    click(page.get_by_role("link", name="Kiểm tra như người nhận"))
    expect(page.locator("main")).not_to_contain_text(citizen.account.full_name)
    shoot(page, "verify", widths=SIZES)


def proof_links(page: Page) -> list[str]:
    return [link.get_attribute("href") or "" for link in page.locator("main a[href$='/proof.json']").all()]


def judge_looks(citizen: Citizen, dossier: str, folder: Path) -> None:
    """Every look has a proof, and a program that shares no code with the server finds each of them true."""
    page = citizen.open("/me/looks")
    citizen.reload_until("Đang ghi sổ", gone=True)
    assert_accessible(page)
    shoot(page, "looks", widths=SIZES)
    keys = folder / "keys.pem"
    keys.write_bytes(citizen.fetch("/ledger/keys.pem"))
    proofs, lines = [], 0
    while True:
        lines += page.locator("main li.look").count()
        proofs += proof_links(page)
        following = page.locator("main").get_by_role("link", name="Xem trang sau")
        if not following.count():
            break
        click(following.first)

    kinds = set()
    for number, path in enumerate(proofs):
        file = folder / f"proof-{number}.json"
        file.write_bytes(citizen.fetch(path))
        verdict = subprocess.run([sys.executable, VERIFIER, "proof", file, "--key", keys], capture_output=True, text=True, check=False)
        assert verdict.returncode == 0, verdict.stdout + verdict.stderr
        kinds.add(json.loads(file.read_bytes())["entry"]["kind"])

    assert len(proofs) == lines
    assert len(set(proofs)) == lines
    assert kinds >= {
        "exchange.answered",
        "identity.logged_in",
        "services.dossier_submitted",
        "services.step_signed",
        "registry.residence_changed",
    }


def leader_counts(leader: Visitor, dossier: str) -> None:
    leader.log_in("/login?next=/leader")
    leader.reload_until(re.compile("Trả kết quả"))
    assert_accessible(leader.page)
    shoot(leader.page, "leader", widths=SIZES)
    figure = leader.page.locator("article.kpi", has_text="tiếp nhận").get_by_role("link").first
    click(figure)
    leader.reload_until(dossier)
    shoot(leader.page, "leader-listing", widths=SIZES)
    assert urlsplit(leader.page.url).path == "/leader/figures/received"
