"""What an installation sets from outside: `POSTHOUSE_*` variables, typed and loud on nonsense. Where a
variable is absent, what `deploy/up` was told at its last start holds: a command by hand meets the same
database."""

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from panel.remembered import DATABASE, read_remembered

DEFAULT_STATE = Path(__file__).resolve().parent.parent / "var"
Port = Annotated[int, Field(ge=1, le=65535)]


def _remembered() -> dict[str, Any]:
    """By field. The parts of `deploy/up` have it in their environment and need not be able to read it."""
    if DATABASE in os.environ:
        return {}
    state = Path(os.environ.get("POSTHOUSE_STATE_DIR") or DEFAULT_STATE)
    return {name.removeprefix("POSTHOUSE_").lower(): value for name, value in read_remembered(state).items()}


class Environment(BaseSettings):
    """One field per variable; `state_dir` is where `POSTHOUSE_STATE_DIR` goes."""

    model_config = SettingsConfigDict(env_prefix="POSTHOUSE_", extra="ignore")

    # Everything that an installation writes lies below this folder.
    state_dir: Path = DEFAULT_STATE
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
    # What a customer's SPF record must hold so that mail from here passes, comma-separated, such as
    # `include:_spf.example.net`; empty means `a:` and the mail host. Set it where a relay sends.
    spf_terms: Annotated[list[str], NoDecode] = []
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
    # In which the days of a vacation reply begin and end, until its user chooses another: a name of the
    # tz database such as Europe/Berlin.
    time_zone: str = "UTC"
    # 450 while a domain is suspended keeps mail at the sender; 550 returns it at once.
    suspended_reply: Literal["450", "550"] = "450"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- pydantic's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- likewise
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, InitSettingsSource(settings_cls, _remembered())

    @field_validator("extra_hosts", "trusted_proxies", "resolvers", "spf_terms", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """`a,b` to a list; pydantic would want JSON."""
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("spf_terms")
    @classmethod
    def _are_spf_terms(cls, terms: list[str]) -> list[str]:
        for term in terms:
            if not re.fullmatch(r"(?:include|a|mx|ip4|ip6|exists):[!-~]+", term):
                message = f"{term} is no SPF term, such as include:_spf.example.net"
                raise ValueError(message)
        return terms

    @field_validator("time_zone")
    @classmethod
    def _is_time_zone(cls, value: str) -> str:
        if value != "UTC" and value not in available_timezones():
            message = "must be the name of a time zone, such as Europe/Berlin"
            raise ValueError(message)
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
