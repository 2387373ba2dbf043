"""What the worker asks of the keeper, which runs as root: an empty file whose name says it all.

Nothing in such a file is ever read, and a name is either one of the forms below or ignored.
"""

import re
import time
from dataclasses import dataclass
from pathlib import Path

WAIT_SECONDS = 10
_RELOAD = re.compile(r"reload\.([0-9]{1,18})")
_HELD = re.compile(r"held\.([0-9]{1,18})")
_FILES = re.compile(r"files\.([0-9]{1,18})(?:\.([0-9]{1,18}))?\.r([0-9]{1,18})")
_FILES_SUBJECT = re.compile(r"([0-9]{1,18})(?:/([0-9]{1,18}))?")


class NotDoneError(Exception):
    """The keeper has not done it in time; it still may."""


@dataclass(frozen=True)
class Reload:
    """Reload Postfix."""


@dataclass(frozen=True)
class ReleaseHeld:
    """Have Postfix try the mail that waits for the end of a suspension."""


@dataclass(frozen=True)
class RemoveFiles:
    """Remove the mail of a domain, or of one mailbox in it."""

    domain_id: str
    mailbox_id: str | None


def parse(name: str) -> Reload | ReleaseHeld | RemoveFiles | None:
    """The request that a file name stands for, or None."""
    if _RELOAD.fullmatch(name):
        return Reload()
    if _HELD.fullmatch(name):
        return ReleaseHeld()
    if match := _FILES.fullmatch(name):
        return RemoveFiles(match[1], match[2])
    return None


def reload_name(revocation_id: int) -> str:
    return f"reload.{revocation_id}"


def held_name(revocation_id: int) -> str:
    return f"held.{revocation_id}"


def files_name(subject: str, revocation_id: int) -> str:
    """For `<domain id>/<mailbox id>` or `<domain id>`. Raises `ValueError` for anything else."""
    match = _FILES_SUBJECT.fullmatch(subject)
    if match is None:
        raise ValueError(f"not a mail folder: {subject!r}")
    place = match[1] if match[2] is None else f"{match[1]}.{match[2]}"
    return f"files.{place}.r{revocation_id}"


def ask(folder: Path, name: str, wait_seconds: float = WAIT_SECONDS) -> None:
    """Put the request there and wait until the keeper has taken it away. Raises `NotDoneError`."""
    request = folder / name
    request.touch(mode=0o600)
    deadline = time.monotonic() + wait_seconds
    while request.exists():
        if time.monotonic() > deadline:
            raise NotDoneError(f"the keeper has not answered to {name}")
        time.sleep(0.05)
