"""Real Postfix and Dovecot from the shipped templates, in a state folder of their own. Root only.

`with MailStack() as stack:` renders, migrates and starts; everything is ended by process id and its
folder goes with it. With `database_url` it runs on PostgreSQL.
"""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.postgres import PostgreSQL

ROOT = Path(__file__).resolve().parent.parent
MAIL_HOST = "mx.posthouse.example"
# Standard ports and the loopback ones of `panel.mailserver.layout`.
PORTS = (25, 26, 110, 143, 465, 587, 993, 995, 1021, 1022, 1023, 4190, 24245)
START_SECONDS = 30


def free_offset() -> int:
    """An offset at which every port of an installation is free."""
    for _ in range(200):
        offset = random.randrange(10000, 30000)  # noqa: S311 -- no secret
        with contextlib.ExitStack() as stack:
            try:
                for port in PORTS:
                    listener = stack.enter_context(socket.socket())
                    listener.bind(("127.0.0.1", port + offset))
            except OSError:
                continue
            return offset
    raise RuntimeError("no free ports")


class MailStack:
    """A running mail side. `port(25)` is where a standard port listens here."""

    def __init__(self, database_url: str = "", **environment: str) -> None:
        # Not below a folder of pytest, which other users cannot enter; short, for the paths of sockets.
        self.state = Path(tempfile.mkdtemp(prefix="ph-"))
        self.state.chmod(0o755)
        self.offset = free_offset()
        self.environment = {
            **os.environ,
            "POSTHOUSE_STATE_DIR": str(self.state),
            "POSTHOUSE_MAIL_PORT_OFFSET": str(self.offset),
            "POSTHOUSE_MAIL_HOST": MAIL_HOST,
            "POSTHOUSE_DATABASE_URL": database_url,
            "DJANGO_SETTINGS_MODULE": "panel.settings",
            "PYTHONPATH": str(ROOT),
            **environment,
        }
        self.database_url = database_url
        # Set where a test may stop the database.
        self.server: PostgreSQL | None = None
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        try:
            self.prepare()
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            sys.stderr.write(self.logs()[-6000:])
        self.close()

    def prepare(self) -> None:
        """The state folder, the tables, the roles of PostgreSQL and the configuration."""
        self.python(
            "from panel.mailserver.supervisor.state import State, panel_owner\n"
            f"State(__import__('pathlib').Path({str(self.state)!r}), panel_owner()).prepare({MAIL_HOST!r})",
            django=False,
        )
        self.manage("migrate", "--verbosity", "0")
        if self.database_url:
            self.manage("mail_roles")
        else:
            self.manage("migrate", "--verbosity", "0", "--database", "usage")
        self.manage("render_mail_config")
        self.own_databases()

    def own_databases(self) -> None:
        """What root has written becomes the panel's again, as `deploy/up` leaves it."""
        self.python(
            "from panel.mailserver.supervisor.state import State, panel_owner\n"
            f"State(__import__('pathlib').Path({str(self.state)!r}), panel_owner()).prepare({MAIL_HOST!r})",
            django=False,
        )

    def start(self, *names: str) -> None:
        """Start all programs, or the named ones, and wait until they answer."""
        code = (
            "import json; from django.conf import settings; from panel.environment import environment as e\n"
            "from panel.mailserver.layout import Layout; from panel.mailserver.programs import mail_programs\n"
            "print(json.dumps([[p.name, p.argv] for p in mail_programs(Layout(e.state_dir, e.mail_port_offset))]))"
        )
        import json  # noqa: PLC0415 -- next to the one line that prints it

        for name, argv in json.loads(self.python(code)):
            if names and name not in names:
                continue
            with (self.state / "log" / f"{name}.out").open("ab") as log:
                self.processes[name] = subprocess.Popen(
                    argv,
                    cwd=ROOT,
                    env=self.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        for port in (143, 25, 587):
            self.wait_for(port)

    def wait_for(self, port: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port(port)), 1):
                return
            for name, process in self.processes.items():
                if process.poll() is not None:
                    raise RuntimeError(f"{name} ended with {process.returncode}\n{self.logs()}")
            time.sleep(0.05)
        raise TimeoutError(f"nothing listens on {port}\n{self.logs()}")

    def stop(self, *names: str) -> None:
        for name in names or tuple(reversed(self.processes)):
            process = self.processes.pop(name, None)
            if process is None:
                continue
            if name == "postfix":
                # The master has a session of its own; its pid file has leading blanks.
                subprocess.run(
                    ["/usr/sbin/postfix", "-c", str(self.state / "config/postfix"), "stop"],
                    capture_output=True,
                    check=False,
                )
            elif process.poll() is None:
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait(5)

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.state, ignore_errors=True)

    def port(self, standard: int) -> int:
        return standard + self.offset

    def manage(self, *arguments: str) -> str:
        return self._run([sys.executable, "manage.py", *arguments])

    def python(self, code: str, *, django: bool = True) -> str:
        """Run `code` against this installation's database, as a process of its own."""
        start = "import django; django.setup()\n" if django else ""
        return self._run([sys.executable, "-c", start + code])

    def as_worker(self, code: str) -> str:
        """The same as the panel's worker: without root's rights."""
        drop = (
            "import os, grp; g = grp.getgrnam('maildb').gr_gid\n"
            "os.setgroups([g]); os.setgid(g); os.setuid(6001)\n"
        )
        return self._run([sys.executable, "-c", "import django; django.setup()\n" + drop + code])

    def logs(self) -> str:
        parts = [
            f"--- {path.name}\n{path.read_text(errors='replace')[-4000:]}"
            for path in sorted((self.state / "log").glob("*"))
            if path.is_file()
        ]
        return "\n".join(parts)

    def _run(self, command: list[str]) -> str:
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{command[1:3]} failed:\n{done.stdout}\n{done.stderr}")
        return done.stdout
