"""The whole flow by HTTP: one citizen moves into a parent's household (design §2), step by step, with figures.

Each step looks first whether it is done already, so that a walk that was cut off at any moment goes on where it stood.
"""

import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from dean06.core.config import Config
from dean06.core.errors import Unavailable
from dean06.demo.accounts_file import DemoAccount
from dean06.demo.walk.browser import Form, Page, PageRefused
from dean06.demo.walk.visitor import Visitor

PROCEDURE: Final = "1.004222"
NEW_ADDRESS: Final = "Số 17, tổ 5, khu 4"
DOSSIER_CODE: Final = re.compile(r"/dossiers/([A-Z0-9.]+-[0-9]{6}-[0-9]{4,7})")
FORM_PAGES: Final = 6
REGISTRY_SECONDS: Final = 60
PROOF_SECONDS: Final = 120
VERIFIER: Final = Path(__file__).parents[4] / "tools" / "verify_ledger.py"


class WalkStopped(Unavailable):
    """The walk could not go on: what was looked for did not appear."""

    code = "demo.walk_stopped"
    message_vi = "Không đi tiếp được: không thấy điều cần có trên trang."


@dataclass(frozen=True, slots=True)
class StepDone:
    """One step of the walk with its figures."""

    name: str
    says: str
    milliseconds: float
    requests: int


