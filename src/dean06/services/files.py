"""Files that citizens send: sniffed, bounded, counted."""

import hashlib
from typing import Final

from dean06.services.errors import TooManyFiles
from dean06.services.models import Attachment, Dossier, Draft
from dean06.services.text import line, sniffed_type

MOST_FILES: Final = 10
LONGEST_FILE_NAME: Final = 120


def keep_file(content: bytes, *, name: str, evidence: str, draft: Draft | None = None, dossier: Dossier | None = None) -> Attachment:
    """Keep one file of a draft or a dossier, in the caller's transaction.

    Raises:
        FileTooLarge, FileTypeRefused: the content is not accepted.
        TooManyFiles: there are ten already.
    """
    media_type = sniffed_type(content)
    kept = Attachment.objects.filter(draft=draft) if draft else Attachment.objects.filter(dossier=dossier)
    if kept.count() >= MOST_FILES:
        raise TooManyFiles
    return Attachment.objects.create(
        draft=draft,
        dossier=dossier,
        evidence=evidence,
        name=line(name, longest=255)[:LONGEST_FILE_NAME] or "tep",
        media_type=media_type,
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
    )
