"""What one complete dossier costs the server: form, consent, five signed steps with eight PDF signatures, register, store."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any, Final
from uuid import UUID, uuid4

import polars as pl

from dean06.core import messages
from dean06.core.actor import SYSTEM, Actor
from dean06.core.bench import Row, Size, benchmark
from dean06.core.clock import today
from dean06.core.databases import all_databases
from dean06.core.documents import render_pdf
from dean06.core.keys import PersonKey, new_key
from dean06.exchange.public import load_agreements, load_members
from dean06.organisation.public import appoint, establish_post, establish_unit
from dean06.registry.public import load_population
from dean06.services import actions
from dean06.services.loading import shipped_packs
from dean06.services.models import Consent
from dean06.services.pinning import pinned
from dean06.services.residence import compose
from dean06.signing.public import FieldBox, add_signature_fields, ensure_key, sign_pdf

DOSSIERS: Final = {"quick": 3, "small": 10, "full": 60}
PERCENT: Final = 100
SIGNATURES: Final = 8  # five on the processing sheet, two on the result, one seal on the appointment slip
FROM: Final = "06652"
TO: Final = "06658"
AGENCY: Final = f"BENCH.{TO}"
LEVEL_2: Final = "urn:dean06:loa:2.2"
PROCEDURE: Final = "1.004222"
ROLES: Final = ("one_stop_officer", "appraiser", "head")

MEMBERS: Final = """
kind: members
instance: VN
members:
  - class: GOV
    code: G01
    name: Bộ Công an
    subsystems:
      - code: POPULATION
        name: Dân cư
        services:
          - code: population
            title: Dân cư
            location: inside
            timeout_seconds: 10
            endpoints: [{method: POST, path: /v1/persons/look-up}, {method: POST, path: /v1/households/look-up},
                        {method: POST, path: /v1/relationships/check}]
  - class: GOV
    code: H49
    name: Đo tốc độ
    subsystems: [{code: SERVICES, name: Đo tốc độ}]
"""
AGREEMENTS: Final = """
kind: agreements
agreements:
  - code: BENCH-1
    title: Đo tốc độ
    client: VN/GOV/H49/SERVICES
    service: VN/GOV/G01/POPULATION/population
    endpoints: [{method: POST, path: /v1/persons/look-up}, {method: POST, path: /v1/households/look-up},
                {method: POST, path: /v1/relationships/check}]
    fields: ["*"]
    purposes: ["1.004222"]
    legal_bases: [{document: 68/2020/QH14, certainty: F}]
    valid_from: 2026-01-01
    valid_until: 2099-12-31
