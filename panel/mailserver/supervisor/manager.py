"""Runs the parts with honcho's processes and printer: users, an order, and no process left behind.

Honcho's own manager forks once more for each part, sends signals to whole groups, and fails when a
signal comes before a part has told its process id; a thread for each part needs none of that.
"""

import ctypes
import os
import queue
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from honcho.colour import get_colours
from honcho.printer import Message, Printer
from honcho.process import Process

from panel.mailserver.supervisor.guard import ENDING
from panel.mailserver.supervisor.parts import Part

# A small machine that is busy with something else takes long to read the program.
START_SECONDS = 60
# A worker finishes what it holds, and Dovecot's log process leaves a second after the rest.
PATIENCE_SECONDS = 12
LAST_LINES = 20
# prctl(2): orphans below us become our children, so that none can hide.
PR_SET_CHILD_SUBREAPER = 36


class PlainOutput:
    """Standard output where a reader that went away is not an error: parts must be ended all the same."""

    def __init__(self, descriptor: int = 1) -> None:
        self.descriptor = descriptor

    def write(self, text: str) -> None:
        data = text.encode("utf-8", "replace")
        try:
            while data:
                data = data[os.write(self.descriptor, data) :]
        except OSError:
            return

    def flush(self) -> None:
        """Nothing is held back."""

    def isatty(self) -> bool:
        return os.isatty(self.descriptor)


class PartProcess(Process):  # type: ignore[misc]  # honcho has no types
    """A part by its argument list, not through a shell, as the user that it is meant for."""

    def __init__(self, part: Part, colour: str, folder: Path) -> None:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        super().__init__(list(part.command), name=part.name, colour=colour, env=environment, cwd=str(folder))
        rights: dict[str, Any] = {}
        if part.uid is not None:
            rights = {"user": part.uid, "group": part.gid, "extra_groups": [], "umask": 0o077}
        self._child_ctor = partial(
            subprocess.Popen,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **rights,
        )
        self.part = part
        self.last_lines: deque[str] = deque(maxlen=LAST_LINES)

    @property
    def is_running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    @property
    def has_ended(self) -> bool:
        return self._child is not None and self._child.poll() is not None

    def start(self, events: "queue.SimpleQueue[Message]") -> None:
        """Start it and follow its output in a thread. Raises `OSError` where the program is missing."""
        self._events = events
        self._child = self._child_ctor(self.cmd, env=self.env, cwd=self.cwd)
        threading.Thread(target=self._follow, daemon=True, name=f"follow {self.name}").start()

    def signal(self, number: int) -> None:
        if not self.is_running:
            return
        if self.part.end_all_below:
            for pid in _living_descendants(self._child.pid):
                _send(pid, number)
        self._child.send_signal(number)

    def exit_code(self) -> int:
        return int(self._child.poll() or 0)

    def _follow(self) -> None:
        for line in self._child.stdout or ():
            self._send_message(line)


