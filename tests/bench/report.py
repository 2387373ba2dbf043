"""What a benchmark prints: a table for docs/testing.md, and what goal was missed."""

import platform
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import django


@dataclass(frozen=True)
class Row:
    """What was measured, and the goal that it is held to, in words; both empty where there is none."""

    cells: Sequence[str]
    goal: str = ""
    is_missed: bool = False


def at_most(cells: Sequence[str], value: float, goal: float | None) -> Row:
    """A row whose last figure is `value`."""
    if goal is None:
        return Row(cells)
    return Row(cells, f"≤ {goal:g}", is_missed=value > goal)


def at_least(cells: Sequence[str], value: float, goal: float) -> Row:
    return Row(cells, f"≥ {goal:g}", is_missed=value < goal)


def show(title: str, heads: Sequence[str], rows: Sequence[Row]) -> bool:
    """Print the table; whether every goal was met."""
    write = sys.stdout.write
    write(f"\n### {title}\n\n| {' | '.join((*heads, 'goal'))} |\n|{' --- |' * (len(heads) + 1)}\n")
    for row in rows:
        write(f"| {' | '.join((*row.cells, row.goal + (' **missed**' if row.is_missed else '')))} |\n")
    sys.stdout.flush()
    return not any(row.is_missed for row in rows)


def machine() -> str:
    """Date, machine and versions, on one line."""
    cores = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("processor")]
    parts = [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        f"{len(cores)} cores, load {Path('/proc/loadavg').read_text().split()[0]}",
        f"PostgreSQL {_version([str(max(Path('/usr/lib/postgresql').glob('*/bin/postgres'))), '--version'])}",
        f"SQLite {sqlite3.sqlite_version}",
        f"Postfix {_version(['/usr/sbin/postconf', '-h', 'mail_version'])}",
        f"Dovecot {_version(['/usr/sbin/dovecot', '--version'])}",
        f"Python {platform.python_version()}",
        f"Django {django.__version__}",
    ]
    return ", ".join(parts)


def _version(command: Sequence[str]) -> str:
    words = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return next(word for word in words if word[0].isdigit())
