"""Ends what a supervisor left that was killed itself: SIGKILL, or the kernel short of memory.

`python -I guard.py STATE` waits beside the supervisor, holding the lock of the folder with it. When the
supervisor goes without a word, it ends the parts. Where both were killed, the next start does the same.
It is a program of its own and imports nothing of ours, so that it costs little and starts at once.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Self

# In the environment of each part: the folder that it belongs to.
MARK = "POSTHOUSE_PART_OF"
FAREWELL = b"all parts have ended"
ENDING = b"ending"
# Together less than the ten seconds after which nothing is left.
TERM_SECONDS, KILL_SECONDS = 5.0, 3.0

# Programs that clear or overwrite the environment they were given. They are ours where they work in the
# folder: a person's shell there, or the system's own Postfix elsewhere, is not.
_SERVERS = ("/usr/lib/postfix/", "/usr/libexec/postfix/", "/usr/lib/dovecot/", "/usr/libexec/dovecot/")
_SERVER_NAMES = {"dovecot", "valkey-server", "redis-server"}
_BROKERS = {"valkey-server", "redis-server"}


def end_leftovers(root: Path) -> int:
    """End every part of the installation in `root`, whoever its parent is now. Returns how many there were.

    Only whoever holds the lock of the folder may call this. No process is found by a number that was
    written down: each is asked what it is, and signalled through a descriptor (pidfd_open(2)) that a
    later process of the same number cannot inherit.
    """
    found = _find(root)
    count = len(found)
    for is_broker in (False, True):  # The worker rings at the broker until it ends.
        wave = {pid for pid in found if (_program(pid) in _BROKERS) is is_broker}
        # Children are told by their parents: a worker waits for ever for those that were told first.
        # Postfix's master is the child of a script that does not pass it on.
        heads = {pid for pid in wave if found[pid] not in found or _program(pid) == "master"}
        _signal(root, heads, signal.SIGTERM)
        _wait_until_gone(wave, TERM_SECONDS)
    deadline = time.monotonic() + KILL_SECONDS
    while (left := _find(root)) and time.monotonic() < deadline:
        _signal(root, left, signal.SIGKILL)
        time.sleep(0.05)
    return count


def _find(root: Path) -> dict[int, int]:
    """Living parts by their id, each with the id of its parent."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (parent := _parent_of(int(entry.name))) is not None:
            parents[int(entry.name)] = parent
    me = os.getpid()
    found = {pid for pid in parents if pid != me and _belongs(pid, root)}
    # What a server started belongs to it, wherever that works.
    grown = True
    while grown:
        below = {pid for pid, parent in parents.items() if parent in found and pid != me}
        grown = not below <= found
        found |= below
    return {pid: parents[pid] for pid in found}


def _parent_of(pid: int) -> int | None:
    """None for one that is gone or dead already."""
    try:
        # proc(5): pid (name) state ppid …; a name may hold spaces and brackets.
        state, parent = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[:2]
    except (OSError, ValueError):
        return None
    return None if state in "ZX" else int(parent)


def _belongs(pid: int, root: Path) -> bool:
    with suppress(OSError):
        variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        if os.fsencode(f"{MARK}={root}") in variables:
            return True
    return _is_server(pid) and any(_is_below(pid, place, root) for place in ("cwd", "root"))


def _is_below(pid: int, place: str, root: Path) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/{place}").readlink().is_relative_to(root)
    return False


def _is_server(pid: int) -> bool:
    if _program(pid) in _SERVER_NAMES or _path_of(pid).startswith(_SERVERS):
        return True
    with suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        # A script, so its program is the shell.
        return len(words) > 1 and os.fsdecode(words[1]).startswith(_SERVERS)
    return False


def _program(pid: int) -> str:
    return _path_of(pid).rpartition("/")[2]


def _path_of(pid: int) -> str:
    with suppress(OSError):
        # proc(5): a program that was replaced since, by an upgrade for example, is marked.
        return str(Path(f"/proc/{pid}/exe").readlink()).removesuffix(" (deleted)")
    return ""


def _signal(root: Path, pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(OSError):
            descriptor = os.pidfd_open(pid)
            try:
                # Asked again behind the descriptor: until here the number might have passed on.
                if pid in _find(root):
                    signal.pidfd_send_signal(descriptor, number)
            finally:
                os.close(descriptor)


def _wait_until_gone(pids: Iterable[int], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while any(_parent_of(pid) is not None for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)


class Guard:
    """The guard beside this process, while the context lasts."""

    def __init__(self, root: Path, lock: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, str(root), str(lock)],
            stdin=subprocess.PIPE,
            pass_fds=[lock],
            cwd="/",
            env={},
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Only when no part is left does the guard go in peace; an exception here is a death like others."""
        if sys.exc_info()[0] is None:
            with suppress(OSError):
                self._process.communicate(FAREWELL, TERM_SECONDS)


def main() -> None:
    root, lock = Path(sys.argv[1]), int(sys.argv[2])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    if sys.stdin.buffer.read() == FAREWELL:
        return
    os.pwrite(lock, ENDING, 0)
    with suppress(OSError):
        os.write(2, b"posthouse: the supervisor was killed; ending what it left.\n")
    end_leftovers(root)


if __name__ == "__main__":
    main()
