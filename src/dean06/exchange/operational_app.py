"""Operational data for members: ``GET /operational-data?recordsFrom=&recordsTo=`` and who asks, JSON in X-Road's names."""

from collections.abc import Mapping
from typing import Final

import msgspec

from dean06.exchange.domain.identifiers import ClientId
from dean06.exchange.member_apps import for_members
from dean06.exchange.operations.reading import records_of

OPERATIONAL_DATA: Final = "/operational-data"


def _records_for(party: ClientId, asked: Mapping[str, str]) -> bytes:
    return msgspec.json.encode(records_of(party, since=asked.get("recordsFrom", ""), until=asked.get("recordsTo", "")))


operational_app = for_members(_records_for, kind="application/json")
