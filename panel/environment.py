"""What an installation sets from outside: `POSTHOUSE_*` variables, typed and loud on nonsense."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Port = Annotated[int, Field(ge=1, le=65535)]


class Environment(BaseSettings):
    """One field per variable; `state_dir` is where `POSTHOUSE_STATE_DIR` goes."""

    model_config = SettingsConfigDict(env_prefix="POSTHOUSE_", extra="ignore")

    # Everything that an installation writes lies below this folder.
    state_dir: Path = Path(__file__).resolve().parent.parent / "var"
    # `postgres://user:password@host:port/name`; empty means SQLite in the state folder.
    database_url: SecretStr = SecretStr("")
    # A Redis or Valkey URL, or empty for Celery's filesystem transport in the state folder.
    broker_url: str = ""
    # Only the web server's own tests and a developer's machine ever set this.
    debug: bool = False
    # Where people reach the panel. Links in mails are made from it, never from a request's Host header.
    panel_url: str = "http://127.0.0.1:8000"
    # Further host names that the panel answers to, comma-separated.
    extra_hosts: Annotated[list[str], NoDecode] = []
    # Networks of the reverse proxies whose X-Forwarded-For is believed, comma-separated.
    trusted_proxies: Annotated[list[str], NoDecode] = []
    # The name that Postfix greets with and that MX records point to.
    mail_host: str = "localhost"
    # The interface on which the mail servers listen.
    mail_listen: str = "127.0.0.1"
    mail_port_offset: int = Field(default=2000, ge=0, le=60000)
    # "queue" keeps outside mail in the queue, "direct" sends it by MX, anything else is a relay host.
    relay: str = "queue"
    # `host` or `host:port` of the resolvers for DNS checks, comma-separated; empty means the system's.
    resolvers: Annotated[list[str], NoDecode] = []
    # Where authoritative name servers listen; another port only for a private DNS of one's own.
    authoritative_port: Port = 53
    # Whether a name server with a private or loopback address is asked. Off, nobody can make the
    # panel probe the network that it stands in by naming an inner host as name server.
    allow_private_dns: bool = False
    # How mail goes out of the panel itself (reset links, notices): `smtp://127.0.0.1:2025`, or empty
    # for the private Postfix of this installation.
    outgoing_smtp: str = ""
    # How long a deleted domain or mailbox can be brought back.
    grace_days: int = Field(default=14, ge=1, le=365)
    # 450 while a domain is suspended keeps mail at the sender; 550 returns it at once.
    suspended_reply: Literal["450", "550"] = "450"

    @field_validator("extra_hosts", "trusted_proxies", "resolvers", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """`a,b` to a list; pydantic would want JSON."""
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("panel_url")
    @classmethod
    def _is_web_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            message = "must be an http:// or https:// address"
            raise ValueError(message)
        return value.rstrip("/")


environment = Environment()
