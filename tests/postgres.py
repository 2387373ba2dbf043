"""A private PostgreSQL on loopback, for tests alone. The server refuses root: it runs as user postgres."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class PostgreSQL:
    """`with PostgreSQL() as server: server.url("name")`. Its folder goes with it, unless it was given one.
    `settings` are lines of postgresql.conf, such as `log_statement=all`."""

    def __init__(
        self, port: int | None = None, *, folder: Path | None = None, settings: Sequence[str] = ()
    ) -> None:
        self.port = port or free_port()
        self.keeps_folder = folder is not None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="ph-pg-"))
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        self.settings = settings
        self.programs = max(Path("/usr/lib/postgresql").glob("*/bin"))
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        if not (self.folder / "data").exists():
            self._run(
                "initdb", "-D", str(self.folder / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8",
                "--locale=C.UTF-8", "--no-sync",
            )  # fmt: skip
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        if not self.keeps_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        log = (self.folder / "log").open("ab")
        self.process = subprocess.Popen(
            [
                str(self.programs / "postgres"),
                *("-D", str(self.folder / "data")),
                *(f"-cport={self.port}", "-clisten_addresses=127.0.0.1"),
                *(f"-cunix_socket_directories={self.folder}", "-cmax_connections=200"),
                *("-cfsync=off", "-cfull_page_writes=off", "-csynchronous_commit=off"),
                *(f"-c{setting}" for setting in self.settings),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            **self._identity(),
        )
        log.close()
        # The port opens a little before the server takes queries.
        deadline = time.monotonic() + 30
        while self.psql("SELECT 1", check=False).returncode:
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text()[-2000:])
            time.sleep(0.05)

    def stop(self) -> None:
        if self.process is None:
            return
        # SIGINT is the fast stop; SIGTERM would wait for all clients.
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(5)
        self.process = None

    def psql(
        self, sql: str, database: str = "postgres", *, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        return self._run(
            "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres",
            "-d", database, "-c", sql, check=check,
        )  # fmt: skip

    def create(self, database: str) -> str:
        self.psql(f'CREATE DATABASE "{database}"')
        return self.url(database)

    def url(self, database: str = "postgres") -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def _identity(self) -> dict[str, Any]:
        if os.geteuid() != 0:
            return {}
        return {"user": "postgres", "group": "postgres", "extra_groups": []}

    def _run(self, program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.programs / program), *arguments],
            capture_output=True,
            text=True,
            check=check,
            cwd="/",
            **self._identity(),
        )


if __name__ == "__main__":
    # `python -m tests.postgres COMMAND…` runs the command with POSTHOUSE_DATABASE_URL set.
    with PostgreSQL() as server:
        environment = {**os.environ, "POSTHOUSE_DATABASE_URL": server.create("posthouse")}
        sys.exit(subprocess.run(sys.argv[1:], env=environment, check=False).returncode)
