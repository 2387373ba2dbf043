"""What a person may say to `deploy/up`, and the variables that it becomes."""

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from panel.mailserver.supervisor.state import NotPossible
from panel.remembered import DATABASE, FILE, NAMES, PORT, without_password


@dataclass(frozen=True)
class Options:
    """None is what was not said: then the variable holds, or what an earlier start was told."""

    state: Path
    port: int | None
    database: str | None
    mail_port_offset: int | None
    relay: str | None
    # Fill an empty installation with the example. Not remembered: once is enough.
    demo: bool = False

    def variables(self, given: Mapping[str, str], remembered: Mapping[str, str]) -> dict[str, str]:
        """The `POSTHOUSE_*` variables for every part. Raises `NotPossible` for another database than the
        one that this folder belongs to: its people would find an empty panel."""
        said = {
            DATABASE: self.database,
            PORT: self.port,
            "POSTHOUSE_MAIL_PORT_OFFSET": self.mail_port_offset,
            "POSTHOUSE_RELAY": self.relay,
        }
        result = {PORT: "8000", DATABASE: ""} | dict(remembered)
        result |= {name: given[name] for name in NAMES if given.get(name)}
        result |= {name: str(value) for name, value in said.items() if value is not None}
        if DATABASE in remembered:
            _refuse_another(self.state, remembered[DATABASE], result[DATABASE])
        return result | {
            "POSTHOUSE_STATE_DIR": str(self.state),
            "POSTHOUSE_PANEL_URL": given.get("POSTHOUSE_PANEL_URL") or f"http://127.0.0.1:{result[PORT]}",
            "POSTHOUSE_EXTRA_HOSTS": given.get("POSTHOUSE_EXTRA_HOSTS", "localhost"),
        }


def _refuse_another(state: Path, before: str, now: str) -> None:
    if without_password(before) == without_password(now):
        return
    message = (
        f"{state} belongs to the installation whose database is {without_password(before)}, and now "
        f"{without_password(now)} is named. For another installation, choose another folder with --state. "
        f"If this one has moved there with all its data, take the line {DATABASE} out of {state / FILE} first."
    )
    raise NotPossible(message)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        message = f"“{text}” is not a port number (1 to 65535)"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _offset(text: str) -> int:
    # 4190 (ManageSieve) is the highest standard port that the offset is added to.
    if not text.isascii() or not text.isdigit() or int(text) > 60000:
        message = f"“{text}” is not an offset (0 to 60000)"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _database(text: str) -> str:
    if not text.startswith(("postgres://", "postgresql://")):
        message = "the database is given as postgres://USER:PASSWORD@HOST:PORT/NAME"
        raise argparse.ArgumentTypeError(message)
    return text


def _relay(text: str) -> str:
    if (
        not text
        or not text.isascii()
        or any(character.isspace() or not character.isprintable() for character in text)
    ):
        message = "the relay is a host (`smtp.example.net`, `[smtp.example.net]:587`) or `direct`"
        raise argparse.ArgumentTypeError(message)
    return text


def read_options(arguments: list[str], clone: Path) -> Options:
    """Read the command line; ends the process with a sentence and exit code 2 for nonsense."""
    parser = argparse.ArgumentParser(
        prog="deploy/up",
        allow_abbrev=False,
        description="Starts the panel and its mail servers; `deploy/up --help` tells everything.",
    )
    default_state = os.environ.get("POSTHOUSE_STATE_DIR") or clone / "var"
    parser.add_argument("--state", type=Path, default=default_state, metavar="DIR")
    parser.add_argument("--port", type=_port)
    parser.add_argument("--database", type=_database, metavar="URL")
    parser.add_argument("--mail-port-offset", type=_offset, metavar="N")
    parser.add_argument("--relay", type=_relay, metavar="HOST|direct")
    parser.add_argument("--demo", action="store_true")
    read = parser.parse_args(arguments)
    return Options(
        Path(read.state).resolve(),
        read.port,
        read.database,
        read.mail_port_offset,
        read.relay,
        demo=read.demo,
    )
