"""Every question is a look-up in an index: no plan reads a whole table, with data that would tempt it to."""

import re

import pytest
from django.db import connection
from django.utils import timezone

from domains.models import Domain
from mailboxes.models import Address, Alias, Mailbox, SendAs, Target, Vacation
from panel.mailserver.questions import PGSQL, map_query
from panel.tenants.models import Tenant
from tests.factories import PASSWORD_HASH, make_domain

pytestmark = pytest.mark.django_db
DOMAINS, NAMES = 400, 10
KEYS = {"%s": "n3+tag@d7.example", "%u": "n3+tag", "%d": "d7.example"}
DOVECOT = {
    "sqlite": {
        "passdb": "SELECT username, password FROM mail_sign_ins WHERE username = 'n3@d7.example'",
        "userdb": "SELECT username, home FROM mail_homes WHERE username = 'n3@d7.example'",
    },
    "postgresql": {
        "passdb": "SELECT * FROM mail_passdb('n3@d7.example', 'imap')",
        "userdb": "SELECT * FROM mail_userdb('n3@d7.example', '/mail/')",
    },
}


@pytest.fixture
def crowd(alder: Tenant) -> None:
    """Some thousand names, half of them mailboxes and half aliases, a few rights to send."""
    now = timezone.now()
    domains = Domain.objects.bulk_create(
        Domain(name=f"d{n}.example", tenant=alder, proof_token=f"{n:032x}", proved_at=now)
        for n in range(DOMAINS)
    )
    make_domain("alias.example", alder, alias_of=domains[0])
    addresses = Address.objects.bulk_create(
        Address(
            domain=domain,
            kind="mailbox" if n % 2 else "alias",
            local_part=f"n{n}",
            address=f"n{n}@{domain.name}",
        )
        for domain in domains
        for n in range(NAMES)
    )
    mailboxes = Mailbox.objects.bulk_create(
        Mailbox(address=address, password_hash=PASSWORD_HASH, password_changed_at=now, quota_bytes=1)
        for address in addresses
        if address.kind == "mailbox"
    )
    aliases = [address for address in addresses if address.kind == "alias"]
    Alias.objects.bulk_create(Alias(address=address) for address in aliases)
    Target.objects.bulk_create(
        Target(address=address, destination=address.address.replace("n", "t", 1)) for address in aliases
    )
    SendAs.objects.bulk_create(
        SendAs(mailbox=mailbox, sender=f"s{mailbox.pk}@d7.example") for mailbox in mailboxes
    )
    Vacation.objects.bulk_create(
        Vacation(mailbox=mailbox, is_on=True, first_day=now.date(), starts_at=now, answer="Away")
        for mailbox in mailboxes
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def plans_of(query: str) -> str:
    """The plans of a statement, on PostgreSQL also of those inside its functions."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"EXPLAIN QUERY PLAN {query}", None)
            return "\n".join(str(row[-1]) for row in cursor.fetchall())
        notices: list[str] = []
        cursor.execute("LOAD 'auto_explain'")
        cursor.execute("SET auto_explain.log_min_duration = 0")
        cursor.execute("SET auto_explain.log_nested_statements = on")
        cursor.execute("SET client_min_messages = log")
        handler = lambda notice: notices.append(notice.message_primary)  # noqa: E731 -- handed over twice
        connection.connection.add_notice_handler(handler)
        # PL/pgSQL decides on a generic plan after five calls: both kinds must be good.
        for _ in range(7):
            cursor.execute(query, None)
        connection.connection.remove_notice_handler(handler)
        cursor.execute("SET client_min_messages = notice")
        cursor.execute("SET auto_explain.log_min_duration = -1")
        return "\n".join(notices)


def scanned_tables(plans: str) -> set[str]:
    if connection.vendor == "sqlite":
        # The key itself is one row of its own, and the plan of a view names the alias of the table.
        found = set(re.findall(r"SCAN (?!CONSTANT)(\w+)", plans))
        return found - {"k"}
    assert "Query Text" in plans, "the plans inside the functions are missing"
    # A handful of rows lies in one page: reading it whole is right.
    return set(re.findall(r"Seq Scan on (\w+)", plans)) - {"tenants_tenant", "tenants_ancestry"}


@pytest.mark.parametrize("name", sorted(PGSQL))
def test_each_question_of_postfix_uses_an_index(name: str, crowd: None) -> None:
    query = map_query(connection.vendor, name, "450 no", "mx.posthouse.example")
    for word, value in KEYS.items():
        query = query.replace(word, value)
    plans = plans_of(query)
    assert plans
    assert scanned_tables(plans) == set(), plans
    if connection.vendor == "postgresql" and name != "ready":
        assert "Index" in plans, plans


@pytest.mark.parametrize("name", ["passdb", "userdb"])
def test_each_question_of_dovecot_uses_an_index(name: str, crowd: None) -> None:
    plans = plans_of(DOVECOT[connection.vendor][name])
    assert plans
    assert scanned_tables(plans) == set(), plans


@pytest.mark.parametrize("view", ["mail_sieve_names", "mail_sieve_names_always"])
def test_whether_there_is_a_sieve_script_is_found_by_an_index(view: str, crowd: None) -> None:
    """What Dovecot asks for every message that it delivers."""
    plans = plans_of(
        f"SELECT id FROM {view} WHERE script_name = 'vacation' AND username = 'n3@d7.example'"  # noqa: S608 -- constants
    )
    assert plans
    assert scanned_tables(plans) == set(), plans
