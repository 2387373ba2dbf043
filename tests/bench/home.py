"""Where a benchmark keeps its databases, so that the next run finds them filled."""

import argparse
import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.mailstack import MAIL_HOST, ROOT
from tests.postgres import PostgreSQL

VENDORS = ("sqlite", "postgresql")
FILL = "from tests.bench.crowd import Size, fill; fill(Size({divisor}))"

# The contract as it is now, whatever it was when the databases were filled.
CONTRACT = """
from functools import partial
from django.db import connection, transaction
from panel.mailserver import contract
with transaction.atomic(), connection.cursor() as cursor:
    for act in (contract.drop, contract.create):
        act(partial(cursor.execute, params=None), connection.vendor)
"""


@dataclass(frozen=True)
class Home:
    """One filled installation. `server` is its PostgreSQL, None on SQLite."""

    vendor: str
    state: Path
    divisor: int
    server: PostgreSQL | None

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "POSTHOUSE_STATE_DIR": str(self.state),
            "POSTHOUSE_MAIL_HOST": MAIL_HOST,
            "POSTHOUSE_DATABASE_URL": self.server.url("posthouse") if self.server else "",
            "DJANGO_SETTINGS_MODULE": "panel.settings",
            "PYTHONPATH": str(ROOT),
        }

    def manage(self, *arguments: str) -> None:
        self.run("manage.py", *arguments)

    def python(self, code: str) -> None:
        self.run("-c", f"import django; django.setup()\n{code}")

    def run(self, *arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{arguments} failed:\n{done.stdout}")


def parser(about: str) -> argparse.ArgumentParser:
    """The arguments that every benchmark takes."""
    made = argparse.ArgumentParser(description=about)
    made.add_argument(
        "--data",
        type=Path,
        default=Path("/var/tmp/posthouse-bench"),
        help="folder that keeps the databases between runs (3 GB at full size); other users must be able to enter it",
    )
    made.add_argument("--divide", type=int, default=1, metavar="N", help="an installation N times smaller")
    made.add_argument(
        "--rounds", type=int, default=15, help="how often each figure is taken; the median counts"
    )
    return made


@contextlib.contextmanager
def home(options: argparse.Namespace, vendor: str, settings: Sequence[str] = ()) -> Iterator[Home]:
    """The filled installation on `vendor`, made now where it is missing or of another schema."""
    # Ended from outside, a server that was started here must not stay.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = options.data / f"{vendor}-{options.divide}"
    stamp, wanted = folder / "filled", _schema()
    if folder.exists() and (not stamp.exists() or stamp.read_text() != wanted):
        shutil.rmtree(folder)
    options.data.mkdir(mode=0o755, parents=True, exist_ok=True)
    folder.mkdir(mode=0o755, exist_ok=True)
    with contextlib.ExitStack() as stack:
        server = None
        if vendor == "postgresql":
            server = stack.enter_context(PostgreSQL(folder=folder / "server", settings=settings))
        found = Home(vendor, folder / "state", options.divide, server)
        if not stamp.exists():
            _make(found)
            stamp.write_text(wanted)
        found.python(CONTRACT)
        if server:
            found.manage("mail_roles")
        yield found


def _make(new: Home) -> None:
    began = time.monotonic()
    say(f"filling {new.vendor}, divided by {new.divisor}")
    prepare = (
        "from panel.mailserver.supervisor.state import State, panel_owner; from pathlib import Path\n"
        f"State(Path({str(new.state)!r}), panel_owner()).prepare({MAIL_HOST!r})"
    )
    new.run("-c", prepare)
    if new.server:
        new.server.create("posthouse")
    new.manage("migrate", "--verbosity", "0")
    if new.server is None:
        new.manage("migrate", "--verbosity", "0", "--database", "usage")
    new.python(FILL.format(divisor=new.divisor))
    say(f"filled in {time.monotonic() - began:.0f} s")


def _schema() -> str:
    """A digest of all that decides what the databases hold, the contract apart: that is remade."""
    digest = hashlib.sha256()
    for name in ("crowd.py", "filler.py", "size.py"):
        digest.update(Path(__file__).with_name(name).read_bytes())
    for path in sorted(ROOT.glob("*/migrations/*.py")) + sorted(ROOT.glob("panel/*/migrations/*.py")):
        # The first line says when it was made.
        digest.update(path.read_bytes().partition(b"\n")[2])
    return digest.hexdigest()


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 -- a program's word to who started it
