"""Who acts: a frozen value that every action, query and page receives."""

from dataclasses import dataclass, field
from typing import Final

from dean06.core.keys import PersonKey

CITIZEN: Final = "citizen"
"""The role of anyone who is logged in as herself."""


@dataclass(frozen=True, slots=True)
class Actor:
    """The one on whose decision something happens, as this request established it.

    Built by ``site`` from the session (``identity``) and the posts held (``organisation``). ``person`` is opaque;
    ``account`` is an identifier that means nothing outside. ``area`` lists the unit codes (province or commune) in which
    the posts have power; a province covers its communes. ``assurance`` is the ``acr`` of the session.
    """

    account: str
    person: PersonKey | None = None
    unit_code: str = ""
    posts: tuple[str, ...] = ()
    roles: frozenset[str] = frozenset()
    area: tuple[str, ...] = ()
    assurance: str = ""
    acting_for: PersonKey | None = field(default=None)
    session: str = field(default="", repr=False)

    def has_role(self, role: str) -> bool:
        """Say whether one of the actor's posts carries the role."""
        return role in self.roles

    @property
    def is_anonymous(self) -> bool:
        """Say whether nobody is logged in."""
        return not self.account


def actor_of(request: object) -> Actor:
    """Return who acts in a request; the middleware of ``site`` has set it, to nobody before a log-in."""
    actor: Actor = request.actor  # type: ignore[attr-defined]  # set by the middleware
    return actor


ANONYMOUS: Final = Actor(account="")
SYSTEM: Final = Actor(account="system", roles=frozenset({"system"}))
"""Background work that no person started: the worker, a loader."""
