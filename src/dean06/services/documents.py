"""Who may have a paper of a dossier."""

from uuid import UUID

from django.db import transaction

from dean06.core.actor import Actor
from dean06.core.keys import PersonKey
from dean06.ledger import public as ledger
from dean06.services.authority import citizen
from dean06.services.errors import DocumentNotFound
from dean06.services.models import SignedDocument, StoredResult
from dean06.services.papers import RESULT
from dean06.services.pinning import pinned
from dean06.services.trail import LOG, SERVICES


def document_for(key: UUID, *, actor: Actor) -> SignedDocument:
    """Return a paper; an officer's look is recorded, the applicant has her result once it is in her store.

    Raises:
        LogInFirst: nobody is logged in.
        DocumentNotFound: there is no such paper, or not for this actor.
    """
    person = citizen(actor)
    row = SignedDocument.objects.visible_to(actor).select_related("dossier", "dossier__pack").filter(pk=key).first()
    if row is None:
        raise DocumentNotFound
    dossier = row.dossier
    if dossier.applicant == person:
        if row.kind == RESULT and not StoredResult.objects.visible_to(actor).filter(document=row, is_in_store=True).exists():
            raise DocumentNotFound
        return row
    with transaction.atomic(using=SERVICES, durable=True):
        ledger.record(
            "services.document_opened",
            log=LOG,
            using=SERVICES,
            actor=actor,
            who=dossier.agency_name,
            subject=PersonKey(dossier.applicant),
            purpose=dossier.procedure_code,
            legal_basis=pinned(dossier.pack).legal_basis,
            dossier=dossier.code,
            fields=(row.kind,),
        )
    return row
