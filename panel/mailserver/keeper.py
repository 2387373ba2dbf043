"""The keeper: a small process of root that reloads Postfix, has it try held mail and removes mail files for
the worker, and wakes Postfix when PostgreSQL is back."""

import contextlib
import logging
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from panel.mailserver.contract import HELD_DOMAIN
from panel.mailserver.layout import Layout
from panel.mailserver.requests import ReleaseHeld, Reload, RemoveFiles, parse

log = logging.getLogger(__name__)
POSTFIX = "/usr/sbin/postfix"
POSTQUEUE = "/usr/sbin/postqueue"
POLL_SECONDS = 0.1
WATCH_SECONDS = 1.0


class Keeper:
    """`can_look_up` says whether a look-up as Postfix makes it works, or is None where nobody need watch."""

    def __init__(self, layout: Layout, can_look_up: Callable[[], bool] | None = None) -> None:
        self.layout = layout
        self.can_look_up = can_look_up
        self.was_up = True
        self.next_watch = 0.0

    def turn(self) -> None:
        """Do what is asked for, and look after the database once a second."""
        for request in sorted(self.layout.requests.iterdir()):
            self.answer(request.name)
        if self.can_look_up is not None and time.monotonic() >= self.next_watch:
            self.watch(self.can_look_up)
            self.next_watch = time.monotonic() + WATCH_SECONDS

    def answer(self, name: str) -> None:
        """Do what the name asks for and take the file away; what failed stays and is tried again."""
        request = parse(name)
        if request is None:
            return
        try:
            match request:
                case Reload():
                    self.reload_postfix()
                case ReleaseHeld():
                    self.release_held()
                case RemoveFiles():
                    remove_mail(self.layout.state / "mail", request)
        except (OSError, subprocess.SubprocessError):
            log.exception("The request %s failed", name)
            time.sleep(1)
            return
        with contextlib.suppress(FileNotFoundError):
            (self.layout.requests / name).unlink()

    def watch(self, can_look_up: Callable[[], bool]) -> None:
        """Up to version 3.8, Postfix avoids a database host that failed for a minute: once a look-up
        works again, a reload makes it forget that."""
        is_up = can_look_up()
        if is_up and not self.was_up:
            log.warning("The database is back: reloading Postfix")
            self.reload_postfix()
        self.was_up = is_up

    def reload_postfix(self) -> None:
        """Raises `subprocess.SubprocessError`. A Postfix that does not run has nothing to forget."""
        if self._postfix("status").returncode == 0:
            self._postfix("reload").check_returncode()

    def release_held(self) -> None:
        """postqueue(1) -s: only what waits for this one site, not the whole queue. Raises
        `subprocess.SubprocessError`. A Postfix that does not run tries everything when it starts."""
        if self._postfix("status").returncode == 0:
            command = [POSTQUEUE, "-c", str(self.layout.postfix), "-s", HELD_DOMAIN]
            subprocess.run(command, capture_output=True, check=True, timeout=60)

    def _postfix(self, command: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [POSTFIX, "-c", str(self.layout.postfix), command], capture_output=True, check=False, timeout=60
        )


def remove_mail(mail: Path, request: RemoveFiles) -> None:
    """Remove the folder, following no link at any step; one that is gone is done."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
    with contextlib.ExitStack() as stack, contextlib.suppress(FileNotFoundError):
        folder = os.open(mail, flags)
        stack.callback(os.close, folder)
        if request.mailbox_id is None:
            shutil.rmtree(request.domain_id, dir_fd=folder)
            return
        domain = os.open(request.domain_id, flags, dir_fd=folder)
        stack.callback(os.close, domain)
        shutil.rmtree(request.mailbox_id, dir_fd=domain)
