"""What is in force: for people who read agreements."""

from dean06.exchange import snapshot
from dean06.exchange.domain.agreements import Agreement
from dean06.exchange.domain.identifiers import ClientId
from dean06.exchange.errors import UnknownMember


def agreements() -> tuple[Agreement, ...]:
    """Return the newest version of each agreement that is not withdrawn, by code; ended ones are among them."""
    state = snapshot.current()
    return tuple(sorted((one for pair in state.agreements.values() for one in pair), key=lambda agreement: agreement.code))


def member_name(identifier: str) -> str:
    """Return the name of the member that a client or service identifier belongs to.

    Raises:
        MalformedClient: not an identifier.
        UnknownMember: not registered.
    """
    client = ClientId.parse("/".join(identifier.split("/")[:4]))
    if (entry := snapshot.current().members.get(client.member)) is None:
        raise UnknownMember(member=client.member)
    return entry.name
