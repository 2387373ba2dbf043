"""What an installation costs. Of the times only a first and a second start are told, for they depend on
the machine; the memory is held."""

import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deploy.installation import Installation

pytestmark = pytest.mark.xdist_group("deploy")
MOST_BYTES = 450 * 1024**2
MAIL_SERVERS = ("/usr/lib/postfix/", "/usr/lib/dovecot/", "/usr/sbin/dovecot")


def test_all_parts_but_the_mail_servers_fit_into_their_memory(
    installation: Installation, tell: Callable[[str], None]
):
    seconds = [start_and_count(installation.start, installation)]
    assert installation.end(signal.SIGTERM) == 0
    seconds.append(start_and_count(installation.start_plainly, installation))
    tell(f"deploy/up: first start {seconds[0]:.1f} s, second {seconds[1]:.1f} s, the environment being there")
    time.sleep(2)  # The worker and its clock take what they need.
    assert installation.process is not None
    used: Counter[str] = Counter()
    for pid in [installation.process.pid, *installation.descendants()]:
        if not program_of(pid).startswith(MAIL_SERVERS):
            used[part_of(pid)] += proportional_bytes(pid)
    each = ", ".join(f"{name} {count / 1024**2:.0f}" for name, count in used.most_common())
    tell(f"memory (PSS) without mail servers: {used.total() / 1024**2:.0f} MB of 450: {each}")
    assert used.total() <= MOST_BYTES


def start_and_count(start: Callable[[], None], installation: Installation) -> float:
    began = time.monotonic()
    start()
    installation.wait_until_up()
    return time.monotonic() - began


def program_of(pid: int) -> str:
    return str(Path(f"/proc/{pid}/exe").readlink())


def part_of(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    names = ("gunicorn", "celery", "mail_keeper", "guard.py", "supervisor", "valkey-server", "postsrsd")
    return next((name for name in names if any(name in word for word in words)), "others")


def proportional_bytes(pid: int) -> int:
    """What it has alone, and its share of what it has with others (proc(5), smaps_rollup)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024
