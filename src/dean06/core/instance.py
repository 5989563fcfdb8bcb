"""Secrets of this installation that are made at first start and kept in the data directory."""

import os
import secrets
from pathlib import Path

from dean06.core.config import Config


def kept_secret(path: Path) -> str:
    """Return the secret in a file of mode 0600, making it (43 characters, 256 bits) if it is not there yet."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        file.write(value := secrets.token_urlsafe(32))
    return value


def secret_key(config: Config) -> str:
    """Return Django's secret key."""
    return config.secret_key or kept_secret(config.data_dir / "secrets" / "django")


def key_passphrase(config: Config) -> str:
    """Return the passphrase that opens the key store."""
    return config.key_passphrase or kept_secret(config.data_dir / "secrets" / "keystore")