@dataclass
class Walk:
    """One citizen's move, from login to the leader's page.

    Attributes:
        origin: the portal.
        people: part to account; ``citizen`` and ``householder`` are this walk's.
        dossier: code, once there is one.
    """

    origin: str
    people: Mapping[str, DemoAccount]
    dossier: str = ""
    done: list[StepDone] = field(default_factory=list)
    _visitors: dict[str, Visitor] = field(default_factory=dict)

    def steps(self) -> Iterator[tuple[str, Callable[[], str]]]:
        """Yield name and action of each step, in order; an action says what it saw."""
        yield "citizen logs in", self.citizen_logs_in
        yield "citizen sees what the state knows", self.citizen_sees_her_data
        yield "citizen files form CT01", self.citizen_files
        yield "householder agrees in his own session", self.householder_agrees
        yield "step 1, reception", lambda: self.officer_step("one_stop_officer", "receive")
        yield "step 2, appraisal", lambda: self.officer_step("appraiser", "appraise")
        yield "step 3, approval", lambda: self.officer_step("head", "approve")
        yield "step 4, signature and seal", lambda: self.officer_step("head", "sign")
        yield "registry records the move", self.registry_confirms
        yield "fee entered", self.fee_is_entered
        yield "step 5, result returned", lambda: self.officer_step("one_stop_officer", "return")
        yield "citizen's new residence", self.citizen_sees_the_move
        yield "citizen's documents", self.citizen_has_the_result
        yield "a stranger checks the result", self.stranger_checks
        yield "who looked, with a proof", self.looks_have_proofs
        yield "leader's figures", self.leader_counts

    def run(self, report: Callable[[StepDone], None] = lambda _: None) -> list[StepDone]:
        """Take every step.

        Raises:
            WalkStopped, PageRefused: where the walk cannot go on.
        """
        for name, action in self.steps():
            before, started = self._requests(), time.monotonic()
            says = action()
            step = StepDone(name, says, (time.monotonic() - started) * 1000, self._requests() - before)
            self.done.append(step)
            report(step)
        return self.done

    def visitor(self, part: str) -> Visitor:
        """Return a part's browser, logged in at its first use."""
        if part not in self._visitors:
            visitor = Visitor(self.origin, self.people[part])
            visitor.log_in()
            self._visitors[part] = visitor
        return self._visitors[part]

    def citizen_logs_in(self) -> str:
        """Log in through the identity provider."""
        return f"as {self.people['citizen'].full_name}, {self.visitor('citizen').requests} requests"

    def citizen_sees_her_data(self) -> str:
        """Open "dữ liệu của tôi"."""
        page = self.visitor("citizen").get("/me")
        self._expect(page, self.people["citizen"].full_name)
        return "her record is shown, and the look is in her log"

    def citizen_files(self) -> str:
        """Fill in CT01: choose the parent, add the new address, check, submit."""
        citizen = self.visitor("citizen")
        self.dossier = self.dossier or self._open_dossier(citizen)
        if self.dossier:
            return f"found {self.dossier} already filed"
        page = citizen.get(f"/procedures/{PROCEDURE}")
        for _ in range(FORM_PAGES):
            if (found := DOSSIER_CODE.search(page.url)) is not None:
                self.dossier = urllib.parse.unquote(found[1])
                return f"dossier {self.dossier}; typed: the address, nothing else"
            page = self._fill(citizen, page)
        raise WalkStopped(page=page.url, text=page.text[:600])

    def _fill(self, citizen: Visitor, page: Page) -> Page:
        for form in page.forms:
            if "case" in form.choices:
                return citizen.submit(page, form, {"case": "family", "relative": self._parent()})
            if "address" in form.values:
                return citizen.submit(page, form, {"address": NEW_ADDRESS, "owner": "householder", **_only_choice(form, "unit_code")})
            if "form_hash" in form.values:
                return citizen.submit(page, form, _confirmations(form))
            if form.method == "post" and "/procedures/" in (form.action or page.url) and form.buttons:
                return citizen.submit(page, form)
        raise WalkStopped(page=page.url, text=page.text[:600])

    def _parent(self) -> str:
        """Say which parent the householder is; the demonstration's numbers follow the historic encoding (domain.md A.1)."""
        return "mother" if int(self.people["householder"].number[3]) % 2 else "father"

    def _open_dossier(self, citizen: Visitor) -> str:
        """Find a dossier that an earlier, interrupted walk filed and that is not returned yet."""
        for url, _ in citizen.get("/me/dossiers").links:
            found = DOSSIER_CODE.search(urllib.parse.unquote(url))
            if found:
                return found[1]
        return ""

    def householder_agrees(self) -> str:
        """Answer each question in the householder's own session."""
        householder = self.visitor("householder")
        answered = 0
        for _ in range(FORM_PAGES):
            page = householder.get("/consents")
            link = next((url for url, _ in page.links if re.search(r"/consents/[0-9a-f-]{36}", url)), None)
            if link is None:
                break
            question = householder.get(link)
            agree = next(
                (form for form in question.forms if any(value in {"agree", "give", "given"} for _, value, _ in form.buttons)), None
            )
            if agree is None:
                break
            householder.submit(question, agree, button="Đồng ý")
            answered += 1
        return f"{answered} questions answered" if answered else "had agreed already"

    def officer_step(self, part: str, action: str) -> str:
        """Sign one step at the officers' desk, unless it is signed."""
        officer = self.visitor(part)
        page = officer.get(f"/officer/dossiers/{self.dossier}")
        form = next((one for one in page.forms if one.action.endswith(f"/{action}")), None)
        if form is None:
            return "signed already"
        values = {"text": "Đã đối chiếu với CSDL quốc gia về dân cư"} if "text" in form.values else {}
        if action == "appraise":
            return self._appraise(officer, page, form, values)
        self._expect(officer.submit(page, form, values), self.dossier)
        return f"signed by {officer.account.full_name}"

    def _appraise(self, officer: Visitor, page: Page, form: Form, values: dict[str, str]) -> str:
        checks = [("checked", value) for value in form.choices.get("checked", [])]
        sent = [*form.values.items(), *values.items(), *checks, ("finding", "eligible")]
        self._expect(officer.submit(page, form, button="", pairs=sent), self.dossier)
        return f"{len(checks)} checks, signed by {officer.account.full_name}"

    def fee_is_entered(self) -> str:
        """Enter the counter's receipt."""
        officer = self.visitor("one_stop_officer")
        page = officer.get(f"/officer/dossiers/{self.dossier}")
        form = next((one for one in page.forms if one.action.endswith("/pay")), None)
        if form is None:
            return "entered already"
        number = f"BL{self.dossier[-11:].replace('-', '')}"
        officer.submit(page, form, {"number": number})
        return f"receipt {number}"

    def registry_confirms(self) -> str:
        """Wait for the registry's message."""
        officer = self.visitor("one_stop_officer")
        started = time.monotonic()
        while time.monotonic() - started < REGISTRY_SECONDS:
            page = officer.get(f"/officer/dossiers/{self.dossier}")
            if "Cơ sở dữ liệu dân cư đã cập nhật" in page.text:
                return f"confirmed after {time.monotonic() - started:.1f} s"
            time.sleep(0.3)
        raise WalkStopped(waiting_for="registry", dossier=self.dossier)

    def citizen_sees_the_move(self) -> str:
        """Find the new address on her page."""
        page = self.visitor("citizen").get("/me")
        self._expect(page, NEW_ADDRESS)
        return f"{NEW_ADDRESS} is her permanent residence"

    def citizen_has_the_result(self) -> str:
        """Download the signed result from her store."""
        citizen = self.visitor("citizen")
        page = citizen.get("/me/documents")
        result = citizen.get(page.link(contains="/documents/"))
        if not result.body.startswith(b"%PDF"):
            raise WalkStopped(expected="a PDF", got=result.content_type)
        return f"result of {len(result.body) // 1024} KiB"

    def stranger_checks(self) -> str:
        """Follow the check link without any login; no name may show."""
        page = self.visitor("citizen").get("/me/documents")
        stranger = Visitor(self.origin, self.people["citizen"])
        answer = stranger.get(page.link(contains="/verify/"))
        if self.people["citizen"].full_name in answer.text or self.people["citizen"].number in answer.text:
            raise WalkStopped(expected="no personal data on the public page")
        return "the result is genuine; no name is shown"

    def looks_have_proofs(self) -> str:
        """Download the proof of each look on the first page and let the program that shares no code with us verify them."""
        citizen = self.visitor("citizen")
        page = citizen.get("/me/looks")
        links = [url for url, _ in page.links if "proof" in url]
        if not links:
            raise WalkStopped(expected="looks with proofs", text=page.text[:400])
        proofs = [self._proof(citizen, url) for url in dict.fromkeys(links)]
        verdict = _verify(proofs, keys=citizen.get("/ledger/keys.pem").body)
        return f"{len(proofs)} looks, {verdict}"

    def _proof(self, citizen: Visitor, url: str) -> bytes:
        deadline = time.monotonic() + PROOF_SECONDS
        while True:
            try:
                return citizen.get(url).body
            except PageRefused:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.3)

    def leader_counts(self) -> str:
        """Find the dossier behind the leader's figure."""
        leader = self.visitor("leader")
        deadline = time.monotonic() + PROOF_SECONDS
        while time.monotonic() < deadline:
            page = leader.get("/leader/figures/received")
            if self.dossier in page.text:
                return f"{self.dossier} stands behind the figure"
            time.sleep(0.3)
        raise WalkStopped(expected=self.dossier, text=page.text[:400])

    def _requests(self) -> int:
        return sum(visitor.requests for visitor in self._visitors.values())

    @staticmethod
    def _expect(page: Page, text: str) -> None:
        if text not in page.text:
            raise WalkStopped(page=page.url, expected=text, text=page.text[:600])


