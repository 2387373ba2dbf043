"""How many SQL statements real Postfix asks for a message, and how many messages a second arrive.

    python -m tests.bench.statements [--rounds N] [--messages N]

The statements are those that PostgreSQL logged between two quiet moments. The messages a second are held
against the same Postfix and Dovecot on one plain table, in turn on the same server. Root only.
"""

import os
import re
import smtplib
import ssl
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.bench.home import parser, say
from tests.bench.report import Row, at_least, at_most, machine, show
from tests.mailstack import MailStack
from tests.postgres import PostgreSQL

QUIET_SECONDS = 2.0
DEADLINE_SECONDS = 120.0
OUTSIDE = [f"friend{number}@outside{number}.example" for number in range(10)]
SEED = """
from tests.factories import *
operator = make_tenant("Operator", TenantKind.OPERATOR, contact_email="noc@operator.example")
north = make_tenant("North", TenantKind.RESELLER, operator)
domain = make_domain("alder.example", make_tenant("Alder", TenantKind.CLIENT, north))
make_mailbox("ann", domain)
for number in range(1, {messages} + 1):
    make_mailbox(f"{{number}}u", domain)
print(PASSWORD)
"""
STRANGER, MEMBER = "friend@outside.example", "ann@alder.example"
# One table that answers every question by its key: the least that Postfix and Dovecot can be asked for.
PLAIN_TABLE = """
CREATE TABLE plain (name text PRIMARY KEY, home text, quota_rule text, destination text);
INSERT INTO plain SELECT a.address, '/mail/' || a.domain_id || '/' || m.id, '*:bytes=' || m.quota_bytes, NULL
    FROM mailboxes_address a JOIN mailboxes_mailbox m ON m.address_id = a.id;
INSERT INTO plain SELECT name FROM domains_domain;
GRANT SELECT ON plain TO PUBLIC;
ANALYZE;
"""
PLAIN_QUERIES = {
    "domains": "SELECT name FROM plain WHERE name = '%s'",
    "mailboxes": "SELECT name FROM plain WHERE name = '%u@%d'",
    "aliases": "SELECT destination FROM plain WHERE name = '%u@%d' AND destination IS NOT NULL",
    "senders": "SELECT name FROM plain WHERE name = '%u@%d'",
    "suspended": "SELECT destination FROM plain WHERE name = '%d' AND destination IS NOT NULL",
    "strangers": "SELECT destination FROM plain WHERE name = '%d' AND destination IS NOT NULL",
}


class Servers(MailStack):
    """The mail servers alone: the keeper beside them asks by itself now and then."""

    def start(self, *names: str) -> None:
        super().start(*(names or ("dovecot", "postfix", "postsrsd")))


class PlainStack(Servers):
    """The shipped configuration with every statement that is asked for each message replaced."""

    def prepare(self) -> None:
        super().prepare()
        for name, query in PLAIN_QUERIES.items():
            self._replace(f"postfix/{name}.cf", r"^query = .*$", f"query = {query}")
        home = f"'{self.state}' || home AS home, 6001 AS uid, 6001 AS gid, quota_rule"
        statement = f"SELECT name AS \"user\", {home} FROM plain WHERE name = '%Lu'"
        uid = re.search(r"(\d+) AS uid", (self.state / "config/dovecot/sql.conf").read_text())
        assert uid
        self._replace(
            "dovecot/sql.conf", r"^user_query = .*$", f"user_query = {statement.replace('6001', uid[1])}"
        )

    def _replace(self, name: str, line: str, by: str) -> None:
        file = self.state / "config" / name
        changed, count = re.subn(line, lambda _: by, file.read_text(), flags=re.MULTILINE)
        assert count == 1, f"{line} in {name}"
        file.write_text(changed)
        _age(file)


def main() -> int:
    made = parser(__doc__.splitlines()[0])
    made.add_argument("--messages", type=int, default=200, help="in each round")
    options = made.parse_args()
    say(machine())
    with PostgreSQL(settings=("log_line_prefix=%u ",)) as server:
        url = server.create("posthouse")
        with Servers(url) as shipped:
            password = shipped.python(SEED.format(messages=options.messages)).strip()
            counted = _statements(shipped, server, password)
            server.psql(PLAIN_TABLE, "posthouse")
            with PlainStack(url) as plain:
                rates = _rates(shipped, plain, options.rounds, options.messages)
    return 0 if counted and rates else 1


