"""The members' keys as evidence needs them: whatever their state today, and until when what they signed counts."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.conf import settings

from dean06.core.databases import database_of
from dean06.exchange import snapshot
from dean06.exchange.entries import EvidenceKey
from dean06.exchange.keyring import keys_ever_of
from dean06.exchange.models import Member
from dean06.signing.public import verify_raw

PARTS_OF_A_MEMBER: Final = 3


def key_of(party: str, key_id: str) -> EvidenceKey | None:
    """Return a key that is or was a member's; None if it never was.

    Args:
        party: client or service of the member.
        key_id: RFC 7638 thumbprint.

    Raises:
        ConfigurationMissing, ConfigurationExpired: this gateway follows a signed configuration and has none to go by.
    """
    parts = party.split("/")[:PARTS_OF_A_MEMBER]
    if len(parts) < PARTS_OF_A_MEMBER:
        return None
    if settings.DEAN06_EXCHANGE_CONFIGURATION:
        entry = snapshot.current().members.get("/".join(parts))
        return entry.evidence_keys.get(key_id) if entry else None
    rows = Member.objects.using(database_of("exchange")).prefetch_related("keys")
    row = rows.filter(instance=parts[0], member_class=parts[1], member_code=parts[2]).first()
    return keys_ever_of(row).get(key_id) if row else None


@dataclass(slots=True)
class KnownKeys:
    """Members' keys, each looked up once."""

    _known: dict[tuple[str, str], EvidenceKey | None] = field(default_factory=dict)

    def signed(self, party: str, key_id: str, data: bytes, signature: bytes) -> bool:
        """Say whether the key of this id is or was the party's and made the signature."""
        key = self._of(party, key_id)
        return key is not None and verify_raw(key.public_key, data, signature)

    def ends_at(self, party: str, key_id: str) -> datetime | None:
        """Return from when on what the key signs does not count; None: nothing ended it."""
        key = self._of(party, key_id)
        return key.ends_at if key else None

    def _of(self, party: str, key_id: str) -> EvidenceKey | None:
        place = (party, key_id)
        if place not in self._known:
            self._known[place] = key_of(party, key_id)
        return self._known[place]
