"""The functions of PostgreSQL and the views answer every question alike, for every state of every name."""

from itertools import product

import pytest
from django.db import connection
from django.utils import timezone

from domains.models import Domain
from mailboxes.models import SendAs
from panel.mailserver.questions import PGSQL, SQLITE, map_query
from panel.tenants.models import Tenant, TenantKind
from tests.factories import make_alias, make_domain, make_mailbox, make_tenant

pytestmark = pytest.mark.django_db
HOST = "mx.posthouse.example"
NAMES = (
    "active", "receiving", "off", "deleted", "silent", "forwards", "keeps", "forwards-to-closed", "team", "disabled",
    "to-closed", "elsewhere", "shared", "nobody", "postmaster", "abuse", "+active", "act+ive",
)  # fmt: skip


@pytest.fixture
def every_state(north: Tenant, alder: Tenant, birch: Tenant) -> list[str]:
    """The names of domains in every state, each but the alias domains with names in every state."""
    now = timezone.now()
    held = make_tenant("Held", TenantKind.CLIENT, north, suspended_at=now)
    domains = [
        make_domain("open.example", alder),
        make_domain("caught.example", alder),
        make_domain("suspended.example", alder, suspended_at=now),
        make_domain("removed.example", alder, removed_at=now),
        make_domain("claimed.example", alder, proved=False),
        make_domain("held.example", held),
        make_domain("other.example", birch),
    ]
    for domain in domains:
        _fill(domain)
    make_alias("", domains[1], "active@caught.example", "off@caught.example", "x@outside.example")
    aliases = [make_domain(f"alias-of-{domain.name}", domain.tenant, alias_of=domain) for domain in domains]
    make_domain("claimed-alias.example", alder, alias_of=domains[0], proved=False)
    names = [domain.name for domain in (*domains, *aliases)]
    return [*names, "claimed-alias.example", "outside.example", HOST]


def _fill(domain: Domain) -> None:
    for state in ("active", "receive_only", "off", "deleted"):
        make_mailbox({"receive_only": "receiving"}.get(state, state), domain, state=state)
    make_mailbox("silent", domain, smtp_enabled=False)
    name = domain.name
    for local_part, *targets in (
        ("forwards", "x@outside.example"),
        ("keeps", f"keeps@{name}", f"active+tag@{name}"),
        ("forwards-to-closed", f"off@{name}"),
    ):
        mailbox = make_mailbox(local_part, domain)
        for target in targets:
            mailbox.address.targets.create(destination=target)
    make_alias("team", domain, f"active@{name}", f"off+x@{name}", f"disabled@{name}", "x@outside.example")
    make_alias("disabled", domain, f"active@{name}", is_enabled=False)
    make_alias("to-closed", domain, f"deleted@{name}")
    make_alias("elsewhere", domain, "off@open.example", "active@other.example", "off@removed.example")
    owner = make_mailbox("owner", domain)
    for sender in {f"shared@{name}", f"active@{name}", "active@open.example", f"team@alias-of-{name}"}:
        SendAs.objects.create(mailbox=owner, sender=sender)


def answers(query: str, key: str) -> list[str]:
    local_part, _, domain = key.rpartition("@")
    for word, value in {"%s": key, "%u": local_part, "%d": domain}.items():
        query = query.replace(word, value)
    with connection.cursor() as cursor:
        cursor.execute(query, None)
        return sorted(str(row[0]) for row in cursor.fetchall())


def by_views(name: str) -> str:
    """The statement for SQLite, in the words of PostgreSQL."""
    query = map_query("sqlite", name, "450 held", HOST)
    return query.replace("instr(", "strpos(").replace("NOT GLOB '*[](),:;<>@\"\\ ]*'", "<> ''")


@pytest.mark.parametrize("name", sorted(set(PGSQL) - {"ready"}))
def test_a_function_answers_as_the_views_do(name: str, every_state: list[str]) -> None:
    assert set(PGSQL) == set(SQLITE)
    if connection.vendor != "postgresql":
        return
    keys = [
        f"{local_part}{tag}@{domain}" for local_part, tag, domain in product(NAMES, ("", "+tag"), every_state)
    ]
    wanted = every_state if name == "domains" else keys
    differing = {
        key: (by_function, views)
        for key in wanted
        if (by_function := answers(map_query("postgresql", name, "450 held", HOST), key))
        != (views := answers(by_views(name), key))
    }
    assert differing == {}
    assert any(answers(by_views(name), key) for key in wanted)


@pytest.mark.parametrize("door", ["imap", "smtp"])
def test_dovecot_is_told_by_functions_what_the_views_hold(door: str, every_state: list[str]) -> None:
    if connection.vendor != "postgresql":
        return
    pairs = {
        f"SELECT username || password FROM mail_sign_ins WHERE username = '%s' AND {door}":
            f"SELECT username || password FROM mail_passdb('%s', '{door}')",
        "SELECT 'mail/' || home || quota_rule || quota_storage_size FROM mail_homes WHERE username = '%s'":
            "SELECT home || quota_rule || quota_storage_size FROM mail_userdb('%s', 'mail/')",
    }  # fmt: skip
    keys = [f"{local_part}@{domain}" for local_part, domain in product(NAMES, every_state)]
    for views, function in pairs.items():
        assert [answers(function, key) for key in keys] == [answers(views, key) for key in keys]
        assert any(answers(views, key) for key in keys)
