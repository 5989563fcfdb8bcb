"""How agreements' parties are called: people read names, and the identifier stands beside them."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from dean06.core.databases import database_of
from dean06.exchange import snapshot
from dean06.exchange.domain.identifiers import ClientId, ServiceId
from dean06.exchange.models import ClientGroup


@dataclass(frozen=True, slots=True)
class Names:
    """Names of everyone at the exchange; who is not registered any more is called by the identifier.

    Attributes:
        state: members, subsystems and services.
        groups: name of each group of clients, by code.
    """

    state: snapshot.Snapshot
    groups: Mapping[str, str]

    def client(self, client: str, group: str = "") -> str:
        """Return the name of who asks: a subsystem with its member, or a group."""
        if group:
            return _("Nhóm: %(name)s") % {"name": self.groups.get(group, group)}
        entry = self.state.subsystems.get(ClientId.parse(client))
        return f"{entry.name} ({self._owner(entry.id)})" if entry else client

    def service(self, service: str) -> str:
        """Return the name of what is asked, with its member."""
        entry = self.state.services.get(ServiceId.parse(service))
        return f"{entry.title} ({self._owner(entry.id.provider)})" if entry else service

    def _owner(self, subsystem: ClientId) -> str:
        return self.state.members[subsystem.member].name


def names() -> Names:
    """Return the names as they are now."""
    groups = ClientGroup.objects.using(database_of("exchange")).values_list("code", "name")
    return Names(snapshot.current(), dict(groups))
