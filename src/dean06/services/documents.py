"""Who may have a paper of a dossier."""

from uuid import UUID

from dean06.core.actor import Actor
from dean06.services.authority import citizen
from dean06.services.errors import DocumentNotFound
from dean06.services.looking import note_look
from dean06.services.models import SignedDocument, StoredResult
from dean06.services.papers import RESULT


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
    note_look("services.document_opened", dossier, fields=(row.kind,), actor=actor)
    return row
