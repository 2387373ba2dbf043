"""One `deploy/up` in a folder and on ports of its own."""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from panel.mailserver.layout import STANDARD_PORTS

ROOT = Path(__file__).resolve().parents[2]
# The first start of all makes the Python environment.
START_SECONDS, END_SECONDS = 300, 60


def free_offset() -> int:
    """An offset at which all mail ports are free. Below the ports that the kernel hands out itself."""
    for step in range(200):
        offset = 5000 + (os.getpid() * 7 + step * 13) % 3400
        ports = [port + offset for port in STANDARD_PORTS.values()]
        if all(map(_is_free, ports)) and _reserve(ports):
            return offset
    message = "no free mail ports"
    raise RuntimeError(message)


def _reserve(ports: list[int]) -> bool:
    """Whether no other test of this machine has chosen one of them: it binds them only seconds later. They
    are ours until this process ends."""
    folder = Path(tempfile.gettempdir()) / "posthouse-test-ports"
    folder.mkdir(exist_ok=True)
    held = [os.open(folder / str(port), os.O_RDWR | os.O_CREAT, 0o600) for port in ports]
    try:
        for descriptor in held:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        for descriptor in held:
            os.close(descriptor)
        return False
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Installation:
    program = ROOT

    def __init__(self, state: Path | None = None) -> None:
        self.is_ours = state is None
        # Not pytest's folder, which only root can enter; short, for the paths of sockets.
        self.state = state or Path(tempfile.mkdtemp(prefix="ph-", dir="/tmp"))
        if self.is_ours:
            self.state.chmod(0o755)
        self.port = self._free_port()
        # Of the last start.
        self.offset = 0
        self.log = Path(tempfile.mkstemp(prefix="ph-log-")[1])
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str, uid: int | None = None, **variables: str) -> None:
        self.offset = free_offset()
        own = ("--port", str(self.port), "--mail-port-offset", str(self.offset))
        self.start_plainly(*own, *options, uid=uid, **variables)

    def start_plainly(self, *options: str, uid: int | None = None, **variables: str) -> None:
        """Start with nothing but the state folder named, as a person does the second time."""
        given = {key: value for key, value in os.environ.items() if not key.startswith("POSTHOUSE_")}
        self.log.write_bytes(b"")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(self.program / "deploy/up"), "--state", str(self.state), *options],
                env={**given, **variables},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **({} if uid is None else {"user": uid, "group": uid, "extra_groups": []}),
            )

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def wait_until_up(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while "Posthouse is up" not in self.output():
            assert self.process is not None
            assert self.process.poll() is None, self.output()
            assert time.monotonic() < deadline, self.output()
            time.sleep(0.1)

    def wait_for_end(self) -> int:
        assert self.process is not None
        return self.process.wait(START_SECONDS)

    def end(self, number: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(END_SECONDS)

    def descendants(self) -> list[int]:
        assert self.process is not None
        parents = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                except OSError:
                    continue
        found, before = {self.process.pid}, 0
        while len(found) != before:
            before = len(found)
            found |= {pid for pid, parent in parents.items() if parent in found}
        return sorted(found - {self.process.pid})

    @staticmethod
    def alive(pids: list[int]) -> list[int]:
        """Those that are still there, dead ones that nobody took leave of apart."""
        found = []
        for pid in pids:
            with suppress(OSError):
                if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
                    found.append(pid)
        return found

    def pid_of(self, name: str) -> int:
        """The first process below `deploy/up` that is the part of this name, or has it in its command."""
        word = {"web": "gunicorn", "worker": "celery", "broker": "valkey-server", "guard": "guard.py"}.get(
            name, name
        )
        for pid in self.descendants():
            if word in Path(f"/proc/{pid}/cmdline").read_text():
                return pid
        raise AssertionError(name)

    def uids_of(self, name: str) -> set[int]:
        return {Path(f"/proc/{self.pid_of(name)}").stat().st_uid}

    def everything_written(self) -> str:
        """All files of the state folder and the output as one text."""
        files = [path for path in self.state.rglob("*") if path.is_file()]
        return self.output() + "".join(path.read_bytes().decode("latin-1") for path in files)

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.log.unlink(missing_ok=True)
        if self.is_ours:
            shutil.rmtree(self.state, ignore_errors=True)

    @staticmethod
    def _free_port() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
            return port