def _statements(stack: MailStack, server: PostgreSQL, password: str) -> bool:
    scenes: dict[str, tuple[int, Callable[[], object]]] = {
        "to a local mailbox": (6, lambda: _send(stack, MEMBER)),
        "to an unknown name": (6, lambda: _refused(stack)),
        "a submission to one outside address": (8, lambda: _send(stack, OUTSIDE[0], password=password)),
        "a submission to ten": (44, lambda: _send(stack, *OUTSIDE, password=password)),
    }
    for _, act in scenes.values():
        act()
    _empty_queue(stack)
    _log_statements(server, "all")
    rows = []
    for name, (goal, act) in scenes.items():
        _wait_for_quiet(server)
        before = len((server.folder / "log").read_bytes())
        act()
        _wait_for_quiet(server)
        # What goes outside stays in the queue, and would be tried again.
        _empty_queue(stack)
        asked = Counter(
            re.findall(
                r"^\S*_(postfix|dovecot)_\w+ LOG:  (?:statement|execute)", _log(server, before), re.MULTILINE
            )
        )
        rows.append(at_most((name, str(asked["postfix"]), str(asked["dovecot"])), asked["postfix"], goal))
        if rows[-1].is_missed:
            say(_log(server, before)[-20000:])
    _log_statements(server, "none")
    return show("Statements for one message", ("message", "Postfix", "Dovecot beside it"), rows)


def _send(stack: MailStack, *recipients: str, password: str = "") -> None:
    """As a stranger on port 25, or with a password as a member on the submission port."""
    with smtplib.SMTP("127.0.0.1", stack.port(587 if password else 25), timeout=60) as client:
        if password:
            # The certificate is of the installation's own making.
            client.starttls(context=ssl._create_unverified_context())
            client.login(MEMBER, password)
        client.sendmail(MEMBER if password else STRANGER, recipients, "Subject: one\r\n\r\nHello\r\n")


def _refused(stack: MailStack) -> None:
    try:
        _send(stack, "nobody@alder.example")
    except smtplib.SMTPRecipientsRefused as refused:
        assert [code for code, _ in refused.recipients.values()] == [550], refused.recipients  # noqa: PT017 -- no test
    else:
        raise AssertionError("an unknown name takes mail")


def _empty_queue(stack: MailStack) -> None:
    command = ["/usr/sbin/postsuper", "-c", str(stack.state / "config/postfix"), "-d", "ALL"]
    subprocess.run(command, check=True, capture_output=True)


def _log_statements(server: PostgreSQL, which: str) -> None:
    server.psql(f"ALTER SYSTEM SET log_statement = '{which}'")
    server.psql("SELECT pg_reload_conf()")
    time.sleep(1)


def _log(server: PostgreSQL, offset: int) -> str:
    return (server.folder / "log").read_bytes()[offset:].decode(errors="replace")


def _wait_for_quiet(server: PostgreSQL) -> None:
    """Until nothing was asked for a while: the delivery of a message goes on after the answer to it."""
    file, deadline = server.folder / "log", time.monotonic() + DEADLINE_SECONDS
    size, since = -1, time.monotonic()
    while time.monotonic() - since < QUIET_SECONDS:
        assert time.monotonic() < deadline, "the server is never quiet"
        if (now := file.stat().st_size) != size:
            size, since = now, time.monotonic()
        time.sleep(0.1)


def _rates(shipped: MailStack, plain: MailStack, rounds: int, messages: int) -> bool:
    stacks = {"shipped": shipped, "plain": plain}
    rates: dict[str, list[float]] = {name: [] for name in stacks}
    for stack in stacks.values():
        _deliver(stack, 40)
    for number in range(rounds):
        for name in sorted(stacks, reverse=bool(number % 2)):
            rates[name].append(messages / _deliver(stacks[name], messages))
    ours, theirs = (statistics.median(rates[name]) for name in ("shipped", "plain"))
    ratio = round(
        statistics.median([a / b for a, b in zip(rates["shipped"], rates["plain"], strict=True)]), 2
    )
    rows = [
        Row(("one plain table", f"{theirs:.0f}", "1")),
        at_least(("the contract", f"{ours:.0f}", f"{ratio:.2f}"), ratio, 0.9),
    ]
    return show("Messages delivered a second", ("set-up", "median", "ratio of a round, median"), rows)


def _deliver(stack: MailStack, messages: int) -> float:
    """Seconds until all of them lie in mailboxes."""
    log = stack.state / "log" / "postfix.log"
    before = _sent(log)
    began = time.monotonic()
    subprocess.run(
        [
            "/usr/sbin/smtp-source", "-N", "-s", "10", "-m", str(messages), "-l", "2048",
            "-f", STRANGER, "-t", "u@alder.example", f"inet:127.0.0.1:{stack.port(25)}",
        ],
        check=True,
        capture_output=True,
        timeout=DEADLINE_SECONDS,
    )  # fmt: skip
    while _sent(log) < before + messages:
        assert time.monotonic() - began < DEADLINE_SECONDS, stack.logs()[-3000:]
        time.sleep(0.02)
    return time.monotonic() - began


def _sent(log: Path) -> int:
    return log.read_bytes().count(b"status=sent")


def _age(file: Path) -> None:
    """A map that is younger than two seconds makes Postfix wait."""
    past = time.time() - 10
    os.utime(file, (past, past))


if __name__ == "__main__":
    sys.exit(main())
