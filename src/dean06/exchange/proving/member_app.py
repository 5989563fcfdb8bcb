"""Evidence for members, at X-Road's address: ``GET /asic?queryId=`` and who asks.

What is handed out is our bundle, a zip; each hand-out is an entry in the ledger.
"""

from collections.abc import Mapping
from typing import Final

from dean06.core.actor import Actor
from dean06.exchange.domain.identifiers import ClientId
from dean06.exchange.errors import BadRequest
from dean06.exchange.member_apps import for_members
from dean06.exchange.proving.bundles import bundle, find, note_hand_out

ASIC: Final = "/asic"


def _bundle_for(party: ClientId, asked: Mapping[str, str]) -> bytes:
    if "queryId" not in asked:
        raise BadRequest("Name queryId: a transaction or message.")
    rows = find(asked["queryId"], party=party)
    made = bundle(rows)
    note_hand_out([str(row.entry_id) for row in rows], actor=Actor(account=str(party)), who=str(party))
    return made


evidence_app = for_members(_bundle_for, kind="application/zip")
