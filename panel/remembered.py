"""What an installation was told at its last start, kept in its state folder for the next one and for
`manage.py`: the options of `deploy/up`, whether they came as options or as variables."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

FILE = "options"
DATABASE, PORT = "POSTHOUSE_DATABASE_URL", "POSTHOUSE_PORT"
NAMES = (DATABASE, PORT, "POSTHOUSE_MAIL_PORT_OFFSET", "POSTHOUSE_RELAY")
_HEADER = (
    "# Written by deploy/up: what it was told, for the next start. A database's URL has a password in it.\n"
)


def read_remembered(state: Path) -> dict[str, str]:
    """By variable; empty before the first start that went well. Raises `OSError` where it may not be read."""
    try:
        lines = (state / FILE).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    pairs = (line.partition("=") for line in lines)
    return {name: value for name, is_pair, value in pairs if is_pair and name in NAMES}


def remember(state: Path, values: Mapping[str, str]) -> None:
    """Keep the values of `NAMES`, readable by whoever started and nobody else."""
    text = "".join(f"{name}={values[name]}\n" for name in NAMES if name in values)
    fresh = state / f".{FILE}.new"
    fresh.unlink(missing_ok=True)
    descriptor = os.open(
        fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, stat.S_IRUSR | stat.S_IWUSR
    )
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(_HEADER + text)
    fresh.replace(state / FILE)


def without_password(url: str) -> str:
    """`url` as it may be shown; SQLite for an empty one."""
    if not url:
        return "SQLite in the state folder"
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"PostgreSQL {parts.hostname or 'localhost'}{port}{parts.path}"
