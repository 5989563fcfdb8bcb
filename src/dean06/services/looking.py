"""An officer's looks, each a line in the applicant's log."""

from collections.abc import Iterable
from typing import Literal

from django.db import transaction

from dean06.core.actor import Actor
from dean06.core.keys import PersonKey
from dean06.ledger import public as ledger
from dean06.services.models import Dossier
from dean06.services.pinning import pinned
from dean06.services.trail import LOG, SERVICES

OpenedKind = Literal["services.dossier_opened", "services.document_opened"]


@transaction.atomic(using=SERVICES, durable=True)
def note_look(kind: OpenedKind, dossier: Dossier, *, fields: Iterable[str], actor: Actor) -> None:
    """Record that an officer opened a dossier or one of its papers."""
    ledger.record(
        kind,
        log=LOG,
        using=SERVICES,
        actor=actor,
        who=dossier.agency_name,
        subject=PersonKey(dossier.applicant),
        purpose=dossier.procedure_code,
        legal_basis=pinned(dossier.pack).legal_basis,
        dossier=dossier.code,
        fields=tuple(fields),
    )
