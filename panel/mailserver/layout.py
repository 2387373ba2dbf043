"""Where the parts of an installation lie below the state folder, and on which ports they listen."""

from dataclasses import dataclass
from pathlib import Path

from panel.mailserver.supervisor.state import State, panel_owner

STANDARD_PORTS = {
    "smtp": 25,
    "submission": 587,
    "submissions": 465,
    "imap": 143,
    "imaps": 993,
    "pop3": 110,
    "pop3s": 995,
    "sieve": 4190,
    # Loopback only: the panel's own notices, and Dovecot's doveadm service.
    "panel": 26,
    # Loopback only: what sieve scripts send (redirect, vacation).
    "scripts": 1023,
    # Loopback only: postsrsd 1.x speaks over TCP alone.
    "srs_forward": 1021,
    "srs_reverse": 1022,
    "doveadm": 24245,
}


@dataclass(frozen=True)
class Layout:
    """The folders of the installation in `state`; `offset` is added to each standard port."""

    state: Path
    offset: int

    def port(self, service: str) -> int:
        return STANDARD_PORTS[service] + self.offset

    @property
    def config(self) -> Path:
        return self.state / "config"

    @property
    def postfix(self) -> Path:
        return self.config / "postfix"

    @property
    def dovecot(self) -> Path:
        return self.config / "dovecot"

    @property
    def requests(self) -> Path:
        """Where the worker asks the keeper, which runs as root, for what needs root."""
        return self.state / "run" / "requests"

    def secret_file(self, name: str) -> Path:
        """The file of the secret of this name, made at the first call."""
        return State(self.state, panel_owner()).secret(name)

    def secret(self, name: str) -> str:
        return self.secret_file(name).read_text(encoding="ascii").strip()