class Supervisor:
    """Starts parts in their order. When one ends, all end.

    `guard` is a process below us that is no part, and `lock` a file that is told when the end begins."""

    def __init__(self, parts: Sequence[Part], folder: Path, guard: int, lock: int) -> None:
        colours = get_colours()
        self._output = PlainOutput()
        self._printer = Printer(self._output, width=max(len(part.name) for part in parts))
        self._events: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._processes = [PartProcess(part, next(colours), folder) for part in parts]
        self._by_name = {process.name: process for process in self._processes}
        self._was_told_to_end = False
        self._spared = {guard}
        self._lock = lock

    def run(self, greet: Callable[[], str]) -> int:
        """Hold the parts until one ends or SIGINT or SIGTERM comes. Returns the exit code: 0 after a
        signal, 1 after a part that ended by itself."""
        _become_subreaper()
        # SIGHUP: the terminal was closed.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._told_to_end)
        dead: PartProcess | None = None
        try:
            dead = self._start_all()
            if dead is None and not self._was_told_to_end:
                self._say(greet())
            while dead is None and not self._was_told_to_end:
                self._print_for(0.2)
                dead = self._one_that_ended()
            # From here on more signals change nothing: whoever is impatient still leaves no process.
            self._end_all()
            _wait_for_descendants(self._spared)
        finally:
            _kill_descendants(self._spared)
            _reap()
        self._print_for(0.2)
        if dead is None:
            self._say("posthouse: all parts have ended.")
            return 0
        self._tell_of(dead)
        return 1

    def _told_to_end(self, _number: int, _frame: object) -> None:
        self._was_told_to_end = True

    def _start_all(self) -> PartProcess | None:
        """Returns a part that ended or could not start, or None."""
        for process in self._processes:
            if self._was_told_to_end:
                return None
            try:
                process.start(self._events)
            except OSError as error:
                self._say(f"posthouse: {process.name} cannot start: {error}")
                return process
            deadline = time.monotonic() + START_SECONDS
            while not self._was_told_to_end and not process.part.is_ready():
                self._print_for(0.05)
                if dead := self._one_that_ended():
                    return dead
                if time.monotonic() > deadline:
                    self._say(f"posthouse: {process.name} is not ready after {START_SECONDS} seconds.")
                    return process
        return self._one_that_ended()

    def _end_all(self) -> None:
        """First those that use a part started before them, then that one."""
        os.pwrite(self._lock, ENDING, 0)
        first = [process for process in self._processes if not process.part.ends_last]
        last = [process for process in self._processes if process.part.ends_last]
        for wave in (first, last):
            for process in wave:
                process.signal(signal.SIGTERM)
            deadline = time.monotonic() + PATIENCE_SECONDS
            while any(process.is_running for process in wave) and time.monotonic() < deadline:
                self._print_for(0.05)
            for process in wave:
                if process.is_running:
                    self._say(f"posthouse: {process.name} does not end by itself; killing it.")
                    process.signal(signal.SIGKILL)

    def _one_that_ended(self) -> PartProcess | None:
        return next((process for process in self._processes if process.has_ended), None)

    def _print_for(self, seconds: float) -> None:
        """Print what the parts say for that long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                message = self._events.get(timeout=left)
            except queue.Empty:
                return
            self._by_name[message.name].last_lines.append(
                message.data.decode("utf-8", "replace").rstrip("\n")
            )
            self._printer.write(message)

    def _tell_of(self, process: PartProcess) -> None:
        lines = list(process.last_lines)
        if process.part.log is not None:
            lines += _last_lines_of(process.part.log)
        code = process.exit_code()
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        self._say(f"\nposthouse: {process.name} ended ({how}), so everything was ended. Its last lines:")
        for line in lines or ["(it wrote none)"]:
            self._say(f"    {line}")

    def _say(self, text: str) -> None:
        self._output.write(f"{text}\n")


def _last_lines_of(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 16384))
            return file.read().decode("utf-8", "replace").splitlines()[-LAST_LINES:]
    except OSError as error:
        return [f"({path}: {error.strerror})"]


def _become_subreaper() -> None:
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _wait_for_descendants(spared: set[int]) -> None:
    """The program that was started may be gone before its daemon: Postfix comes through a script."""
    deadline = time.monotonic() + 5
    while _living_descendants(os.getpid()) - spared and time.monotonic() < deadline:
        time.sleep(0.05)


def _kill_descendants(spared: set[int]) -> None:
    """Kill whatever is left below this process, also what went into a session of its own."""
    deadline = time.monotonic() + 5
    while (left := _living_descendants(os.getpid()) - spared) and time.monotonic() < deadline:
        for pid in left:
            _send(pid, signal.SIGKILL)
        time.sleep(0.05)


def _reap() -> None:
    """Take leave of dead orphans too, or they would stay in the list of processes until we are gone."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def _send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _living_descendants(root: int) -> set[int]:
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # proc(5): pid (name) state ppid …; a name may hold spaces and brackets.
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state != "Z":
            parents[int(entry.name)] = int(parent)
    found: set[int] = set()
    for pid in parents:
        above = parents.get(pid, 0)
        while above not in {0, 1, root}:
            above = parents.get(above, 0)
        if above == root:
            found.add(pid)
    return found
