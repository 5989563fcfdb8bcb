"""All settings as one typed object, read once from the environment and checked at start."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

LONGEST_SOCKET_DIR: Final = 80  # sun_path holds 108 bytes on Linux; PostgreSQL adds "/.s.PGSQL.5432.lock"


@dataclass(frozen=True, slots=True)
class HopFiles:
    """Where the server of the provider's gateway finds its certificate, its key and whom it trusts."""

    certificate: Path
    key: Path
    authorities: Path


class Operations(BaseModel):
    """How long the exchange remembers calls, and from when on a figure is worth a look.

    No law and no published practice sets the thresholds: each is an assumption of ours for an installation to correct.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    records_days: int = Field(default=7, ge=1, description="So many days each record of a call is kept.")
    sums_days: int = Field(default=62, ge=15, description="So many days sums are kept; open data reach back so far.")
    unused_days: int = Field(default=90, ge=1, description="An agreement in force so long without a call counts as unused.")
    open_data_after_days: int = Field(default=1, ge=1, description="A day is published when so many days have passed since it began.")
    open_data_least: int = Field(default=10, ge=2, description="Fewer calls than this are published in a coarser cell only.")
    browsing_calls: int = Field(default=50, ge=1, description="So many calls of one end user without a dossier stand out.")
    volume_factor: float = Field(default=3.0, gt=1, description="So many times its own median day makes a client's day stand out.")
    volume_calls: int = Field(default=200, ge=1, description="A day with fewer calls never stands out by its volume.")
    refused_calls: int = Field(default=20, ge=1, description="So many refused calls of one client stand out,")
    refused_share: float = Field(default=0.2, gt=0, le=1, description="if they are at least this share of its calls.")


class Bodies(BaseModel):
    """What gateways keep of what was asked and answered, where an agreement says that they do.

    No law that we know sets either: the days are X-Road's habit for records in the database, the size is our own bound.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    largest_bytes: int = Field(default=1024 * 1024, ge=1, le=10 * 1024 * 1024, description="A larger body is not kept; the entry says so.")
    kept_days: int = Field(default=30, ge=1, description="So many whole days bodies are kept; then their day is shredded.")


class Config(BaseSettings):
    """What an operator may set; every setting works when absent.

    Environment variables carry the prefix ``DEAN06_`` (``DEAN06_DATA_DIR``); ``DATABASE_URL`` is also read without it.
    """

    model_config = SettingsConfigDict(env_prefix="DEAN06_", extra="ignore", populate_by_name=True)

    data_dir: Path = Field(default=Path("var"), description="State that must survive: database, keys, logs.")
    database_url: str = Field(
        default="", validation_alias="DATABASE_URL", description="External PostgreSQL 15 or later; empty: the embedded one."
    )
    module_databases: dict[str, str] = Field(
        default_factory=dict, description="Module name to database URL, or to embedded, for modules with a database of their own."
    )
    database_role: Literal["app", "owner"] = Field(default="app", description="owner only to migrate and restore.")
    host: str = Field(default="localhost", description="Host name in printed addresses and the relying-party id of passkeys.")
    web_port: int = 8060
    protocol_port: int = 8061
    consumer_gateway_port: int = 8062
    provider_gateway_port: int = 8063
    hop_tls: Literal["own", "external"] = Field(
        default="own",
        description="own: gateways meet by mutual TLS with certificates made here; external: a proxy in front does that, plain HTTP here.",
    )
    exchange_configuration: str = Field(
        default="", description="URL or file of a signed configuration that this installation's gateways follow; empty: the own database."
    )
    exchange_trust_anchor: Path = Field(
        default=Path("exchange-anchor.pem"), description="Root certificates that a followed configuration must lead to; brought by hand."
    )
    exchange_refresh_seconds: float = Field(default=30.0, description="Pause between two looks for a newer configuration.")
    operations: Operations = Field(
        default_factory=Operations, description="JSON object: retention of the exchange's records, thresholds of what stands out."
    )
    otlp_endpoint: str = Field(
        default="", description="Base URL of a collector that takes OTLP over HTTP, http://localhost:4318; empty: no spans are made."
    )
    otlp_sample_ratio: float = Field(default=0.1, ge=0, le=1, description="Share of the traces begun at a gateway that are recorded.")
    bodies: Bodies = Field(
        default_factory=Bodies, description="JSON object: how long and up to which size bodies are kept where an agreement says so."
    )
    ledger_retention: Path | None = Field(
        default=None, description="File of periods after which entries of the ledger may go; empty: those that come with the programs."
    )
    public_origin: str = Field(default="", description="Origin that browsers see, behind a proxy; empty: http://host:web_port.")
    debug: bool = False
    log_level: str = "INFO"
    secret_key: str = Field(default="", repr=False, description="Empty: made at first start and kept in the data directory.")
    key_passphrase: str = Field(
        default="", repr=False, description="Opens the key store; empty: made at first start and kept in the data directory."
    )

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @field_validator("otlp_endpoint")
    @classmethod
    def _collector(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment):
            raise ValueError("an address such as http://localhost:4318 is needed")
        return value.rstrip("/")

    @property
    def socket_dir(self) -> Path:
        """Directory of the embedded database's socket: in the data directory unless its path is too long for a socket."""
        inside = self.data_dir / "run"
        if len(os.fsencode(inside)) <= LONGEST_SOCKET_DIR:
            return inside
        digest = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"dean06-{digest}"

    @property
    def web_origin(self) -> str:
        """Origin of the web process: the portal's address and the OpenID issuer."""
        return self.public_origin or f"http://{self.host}:{self.web_port}"

    @property
    def hop_files(self) -> HopFiles:
        """Files for mutual TLS between gateways, written from the key store."""
        directory = self.data_dir / "run" / "tls"
        return HopFiles(directory / "gateway.pem", directory / "gateway.key", directory / "authorities.pem")

    @property
    def provider_gateway_origin(self) -> str:
        """Origin of the provider's gateway, where consumers' gateways of this installation find it."""
        return f"{'https' if self.hop_tls == 'own' else 'http'}://{self.host}:{self.provider_gateway_port}"

    @property
    def protocol_origin(self) -> str:
        """Origin of identity's machine endpoints."""
        return f"http://{self.host}:{self.protocol_port}"


@cache
def config() -> Config:
    """Read the environment once."""
    return Config()
