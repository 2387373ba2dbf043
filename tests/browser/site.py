"""A panel of its own for the browser: state folder, hashed static files, gunicorn."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60


@dataclass(frozen=True)
class Site:
    """A running panel. `ids` are primary keys by the names of tests/browser/world.py, `cookies` the
    session cookies by person."""

    url: str
    session_cookie: str
    ids: dict[str, int]
    cookies: dict[str, str]


@contextmanager
def running_site() -> Iterator[Site]:
    """Serves the world of tests/browser/world.py with the settings of an installation."""
    state = Path(tempfile.mkdtemp(prefix="posthouse-browser-"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        environment = _environment(state, url)
        try:
            _run(environment, "manage.py", "collectstatic", "--noinput", "--verbosity=0")
            world: dict[str, Any] = json.loads(_run(environment, "-m", "tests.browser.world"))
            server = _start(environment, listener)
            try:
                _wait_until_up(server, url, state / "server.log")
                yield Site(url, world["session_cookie"], world["ids"], world["cookies"])
            finally:
                server.terminate()
                server.wait(START_SECONDS)
        finally:
            shutil.rmtree(state, ignore_errors=True)


def _environment(state: Path, url: str) -> dict[str, str]:
    for name in ("secrets", "db", "static"):
        (state / name).mkdir(mode=0o700)
    (state / "secrets" / "django").write_text(secrets.token_urlsafe(48))
    ours = {"POSTHOUSE_STATE_DIR": str(state), "POSTHOUSE_PANEL_URL": url}
    return {name: value for name, value in os.environ.items() if not name.startswith("POSTHOUSE_")} | ours


def _run(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 -- our own commands
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _start(environment: dict[str, str], listener: socket.socket) -> subprocess.Popen[bytes]:
    """The listening socket is handed over, so that no other process can take its port in between."""
    log = Path(environment["POSTHOUSE_STATE_DIR"]) / "server.log"
    with log.open("wb") as output:
        return subprocess.Popen(  # noqa: S603 -- our own command
            [
                sys.executable,
                "-m",
                "gunicorn",
                "panel.wsgi",
                f"--bind=fd://{listener.fileno()}",
                "--threads=4",
            ],
            cwd=ROOT,
            env=environment,
            pass_fds=[listener.fileno()],
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def _wait_until_up(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=5):  # noqa: S310 -- our own server
                return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.1)
    message = "the panel did not start\n" + log.read_text()
    raise AssertionError(message)
