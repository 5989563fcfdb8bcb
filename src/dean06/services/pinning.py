"""Packs as dossiers keep them: the version under which a draft was begun serves it to the end."""

from functools import lru_cache

from dean06.services.domain.pack import Pack
from dean06.services.loading import PackFiles, parse_pack
from dean06.services.models import PackVersion


def pin(pack: Pack, files: PackFiles) -> PackVersion:
    """Keep the texts of a pack; the same texts are kept once. Joins the caller's transaction."""
    row, _made = PackVersion.objects.get_or_create(
        digest=pack.digest,
        defaults={
            "code": pack.code,
            "version": pack.version,
            "pack": files.pack,
            "form_schema": files.schema,
            "templates": dict(files.templates),
        },
    )
    return row


def pinned(row: PackVersion) -> Pack:
    """Return a kept pack, built once a process."""
    return _built(row.digest, row.pack, row.form_schema, tuple(sorted(row.templates.items())))


@lru_cache(maxsize=256)
def _built(digest: str, pack: str, schema: str, templates: tuple[tuple[str, str], ...]) -> Pack:
    del digest  # part of the key alone: equal texts, equal pack
    return parse_pack(PackFiles(pack, schema, dict(templates)))
