"""What each question of Postfix and Dovecot costs beside a plain look-up in the same tables.

    python -m tests.bench.lookups [--data FOLDER] [--divide N]

On PostgreSQL every question goes as the shipped configuration has it, as the maps' own role, over the
simple protocol, in turn with a SELECT by unique index. On SQLite `postmap -q` is held against `postmap -q`
on PostgreSQL. No plan may read a whole table.
"""

import argparse
import itertools
import random
import re
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.pq import ExecStatus

from tests.bench.home import VENDORS, Home, home, parser, say
from tests.bench.report import Row, at_most, machine, show

BATCH = 200
POSTMAP_KEYS = 5_000
PLAIN_ADDRESS = "SELECT address FROM mailboxes_address WHERE address = '{key}'"
_DOVECOT = {"passdb": "password_query", "userdb": "user_query"}
PLAIN_DOMAIN = "SELECT name FROM domains_domain WHERE name = '{key}' AND proved_at IS NOT NULL"


@dataclass(frozen=True)
class Question:
    """`statement` is asked with `keys`; `answered` is the least share of them that finds something."""

    name: str
    map: str
    keys: Sequence[str]
    goal: float | None
    answered: float = 0.8
    plain: str = PLAIN_ADDRESS


class Keys:
    """Names of the crowd, as mail would bring them."""

    def __init__(self, connection: psycopg.Connection, divisor: int) -> None:
        self.connection = connection
        self.random = random.Random(1)
        self.domains, self.big = 20_000 // divisor, 100_000 // divisor
        self.mailbox_count, self.alias_count = 1_000_000 // divisor, 300_000 // divisor

    def _column(self, sql: str, *arguments: object) -> list[str]:
        return [row[0] for row in self.connection.execute(sql, arguments or None)]

    def _addresses(self, ids: Sequence[int]) -> list[str]:
        found = self._column("SELECT address FROM mailboxes_address WHERE id = ANY(%s)", list(ids))
        self.random.shuffle(found)
        return found

    def _some(self, first: int, last: int) -> list[int]:
        return self.random.sample(range(first, last + 1), min(5000, last - first + 1))

    def mailboxes(self) -> list[str]:
        return self._addresses(self._some(self.big + 1, self.mailbox_count))

    def in_the_big_domain(self) -> list[str]:
        return self._addresses(self._some(1, self.big))

    def aliases(self) -> list[str]:
        first = self.mailbox_count + self.domains // 5 + 1
        return self._addresses(self._some(first, self.mailbox_count + self.alias_count))

    def sub_addresses(self) -> list[str]:
        return [key.replace("@", "+orders@") for key in self.aliases()]

    def in_alias_domains(self) -> list[str]:
        return self._shuffled(
            "SELECT a.local_part || '@' || d.name FROM domains_domain d JOIN mailboxes_address a"
            " ON a.domain_id = d.alias_of_id WHERE a.kind = 'mailbox' AND a.id % 3 = 0 LIMIT 5000"
        )

    def caught(self) -> list[str]:
        """Names that nobody has, in domains with a catch-all."""
        return self._shuffled(
            "SELECT 'nobody' || substr(a.address, strpos(a.address, '@')) FROM mailboxes_address a"
            " WHERE a.kind = 'alias' AND a.local_part = '' LIMIT 5000"
        )

    def unknown(self) -> list[str]:
        return self._shuffled("SELECT 'nobody@' || name FROM domains_domain WHERE id % 5 <> 0 LIMIT 5000")

    def domain_names(self) -> list[str]:
        return self._shuffled("SELECT name FROM domains_domain WHERE proved_at IS NOT NULL LIMIT 5000")

    def strange_domains(self) -> list[str]:
        return [f"elsewhere{number}.example" for number in range(5000)]

    def senders(self) -> list[str]:
        return self._shuffled("SELECT sender FROM mailboxes_sendas LIMIT 5000")

    def _shuffled(self, sql: str) -> list[str]:
        found = self._column(sql)
        self.random.shuffle(found)
        return found