"""


@dataclass(frozen=True, slots=True)
class Office:
    """The officers of the measured agency, by role."""

    officers: dict[str, Actor]

    def __getitem__(self, role: str) -> Actor:
        return self.officers[role]


@benchmark("services.dossier")
def measure_dossier(size: Size) -> Sequence[Row]:
    """Measure whole dossiers one after the other in this process; waiting for people and workers is not counted."""
    with tempfile.TemporaryDirectory() as folder:
        pairs = list(_people(Path(folder), DOSSIERS[size] + 1))
        (Path(folder) / "members.yaml").write_text(MEMBERS)
        (Path(folder) / "agreements.yaml").write_text(AGREEMENTS)
        load_members(Path(folder))
        load_agreements(Path(folder))
    office = _office()
    shipped_packs()
    _one(pairs[0], office, 0)  # warms the compiler, the signer and the caches
    timed = [_one(pair, office, number) for number, pair in enumerate(pairs[1:], start=1)]
    times, count = sorted(sum(parts.values()) for parts in timed), len(timed)
    floor = _signatures_alone(office["head"], SIGNATURES)
    return [
        Row("services.dossier", times[count // 2], "ms p50", floor=floor, peer=f"{SIGNATURES} signatures on a page of text", n=count),
        Row("services.dossier_p99", times[min(count - 1, count * 99 // PERCENT)], "ms p99", n=count),
        *(Row(f"services.dossier_{part}", median(parts[part] for parts in timed), "ms p50", n=count) for part in timed[0]),
    ]


def _one(pair: tuple[PersonKey, PersonKey], office: Office, number: int) -> dict[str, float]:
    """Take one dossier from the empty form to the returned result; return milliseconds by part of the flow."""
    mover, mother = (Actor(f"bench-{key}", person=key, assurance=LEVEL_2, session="bench") for key in pair)
    desk, head = office["one_stop_officer"], office["head"]
    parts: dict[str, float] = {}
    with _part(parts, "form"):
        draft = actions.start_draft(procedure_code=PROCEDURE, actor=mover)
        draft = actions.choose_case(draft_id=draft.pk, case_id="family", relative="mother", actor=mover)
        draft = actions.save_draft(draft_id=draft.pk, unit_code=TO, address="Số 17, tổ 5", actor=mover)
    with _part(parts, "submit"):
        confirmed = compose(pinned(draft.pack), facts=draft.facts, typed=draft.answers).hash
        dossier = actions.submit(draft_id=draft.pk, form_hash=confirmed, actor=mover)
    with _part(parts, "consent"):
        actions.give_consent(consent_id=Consent.objects.filter(dossier=dossier)[0].pk, actor=mother)
        dossier.refresh_from_db()
    code = dossier.code
    with _part(parts, "receive"):
        dossier = actions.receive(code=code, version=dossier.version, actor=desk)
    with _part(parts, "appraise"):
        checks = tuple(check.id for check in pinned(dossier.pack).checklist)
        dossier = actions.appraise(code=code, version=dossier.version, actor=office["appraiser"], text="Đủ điều kiện", checked=checks)
    with _part(parts, "approve"):
        dossier = actions.approve(code=code, version=dossier.version, actor=head)
    with _part(parts, "sign"):
        dossier = actions.sign_result(code=code, version=dossier.version, actor=head)
    with _part(parts, "messages"):
        while sum(messages.deliver(alias) for alias in all_databases()):
            pass
        dossier.refresh_from_db()
    with _part(parts, "return"):
        receipt = f"BENCH-{number}-{new_key().hex[:8]}"
        dossier = actions.record_payment(code=code, version=dossier.version, actor=desk, number=receipt)
        actions.return_result(code=code, version=dossier.version, actor=desk)
    return parts


def _signatures_alone(officer: Actor, count: int) -> float:
    """Milliseconds of so many PDF signatures one after the other, each on the same page of text."""
    pdf = add_signature_fields(render_pdf("#lorem(120)", {}), [FieldBox("ky_so", 0, 60, 100, 300, 170)])
    sign_pdf(pdf, field="ky_so", signer_name=f"officer.{officer.person}", reason="Đo tốc độ")
    started = time.perf_counter()
    for _ in range(count):
        sign_pdf(pdf, field="ky_so", signer_name=f"officer.{officer.person}", reason="Đo tốc độ")
    return 1000 * (time.perf_counter() - started)


@contextmanager
def _part(parts: dict[str, float], name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    parts[name] = 1000 * (time.perf_counter() - started)


def _office() -> Office:
    name = "Công an đo tốc độ"
    establish_unit(code=AGENCY, name=name, kind="commune_police", area_code=TO, actor=SYSTEM)
    officers = {}
    for role in ROLES:
        person = PersonKey(uuid4())
        post = establish_post(unit_code=AGENCY, title=role, roles=(role,), area=(TO,), actor=SYSTEM, key=f"{AGENCY}/{role}")
        appoint(post=post.key, person=person, since=today(), actor=SYSTEM)
        ensure_key(f"officer.{person}", common_name=role, organisation=name, usage="officer")
        officers[role] = Actor(f"bench-{role}", person=person, unit_code=AGENCY, roles=frozenset({role}), area=(TO,), assurance=LEVEL_2)
    ensure_key(f"seal.{AGENCY}", common_name=name, organisation=name, usage="seal")
    return Office(officers)


def _people(folder: Path, count: int) -> Iterator[tuple[PersonKey, PersonKey]]:
    """Invent pairs of a mother who heads a household and a daughter who heads another, and load them."""
    persons, households, residences = [], [], []
    pairs = []
    for number in range(count):
        mother = _person(f"Đỗ Thị Mẫu {number}", date(1960, 1, 1), f"0009{2 * number:08d}", {})
        mover = _person(f"Vũ Thị Thử {number}", date(1990, 1, 1), f"0009{2 * number + 1:08d}", {"mother_key": mother["person_key"]})
        pairs.append((PersonKey(UUID(mover["person_key"])), PersonKey(UUID(mother["person_key"]))))
        for row, unit in ((mother, TO), (mover, FROM)):
            household = str(uuid4())
            persons.append({**row, "household_key": household, "relation": "head"})
            since = row["born_on"]
            households.append(
                {
                    "household_key": household,
                    "code": f"B{new_key().hex[-12:]}",
                    "unit_code": unit,
                    "address": f"Tổ {number}",
                    "head_key": row["person_key"],
                    "since": since,
                }
            )
            place = {"person_key": row["person_key"], "kind": "permanent", "unit_code": unit, "address": f"Tổ {number}"}
            residences.append({**place, "valid_from": date(2025, 8, 1), "valid_to": None, "household_key": household})
    days, texts = ("died_on",), ("old_number", "religion", "father_key", "mother_key", "spouse_key")
    overrides: dict[str, Any] = {**dict.fromkeys(days, pl.Date), **dict.fromkeys(texts, pl.String)}
    pl.DataFrame(persons, schema_overrides=overrides).write_parquet(folder / "persons.parquet")
    pl.DataFrame(households).write_parquet(folder / "households.parquet")
    pl.DataFrame(residences, schema_overrides={"valid_to": pl.Date}).write_parquet(folder / "residences.parquet")
    load_population(folder, actor=SYSTEM)
    yield from pairs


def _person(name: str, born_on: date, number: str, kin: dict[str, str]) -> dict[str, Any]:
    return {
        "person_key": str(uuid4()),
        "number": number,
        "old_number": None,
        "full_name": name,
        "sex": "female",
        "born_on": born_on,
        "birth_precision": "day",
        "ethnic_group": "01",
        "religion": None,
        "nationality": "VNM",
        "marital_state": "single",
        "status": "alive",
        "died_on": None,
        "father_key": None,
        "mother_key": None,
        "spouse_key": None,
        "birth_unit_code": FROM,
        "native_unit_code": FROM,
        **kin,
    }
