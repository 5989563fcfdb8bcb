"""Secrets of this installation that are made at first start and kept in the data directory."""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from dean06.core.config import Config


def kept_secret(path: Path) -> str:
    """Return the secret in a file of mode 0600, making it (43 characters, 256 bits) if it is not there yet.

    The file appears whole and on the disk or not at all: two processes that start together read the same secret, and one
    that is killed here leaves no empty one behind.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}-") as making:
            making.write(secrets.token_urlsafe(32))
            making.flush()
            os.fsync(making.fileno())
            with contextlib.suppress(FileExistsError):  # another process was first: its secret counts
                os.link(making.name, path)
    return path.read_text().strip()


def secret_key(config: Config) -> str:
    """Return Django's secret key."""
    return config.secret_key or kept_secret(config.data_dir / "secrets" / "django")


def key_passphrase(config: Config) -> str:
    """Return the passphrase that opens the key store."""
    return config.key_passphrase or kept_secret(config.data_dir / "secrets" / "keystore")