def main() -> int:
    options = parser(__doc__.splitlines()[0]).parse_args()
    say(machine())
    with home(options, "postgresql") as postgresql, home(options, "sqlite") as sqlite:
        maps = {
            found.vendor: _rendered(found, options.data / f"maps-{found.vendor}")
            for found in (postgresql, sqlite)
        }
        with _connect(postgresql, "postgres") as owner:
            keys = Keys(owner, options.divide)
            met = [_questions(options, postgresql, maps["postgresql"], owner, keys)]
            met.append(_postmap(options, maps, keys))
            met.append(_plans(maps, owner, sqlite, keys))
    return 0 if all(met) else 1


def _questions(
    options: argparse.Namespace, server: Home, maps: Path, owner: psycopg.Connection, keys: Keys
) -> bool:
    rows = []
    plain_addresses = keys.mailboxes()
    # The plain SELECT is asked by the same role, so that nothing but the question differs.
    for role in {_role(maps, name) for name in ("domains", "passdb")}:
        owner.execute(f'GRANT SELECT ON mailboxes_address, domains_domain TO "{role}"')
    try:
        for question in _all_questions(keys):
            plain = keys.domain_names() if question.plain == PLAIN_DOMAIN else plain_addresses
            asked = [_fill(_statement(maps, question.map), key) for key in question.keys]
            beside = [question.plain.format(key=key) for key in plain]
            with _connect(server, _role(maps, question.map)) as connection:
                plain_us, question_us = _in_turn(connection, beside, asked, question, 6 * options.rounds)
            ratio = question_us / plain_us
            cells = (question.name, f"{plain_us:.0f}", f"{question_us:.0f}", f"{ratio:.2f}")
            rows.append(at_most(cells, round(ratio, 2), question.goal))
    finally:
        for role in {_role(maps, name) for name in ("domains", "passdb")}:
            owner.execute(f'REVOKE SELECT ON mailboxes_address, domains_domain FROM "{role}"')
    return show("Questions on PostgreSQL", ("question", "plain SELECT, µs", "question, µs", "ratio"), rows)


def _all_questions(keys: Keys) -> Iterator[Question]:
    aliases, tagged, mapped, caught = (
        keys.aliases(),
        keys.sub_addresses(),
        keys.in_alias_domains(),
        keys.caught(),
    )
    mixed = list(itertools.chain.from_iterable(zip(aliases, tagged, mapped, caught, strict=False)))
    yield Question("domain", "domains", keys.domain_names(), 1.3, plain=PLAIN_DOMAIN)
    yield Question("domain, a strange one", "domains", keys.strange_domains(), 1.3, 0, plain=PLAIN_DOMAIN)
    yield Question("mailbox", "mailboxes", keys.mailboxes(), 1.3)
    yield Question("mailbox, unknown", "mailboxes", keys.unknown(), 1.3, 0)
    yield Question("passdb", "passdb", keys.mailboxes(), 1.3)
    yield Question("userdb", "userdb", keys.mailboxes(), 1.3)
    yield Question("userdb in the large domain", "userdb", keys.in_the_big_domain(), 1.3)
    own, shared = keys.mailboxes(), keys.senders()
    yield Question("sender login, one in ten by a right to send", "senders", _one_in_ten(own, shared), 1.5)
    yield Question("– the mailbox itself", "senders", own, None)
    yield Question("– a right to send", "senders", shared, None)
    yield Question("alias, four sorts mixed", "aliases", mixed, 2.0)
    yield Question("– exact", "aliases", aliases, None)
    yield Question("– sub-address", "aliases", tagged, None)
    yield Question("– alias domain", "aliases", mapped, None, 0.75)
    yield Question("– catch-all", "aliases", caught, None)
    yield Question("alias, of a mailbox (nothing)", "aliases", keys.mailboxes(), None, 0)
    yield Question(
        "alias, of a strange domain", "aliases", [f"a@{name}" for name in keys.strange_domains()], None, 0
    )
    yield Question("suspended (nothing)", "suspended", keys.mailboxes(), None, 0)
    yield Question("strangers (nothing)", "strangers", keys.mailboxes(), None, 0)


