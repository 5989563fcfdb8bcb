"""What services hear: how the register took a decision."""

from collections.abc import Mapping
from typing import Any

import structlog

from dean06.core.actor import SYSTEM
from dean06.core.messages import Message, consumes
from dean06.services.domain.states import Kind
from dean06.services.models import Dossier
from dean06.services.trail import commit, progress_of, propose, signature_of

log = structlog.get_logger(__name__)


@consumes("registry.residence_changed", module="services")
def note_residence_change(message: Message) -> None:
    """The register has recorded the move: the dossier is done and waits to be returned."""
    _note(message.payload, Kind.REGISTRY_CONFIRMED, {"residence": str(message.payload.get("residence_key", ""))})


@consumes("registry.decision_refused", module="services")
def note_refused_decision(message: Message) -> None:
    """The register cannot record the move: the head has to stop the dossier or have the register mended."""
    _note(message.payload, Kind.REGISTRY_REFUSED, {"text": str(message.payload.get("code", ""))})


def _note(payload: Mapping[str, Any], kind: Kind, data: Mapping[str, Any]) -> None:
    """Add what the register said to the dossier's log; a move that no dossier here decided is none of ours."""
    dossier = Dossier.objects.select_for_update(of=("self",)).select_related("pack").filter(code=payload.get("dossier") or "").first()
    if dossier is None:
        return
    if progress_of(dossier).registry:
        log.info("services.registry_answered_twice", dossier=dossier.code, kind=str(kind))
        return
    by = signature_of(SYSTEM)
    commit(propose(dossier, kind, by=by, who="Cơ sở dữ liệu quốc gia về dân cư", data=data))
