"""What the registry does when other modules tell it something."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

import structlog
from django.db import transaction

from dean06.core import messages
from dean06.core.actor import Actor
from dean06.core.errors import Dean06Error, Unavailable
from dean06.core.keys import PersonKey
from dean06.core.messages import Message
from dean06.registry.actions import REGISTRY, move
from dean06.registry.domain.decision import Decision
from dean06.registry.errors import MalformedDecision

log = structlog.get_logger(__name__)

SERVICES: Final = "services"
"""Account under which decisions of the services module are applied; the deciding unit stands beside it."""


@messages.consumes("services.residence_decided", module="registry")
def apply_residence_decision(message: Message) -> None:
    """Record the move that a dossier decided, or tell that it cannot be; either way once.

    A refusal undoes everything but the message "registry.decision_refused". What may pass (``Unavailable``) is tried again.
    """
    try:
        with transaction.atomic(using=REGISTRY):
            move(**_decided(message.payload), actor=Actor(account=SERVICES))
    except Unavailable:
        raise
    except Dean06Error as refusal:
        dossier = str(message.payload.get("dossier", ""))
        log.warning("registry.decision_refused", code=refusal.code, message=str(message.id), **refusal.context)
        messages.put("registry.decision_refused", {"dossier": dossier, "code": refusal.code}, using=REGISTRY)


def _decided(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Read the message's payload.

    Raises:
        MalformedDecision: something is missing or of the wrong form.
    """
    try:
        householder = payload["householder_key"]
        return {
            "person": PersonKey(UUID(payload["person_key"])),
            "unit_code": str(payload["unit_code"]),
            "address": str(payload["address"]),
            "since": date.fromisoformat(payload["since"]),
            "householder": PersonKey(UUID(householder)) if householder else None,
            "relation": str(payload["relation"] or ""),
            "decision": Decision(str(payload["dossier"]), str(payload["legal_basis"]), str(payload["decided_by"])),
        }
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise MalformedDecision from exc