def _one_in_ten(most: Sequence[str], others: Sequence[str]) -> list[str]:
    return [others[number % len(others)] if number % 10 == 0 else key for number, key in enumerate(most)]


def _in_turn(
    connection: psycopg.Connection,
    plain: Sequence[str],
    asked: Sequence[str],
    question: Question,
    rounds: int,
) -> tuple[float, float]:
    """The median time of one statement of either sort, in microseconds."""
    sides = [_Side(connection, plain), _Side(connection, asked)]
    for side in sides:
        side.batch()
    share = sides[1].found / BATCH
    assert share >= question.answered, f"{question.name}: {share:.0%} of the keys found something"
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        for side in (0, 1) if number % 2 else (1, 0):
            times[side].append(sides[side].batch() * 1e6 / BATCH)
    return statistics.median(times[0]), statistics.median(times[1])


class _Side:
    """Statements, a batch at a time, over the simple protocol as libpq's clients send them."""

    def __init__(self, connection: psycopg.Connection, statements: Sequence[str]) -> None:
        self.execute = connection.pgconn.exec_
        self.statements = itertools.cycle([statement.encode() for statement in statements])
        self.found = 0

    def batch(self) -> float:
        wanted = list(itertools.islice(self.statements, BATCH))
        began = time.perf_counter()
        answers = [self.execute(statement) for statement in wanted]
        spent = time.perf_counter() - began
        bad = [answer.error_message for answer in answers if answer.status != ExecStatus.TUPLES_OK]
        assert not bad, bad[0]
        self.found = sum(answer.ntuples > 0 for answer in answers)
        return spent


