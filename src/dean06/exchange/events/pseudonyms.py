"""Under which name a consumer hears of a person: one for each pair, so that two consumers' names do not meet."""

import hashlib
import hmac
from functools import cache
from pathlib import Path
from typing import Final

from django.conf import settings

from dean06.core.instance import kept_secret
from dean06.core.keys import PersonKey

CHARACTERS: Final = 32  # 128 bits in hexadecimal digits


def pseudonym(person: PersonKey, *, consumer: str) -> str:
    """Return a consumer's name for a person: HMAC-SHA-256 over both under a secret of this installation.

    Losing the secret makes every consumer register its subjects anew; nobody can turn a name back without it.
    """
    told = consumer.encode() + b"\0" + person.bytes
    return hmac.digest(_secret(str(settings.DEAN06_DATA_DIR)), told, hashlib.sha256).hex()[:CHARACTERS]


@cache
def _secret(data_dir: str) -> bytes:
    return hashlib.sha256(kept_secret(Path(data_dir) / "secrets" / "event-pseudonyms").encode()).digest()
