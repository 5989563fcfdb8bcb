"""Every key that a member ever had, and until when what it signed counts: what was good when it was signed stays proven."""

from collections.abc import Sequence
from datetime import datetime

from dean06.exchange.entries import EvidenceKey
from dean06.exchange.models import Member, MemberKey
from dean06.signing.errors import KeyNotFound
from dean06.signing.public import KeptKey, certificates_above, kept_keys, read_certificate

State = MemberKey.State


def keys_ever_of(row: Member) -> dict[str, EvidenceKey]:
    """Return a member's keys by identifier, whatever their state today: of this installation's key store, and those that it enrolled.

    From the first enrolled key on, the key store signs nothing for the member. A request that was not approved is no key. Of a member
    that was shut out, what came before counts.
    """
    rows = list(row.keys.all())
    revoked = {key.kid: key.decided_at for key in rows if key.state == State.REVOKED}
    enrolled_at = _first(*(key.approved_at for key in rows))

    def ends(kid: str, *others: datetime | None) -> datetime | None:
        return _first(revoked.get(kid), row.revoked_at, *others)

    found = {key.kid: EvidenceKey(key.public_key, key.certificates_pem, ends(key.kid, enrolled_at)) for key in _in_store(row.key_name)}
    for key in rows:
        if key.certificate:
            certificates = certificates_above(key.certificate)
            found[key.kid] = EvidenceKey(read_certificate(key.certificate).public_key, certificates, ends(key.kid, key.not_after))
    return found


def _in_store(name: str) -> Sequence[KeptKey]:
    try:
        return kept_keys(name)
    except KeyNotFound:
        return ()


def _first(*instants: datetime | None) -> datetime | None:
    return min((instant for instant in instants if instant is not None), default=None)
