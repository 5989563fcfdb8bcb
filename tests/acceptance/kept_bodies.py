"""A program that a test runs against an installation's database: keep the bodies of one call, open them, shred them.

python kept_bodies.py keep DIRECTORY     loads packs written there, calls once, prints the entries by side
python kept_bodies.py open ENTRY...      prints each part as text, and whether its digest is the one that was signed
python kept_bodies.py shred              a day later; prints how many bodies went, by side
"""

import json
import sys
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import django
import time_machine

WHY = "Ngân hàng khiếu nại câu trả lời sai"


def keep(directory: str) -> dict:
    from dean06.core.databases import database_of
    from dean06.exchange.models import EvidenceIndex
    from dean06.exchange.proving.indexing import index_evidence
    from dean06.exchange.public import ProviderResponse, load_agreements, load_members, register_provider
    from dean06.ledger.public import sequence
    from exchange_evidence_world import NUMBER, SUBJECT, look_up
    from exchange_gateways import agreement
    from exchange_packs import POPULATION, members

    packs = Path(directory)
    packs.mkdir()
    (packs / "members.yaml").write_text(members("{code: population, title: Dân cư, location: inside}"))
    (packs / "agreements.yaml").write_text(
        f"kind: agreements\nagreements:\n{agreement('A-1', fields='personal_id, full_name', keep_bodies='both')}"
    )
    load_members(packs)
    load_agreements(packs)
    document = {"personal_id": NUMBER, "full_name": "Nguyễn Thị Mẫu"}
    register_provider(POPULATION, handler=lambda _request: ProviderResponse(200, document, (SUBJECT,)), openapi={})
    look_up(numbered=False)
    using = database_of("exchange")
    sequence(using)
    index_evidence()
    return {row.log.rpartition(".")[2]: str(row.entry_id) for row in EvidenceIndex.objects.using(using).all()}


def open_(*entries: str) -> dict:
    from dean06.exchange.proving.opening import open_bodies

    opened = {entry: open_bodies(UUID(entry), purpose=WHY, actor=reader()) for entry in entries}
    return {entry: {part.name: [part.body.decode(), part.agrees] for part in parts} for entry, parts in opened.items()}


def shred() -> dict:
    from dean06.core.clock import now, today
    from dean06.exchange.public import shred_bodies

    with time_machine.travel(now() + timedelta(days=1), tick=True):
        return {one.side: one.bodies for one in shred_bodies(before=today(), actor=reader())}


def reader():
    from dean06.core.actor import Actor

    return Actor(account="reader-1", unit_code="VANHANH", roles=frozenset({"operator", "evidence_reader"}))


if __name__ == "__main__":
    django.setup()
    what, *arguments = sys.argv[1:]
    print(json.dumps({"keep": keep, "open": open_, "shred": shred}[what](*arguments)))
