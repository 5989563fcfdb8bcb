"""How agreements and their parties are called: people read names, and the identifier stands beside them."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from dean06.core.databases import database_of
from dean06.exchange import snapshot
from dean06.exchange.models import AgreementVersion, ClientGroup
from dean06.exchange.packs import agreement_faults


@dataclass(frozen=True, slots=True)
class Names:
    """Names by identifier; who is not registered any more is called by the identifier.

    Attributes:
        clients: subsystems with their members.
        services: with their members.
        groups: groups of clients.
    """

    clients: Mapping[str, str]
    services: Mapping[str, str]
    groups: Mapping[str, str]

    def client(self, client: str, group: str = "") -> str:
        """Return the name of who asks: a subsystem with its member, or a group."""
        if group:
            return _("Nhóm: %(name)s") % {"name": self.groups.get(group, group)}
        return self.clients.get(client, client)

    def service(self, service: str) -> str:
        """Return the name of what is asked, with its member."""
        return self.services.get(service, service)


def names() -> Names:
    """Return the names as they are now."""
    state = snapshot.current()
    groups = ClientGroup.objects.using(database_of("exchange")).values_list("code", "name")
    return Names(
        {str(one): f"{entry.name} ({state.members[one.member].name})" for one, entry in state.subsystems.items()},
        {str(one): f"{entry.title} ({state.members[one.provider.member].name})" for one, entry in state.services.items()},
        dict(groups),
    )


def title_of(agreement: AgreementVersion) -> str:
    """Return what an agreement is called; its code, if the content was altered so that it has no title."""
    document = agreement.document
    return str(document.get("title") or agreement.code) if isinstance(document, dict) else agreement.code


def is_readable(agreement: AgreementVersion) -> bool:
    """Say whether the content is an agreement's at all, signed or not; whoever writes into the database can write anything."""
    return not agreement_faults(agreement.document)