def walk(config: Config, *, report: Callable[[str], None], as_json: bool = False) -> None:
    """Walk once more against the running installation, with a citizen who has not moved yet.

    Raises:
        WalkStopped, PageRefused: where the walk cannot go on.
    """
    from dean06.demo.seed.extras import note_finished, people_of_next_walk  # noqa: PLC0415 -- needs loaded models

    number, people, before = people_of_next_walk(config.data_dir)
    if before is not None:
        found = _what_stands(config.web_origin, before)
        report(f"walk {number}; of the walk before: {found}")
    going = Walk(config.web_origin, people)
    lines = iter(range(1, 100))

    def line(step: StepDone) -> None:
        if not as_json:
            report(f"{next(lines):>2}. {step.name:<38} {step.says}  [{step.milliseconds:,.0f} ms, {step.requests} requests]")

    started = time.monotonic()
    going.run(line)
    note_finished(config.data_dir, number)
    if as_json:
        report(json.dumps({"walk": number, "dossier": going.dossier, "steps": [asdict(step) for step in going.done]}, ensure_ascii=False))
    else:
        report(f"    whole flow in {time.monotonic() - started:.1f} s")


def _what_stands(origin: str, account: DemoAccount) -> str:
    """Say what the citizen of the walk before sees today."""
    visitor = Visitor(origin, account)
    visitor.log_in()
    if NEW_ADDRESS not in visitor.get("/me").text:
        raise WalkStopped(expected=NEW_ADDRESS, of=account.part)
    documents = sum("/verify/" in url for url, _ in visitor.get("/me/documents").links)
    return f"{account.full_name} lives at {NEW_ADDRESS}, {documents} result in her store"


def _only_choice(form: Form, name: str) -> dict[str, str]:
    choices = [value for value in form.choices.get(name, []) if value]
    return {name: form.values.get(name) or choices[0]} if choices else {}


def _confirmations(form: Form) -> dict[str, str]:
    """Tick the boxes that a submission asks to be ticked."""
    return {name: values[0] for name, values in form.choices.items() if name not in form.values and len(values) == 1}


def _verify(proofs: list[bytes], *, keys: bytes) -> str:
    """Let the standalone verifier check proof files against the published keys."""
    if not VERIFIER.exists():
        return "the standalone verifier is not beside this installation"
    with tempfile.TemporaryDirectory() as folder:
        key_file = Path(folder) / "keys.pem"
        key_file.write_bytes(keys)
        for number, proof in enumerate(proofs):
            file = Path(folder) / f"proof-{number}.json"
            file.write_bytes(proof)
            command = [sys.executable, str(VERIFIER), "--key", str(key_file), "proof", str(file)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise WalkStopped(verifier=(done.stdout + done.stderr).strip()[-400:])
    return "each verified offline by a program that shares no code with the server"