def _postmap(options: argparse.Namespace, maps: dict[str, Path], keys: Keys) -> bool:
    """Keys a second through Postfix's own program, one process for all of them."""
    rows = []
    sorts: dict[str, Callable[[], list[str]]] = {
        "domains": keys.domain_names,
        "mailboxes": keys.mailboxes,
        "aliases": keys.sub_addresses,
        "senders": keys.mailboxes,
        "suspended": keys.mailboxes,
        "strangers": keys.mailboxes,
    }
    for name, sort in sorts.items():
        wanted = list(itertools.islice(itertools.cycle(sort()), POSTMAP_KEYS))
        text = "".join(f"{key}\n" for key in wanted)
        times: dict[str, list[float]] = {vendor: [] for vendor in VENDORS}
        for _ in range(max(3, options.rounds // 3)):
            for vendor in VENDORS:
                times[vendor].append(_ask_postmap(maps[vendor], vendor, name, text))
        sqlite, postgresql = (statistics.median(times[vendor]) for vendor in VENDORS)
        rates = [f"{POSTMAP_KEYS / seconds:,.0f}" for seconds in (sqlite, postgresql)]
        rows.append(at_most((name, *rates, f"{sqlite / postgresql:.2f}"), round(sqlite / postgresql, 2), 1.0))
    heads = ("map", "SQLite, keys/s", "PostgreSQL, keys/s", "time on SQLite / on PostgreSQL")
    return show("postmap -q", heads, rows)


def _ask_postmap(maps: Path, vendor: str, name: str, text: str) -> float:
    kind = "pgsql" if vendor == "postgresql" else "sqlite"
    began = time.perf_counter()
    done = subprocess.run(
        ["/usr/sbin/postmap", "-c", str(maps / "postfix"), "-q", "-", f"{kind}:{maps}/postfix/{name}.cf"],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    # It exits with 1 where a key found nothing.
    assert not done.stderr.replace("postmap: warning: ", "").strip() or done.returncode == 0, done.stderr[
        -500:
    ]
    return time.perf_counter() - began


def _plans(maps: dict[str, Path], owner: psycopg.Connection, sqlite: Home, keys: Keys) -> bool:
    """Whether no question reads a whole table, in the first plans and in the generic ones after them."""
    rows = []
    asked = sorted({question.map for question in _all_questions(keys)})
    examples = [
        *keys.mailboxes()[:4],
        *keys.sub_addresses()[:4],
        *keys.caught()[:4],
        *keys.in_alias_domains()[:4],
    ]
    with sqlite3.connect(f"file:{sqlite.state}/db/posthouse.sqlite3?mode=ro", uri=True) as file:
        for name in asked:
            key_list = keys.domain_names()[:16] if name == "domains" else examples
            scanned = {
                "postgresql": _scanned_on_postgresql(
                    owner, [_fill(_statement(maps["postgresql"], name), key) for key in key_list]
                ),
                "sqlite": _scanned_on_sqlite(file, _fill(_statement(maps["sqlite"], name), key_list[0])),
            }
            cells = [", ".join(sorted(tables)) or "none" for tables in scanned.values()]
            rows.append(Row((name, *cells), "none", is_missed=any(scanned.values())))
    return show("Tables read whole", ("question", "PostgreSQL", "SQLite"), rows)


def _scanned_on_postgresql(owner: psycopg.Connection, statements: Sequence[str]) -> set[str]:
    plans: list[str] = []
    for setting in ("log_min_duration = 0", "log_nested_statements = on"):
        owner.execute("LOAD 'auto_explain'")
        owner.execute(f"SET auto_explain.{setting}")
    owner.execute("SET client_min_messages = log")
    keep = lambda notice: plans.append(notice.message_primary or "")  # noqa: E731 -- handed over twice
    owner.add_notice_handler(keep)
    for statement in statements:
        owner.pgconn.exec_(statement.encode())
    owner.remove_notice_handler(keep)
    owner.execute("SET client_min_messages = notice")
    owner.execute("SET auto_explain.log_min_duration = -1")
    text = "\n".join(plans)
    assert "Query Text" in text, "the plans are missing"
    return set(re.findall(r"Seq Scan on (\w+)", text))


def _scanned_on_sqlite(file: sqlite3.Connection, statement: str) -> set[str]:
    plan = "\n".join(str(row[-1]) for row in file.execute(f"EXPLAIN QUERY PLAN {statement}"))
    # The key itself is one row of its own.
    return set(re.findall(r"SCAN (?!CONSTANT)(\w+)", plan)) - {"k"}


def _rendered(found: Home, folder: Path) -> Path:
    """The configuration as Debian 12 gets it."""
    found.manage("render_mail_config", str(folder), "--postfix", "3.7", "--dovecot", "2.3")
    return folder


def _file(maps: Path, name: str) -> Path:
    """Where a Postfix map, or Dovecot's `passdb` or `userdb`, stands."""
    return maps / ("dovecot/sql.conf" if name in _DOVECOT else f"postfix/{name}.cf")


def _statement(maps: Path, name: str) -> str:
    return _found(_file(maps, name), rf"^{_DOVECOT.get(name, 'query')} = (.*)$")


def _role(maps: Path, name: str) -> str:
    """The role that asks on PostgreSQL."""
    return _found(_file(maps, name), r"\buser ?= ?(\S+)")


def _found(file: Path, pattern: str) -> str:
    match = re.search(pattern, file.read_text(), re.MULTILINE)
    assert match, f"no {pattern} in {file}"
    return match[1]


def _fill(statement: str, key: str) -> str:
    local_part, _, domain = key.rpartition("@")
    values = {"%Lu": key, "%Ls": "imap", "%s": key, "%u": local_part or key, "%d": domain}
    return re.sub("%L?[sud]", lambda match: values[match[0]], statement)


def _connect(server: Home, role: str) -> psycopg.Connection:
    assert server.server
    return psycopg.connect(
        f"host=127.0.0.1 port={server.server.port} dbname=posthouse user='{role}'", autocommit=True
    )


if __name__ == "__main__":
    sys.exit(main())
