"""What a person may say to `deploy/up`, and the variables that it becomes."""

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    state: Path
    port: int
    database: str | None
    mail_port_offset: int | None
    relay: str | None

    def variables(self, given: Mapping[str, str]) -> dict[str, str]:
        """The `POSTHOUSE_*` variables for every part; what is `given` in the environment stays unless
        an option says otherwise."""
        result = {
            "POSTHOUSE_STATE_DIR": str(self.state),
            "POSTHOUSE_PANEL_URL": given.get("POSTHOUSE_PANEL_URL", f"http://127.0.0.1:{self.port}"),
            "POSTHOUSE_EXTRA_HOSTS": given.get("POSTHOUSE_EXTRA_HOSTS", "localhost"),
            "POSTHOUSE_PORT": str(self.port),
        }
        if self.database is not None:
            result["POSTHOUSE_DATABASE_URL"] = self.database
        if self.mail_port_offset is not None:
            result["POSTHOUSE_MAIL_PORT_OFFSET"] = str(self.mail_port_offset)
        if self.relay is not None:
            result["POSTHOUSE_RELAY"] = self.relay
        return result


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
    parser.add_argument("--port", type=_port, default=8000)
    parser.add_argument("--database", type=_database, metavar="URL")
    parser.add_argument("--mail-port-offset", type=_offset, metavar="N")
    parser.add_argument("--relay", type=_relay, metavar="HOST|direct")
    read = parser.parse_args(arguments)
    return Options(Path(read.state).absolute(), read.port, read.database, read.mail_port_offset, read.relay)
