"""Every rule of the contract, asked with the very statements that the configuration holds.

Runs on the database of the test run: SQLite, or PostgreSQL with POSTHOUSE_DATABASE_URL.
"""

import pytest
from django.db import connection
from django.utils import timezone

from domains.models import Domain
from mailboxes.models import Mailbox, SendAs, Target
from panel.mailserver.contract import HELD_DOMAIN
from panel.mailserver.questions import map_query
from panel.tenants.models import Tenant
from tests.factories import make_alias, make_domain, make_mailbox

pytestmark = pytest.mark.django_db
HOST = "mx.posthouse.example"
REPLY = "450 4.2.1 suspended"


def ask(name: str, key: str) -> list[str]:
    """As Postfix asks: quoted, and not at all where `%u` or `%d` have nothing to stand for."""
    query = map_query(connection.vendor, name, REPLY, HOST)
    local_part, _, domain = key.rpartition("@")
    if "%d" in query and not (local_part and domain) and "@" in key:
        return []
    if "@" not in key:
        domain = key
    for word, value in {"%s": key, "%u": local_part, "%d": domain}.items():
        query = query.replace(word, value.replace("'", "''"))
    with connection.cursor() as cursor:
        cursor.execute(query, None)
        return sorted(str(row[0]) for row in cursor.fetchall() if row[0] is not None)


def rows(sqlite: str, postgresql: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(postgresql if connection.vendor == "postgresql" else sqlite, None)
        return list(cursor.fetchall())


def passdb(user: str, door: str) -> bool:
    found = rows(
        f"SELECT username FROM mail_sign_ins WHERE username = '{user}' AND {door}",
        f"SELECT username FROM mail_passdb('{user}', '{door}')",
    )
    return bool(found)


def home(user: str) -> list[tuple[object, ...]]:
    return rows(
        f"SELECT home, quota_rule, quota_storage_size FROM mail_homes WHERE username = '{user}'",
        f"SELECT home, quota_rule, quota_storage_size FROM mail_userdb('{user}', '')",
    )


def suspend(thing: Tenant | Domain) -> None:
    thing.suspended_at = timezone.now()
    thing.save()


def test_only_a_proved_domain_exists_and_a_suspended_one_stays(alder: Tenant, alder_domain: Domain) -> None:
    make_domain("gmail.example", alder, proved=False)
    suspend(alder_domain)
    assert ask("domains", "alder.example") == ["alder.example"]
    assert ask("domains", "gmail.example") == []
    assert ask("domains", HOST) == [HOST]


def test_a_removed_domain_carries_nothing(ann: Mailbox, alder_domain: Domain) -> None:
    alder_domain.removed_at = timezone.now()
    alder_domain.save()
    assert ask("domains", "alder.example") == []
    assert ask("mailboxes", "ann@alder.example") == []
    assert ask("senders", "ann@alder.example") == []
    assert not passdb("ann@alder.example", "imap")
    assert home("ann@alder.example") == []


def test_a_mailbox_and_its_sub_addresses_exist(ann: Mailbox) -> None:
    assert ask("mailboxes", "ann@alder.example") == ["1"]
    assert ask("mailboxes", "ann+news+more@alder.example") == ["1"]
    assert ask("mailboxes", "+ann@alder.example") == []
    assert ask("mailboxes", "anna@alder.example") == []
    assert ask("aliases", "ann@alder.example") == []
    assert ask("aliases", "ann+news@alder.example") == []


@pytest.mark.parametrize("state", ["off", "deleted"])
def test_a_closed_mailbox_takes_nothing_and_its_catch_all_neither(state: str, alder_domain: Domain) -> None:
    make_mailbox("gone", alder_domain, state=state)
    make_alias("", alder_domain, "all@alder.example")
    for name in ("gone@alder.example", "gone+x@alder.example"):
        assert ask("mailboxes", name) == []
        assert ask("aliases", name) == []
    assert not passdb("gone@alder.example", "imap")


def test_an_alias_answers_all_its_targets_and_a_disabled_one_none(alder_domain: Domain) -> None:
    make_alias("team", alder_domain, "ann@alder.example", "x@outside.example")
    make_alias("old", alder_domain, "ann@alder.example", is_enabled=False)
    make_alias("", alder_domain, "all@alder.example")
    assert ask("aliases", "team@alder.example") == ["ann@alder.example", "x@outside.example"]
    assert ask("aliases", "team+tag@alder.example") == ["ann@alder.example", "x@outside.example"]
    assert ask("aliases", "old@alder.example") == []
    assert ask("aliases", "anything@alder.example") == ["all@alder.example"]


def test_a_catch_all_never_takes_what_exists(ann: Mailbox, alder_domain: Domain) -> None:
    make_alias("", alder_domain, "all@alder.example")
    for name in (
        "ann@alder.example",
        "ann+x@alder.example",
        "postmaster@alder.example",
        "abuse@alder.example",
    ):
        assert "all@alder.example" not in ask("aliases", name)


def test_an_alias_domain_maps_every_name_to_its_target(
    ann: Mailbox, alder: Tenant, alder_domain: Domain
) -> None:
    make_domain("alias.example", alder, alias_of=alder_domain)
    make_alias("team", alder_domain, "ann@alder.example")
    assert ask("domains", "alias.example") == ["alias.example"]
    assert ask("aliases", "ann@alias.example") == ["ann@alder.example"]
    assert ask("aliases", "ann+x@alias.example") == ["ann+x@alder.example"]
    assert ask("aliases", "team@alias.example") == ["ann@alder.example"]
    assert ask("aliases", "nobody@alias.example") == []
    make_alias("", alder_domain, "all@alder.example")
    assert ask("aliases", "nobody@alias.example") == ["all@alder.example"]
    assert ask("senders", "ann@alias.example") == ["ann@alder.example"]


def test_postmaster_goes_to_the_nearest_contact(alder: Tenant, north: Tenant, alder_domain: Domain) -> None:
    assert ask("aliases", "postmaster@alder.example") == ["office@alder.example"]
    Tenant.objects.filter(pk=alder.pk).update(contact_email="")
    assert ask("aliases", "abuse@alder.example") == ["hello@northmoor.example"]
    Tenant.objects.filter(pk=north.pk).update(contact_email="")
    assert ask("aliases", "postmaster@alder.example") == ["noc@harbourline.example"]
    make_alias("postmaster", alder_domain, "own@alder.example")
    assert ask("aliases", "postmaster@alder.example") == ["own@alder.example"]


def test_a_contact_that_leads_in_a_circle_does_not_count(alder: Tenant, alder_domain: Domain) -> None:
    Tenant.objects.filter(pk=alder.pk).update(contact_email="postmaster@alder.example")
    assert ask("aliases", "postmaster@alder.example") == ["hello@northmoor.example"]


def test_the_mail_hosts_own_postmaster_is_the_operator(operator: Tenant) -> None:
    assert ask("aliases", f"postmaster@{HOST}") == ["noc@harbourline.example"]
    assert ask("aliases", f"anybody@{HOST}") == []


def test_all_owners_of_a_sender_come_in_one_answer(
    ann: Mailbox, bob: Mailbox, cid: Mailbox, alder: Tenant
) -> None:
    SendAs.objects.create(mailbox=bob, sender="ann@alder.example")
    assert ask("senders", "ann@alder.example") == ["ann@alder.example", "bob@alder.example"]
    assert ask("senders", "ann+x@alder.example") == ["ann@alder.example", "bob@alder.example"]
    make_alias("team", ann.address.domain, "ann@alder.example")
    assert ask("senders", "team@alder.example") == []


def test_a_right_to_a_foreign_domain_counts_nothing(ann: Mailbox, cid: Mailbox) -> None:
    SendAs.objects.create(mailbox=ann, sender="cid@birch.example")
    assert ask("senders", "cid@birch.example") == ["cid@birch.example"]
    SendAs.objects.create(mailbox=ann, sender="x@unknown.example")
    assert ask("senders", "x@unknown.example") == []


@pytest.mark.parametrize("field", ["state", "smtp_enabled"])
def test_who_may_not_send_owns_no_sender(field: str, ann: Mailbox) -> None:
    Mailbox.objects.filter(pk=ann.pk).update(**{field: "receive_only" if field == "state" else False})
    assert ask("senders", "ann@alder.example") == []


@pytest.mark.parametrize("door", ["imap", "pop3", "smtp", "sieve"])
def test_each_door_has_its_own_key(door: str, ann: Mailbox) -> None:
    Mailbox.objects.filter(pk=ann.pk).update(**{f"{door}_enabled": False})
    open_doors = [name for name in ("imap", "pop3", "smtp", "sieve") if passdb("ann@alder.example", name)]
    assert open_doors == [name for name in ("imap", "pop3", "smtp", "sieve") if name != door]


def test_receive_only_takes_mail_and_signs_nobody_in(alder_domain: Domain) -> None:
    make_mailbox("only", alder_domain, state="receive_only")
    assert ask("mailboxes", "only@alder.example") == ["1"]
    assert not passdb("only@alder.example", "imap")
    assert home("only@alder.example") != []


@pytest.mark.parametrize("level", ["north", "alder", "domain"])
def test_a_suspension_binds_from_every_level(
    level: str, request: pytest.FixtureRequest, ann: Mailbox, cid: Mailbox, alder: Tenant
) -> None:
    make_domain("alias.example", alder, alias_of=ann.address.domain)
    suspend(request.getfixturevalue("alder_domain" if level == "domain" else level))
    for name in ("ann@alder.example", "ann@alias.example", "nobody@alder.example"):
        assert ask("suspended", name) == [REPLY]
        assert ask("senders", name) == []
    assert not passdb("ann@alder.example", "imap")
    # What was accepted before is still delivered.
    quota = ann.quota_bytes
    place = f"{ann.address.domain_id}/{ann.pk}"
    assert home("ann@alder.example") == [(place, f"*:bytes={quota}", f"{quota}B")]
    assert ask("mailboxes", "ann@alder.example") == ["1"]
    shared = level == "north"
    assert passdb("cid@birch.example", "imap") is not shared


def test_a_quote_in_a_name_is_a_character(alder_domain: Domain) -> None:
    make_mailbox("o'neil", alder_domain)
    assert ask("mailboxes", "o'neil@alder.example") == ["1"]
    assert ask("mailboxes", "x' OR '1'='1@alder.example") == []
    assert ask("ready", "unknown") == ["DUNNO"]


@pytest.mark.parametrize("level", ["north", "alder", "domain"])
def test_a_suspended_domain_answers_every_name_with_where_its_mail_waits(
    level: str, request: pytest.FixtureRequest, ann: Mailbox, alder: Tenant, alder_domain: Domain
) -> None:
    make_domain("alias.example", alder, alias_of=alder_domain)
    make_alias("team", alder_domain, "x@outside.example")
    make_alias("", alder_domain, "x@outside.example")
    suspend(request.getfixturevalue("alder_domain" if level == "domain" else level))
    for name in ("ann", "ann+tag", "team", "nobody", "postmaster"):
        for domain in ("alder.example", "alias.example"):
            assert ask("aliases", f"{name}@{domain}") == [f"{domain}={name}@{HELD_DOMAIN}"]
    assert ask("aliases", f"alder.example=ann@{HELD_DOMAIN}") == []


def test_a_closed_target_of_the_own_tenant_gets_nothing(
    ann: Mailbox, bob: Mailbox, cid: Mailbox, alder_domain: Domain
) -> None:
    make_alias("team", alder_domain, "ann@alder.example", "bob+t@alder.example", "cid@birch.example")
    make_alias("", alder_domain, "bob@alder.example")
    make_alias("old", alder_domain, "ann@alder.example", is_enabled=False)
    make_alias("over", alder_domain, "old@alder.example", "ann@alder.example")
    assert ask("aliases", "over@alder.example") == ["ann@alder.example"]
    for state in ("off", "deleted"):
        Mailbox.objects.filter(pk__in=(bob.pk, cid.pk)).update(state=state)
        # The mailbox of another tenant is an address like any outside.
        assert ask("aliases", "team@alder.example") == ["ann@alder.example", "cid@birch.example"]
        assert ask("aliases", "whoever@alder.example") == []
    Mailbox.objects.filter(pk=bob.pk).update(state="receive_only")
    assert ask("aliases", "whoever@alder.example") == ["bob@alder.example"]


def test_a_mailbox_whose_only_forward_is_closed_keeps_its_mail(
    ann: Mailbox, bob: Mailbox, alder_domain: Domain
) -> None:
    Target.objects.create(address=ann.address, destination="bob@alder.example")
    assert ask("aliases", "ann@alder.example") == ["bob@alder.example"]
    Mailbox.objects.filter(pk=bob.pk).update(state="deleted")
    assert ask("aliases", "ann@alder.example") == []
    assert ask("mailboxes", "ann@alder.example") == ["1"]


def test_a_target_in_a_removed_domain_is_an_outside_address(
    ann: Mailbox, alder: Tenant, alder_domain: Domain
) -> None:
    other = make_domain("other.example", alder)
    make_mailbox("gone", other, state="off")
    make_alias("team", alder_domain, "gone@other.example")
    assert ask("aliases", "team@alder.example") == []
    Domain.objects.filter(pk=other.pk).update(removed_at=timezone.now())
    assert ask("aliases", "team@alder.example") == ["gone@other.example"]


@pytest.mark.parametrize("state", ["off", "deleted"])
def test_a_closed_mailbox_has_no_home_whatever_name_the_mail_came_by(
    state: str, alder_domain: Domain
) -> None:
    make_mailbox("gone", alder_domain, state=state)
    assert home("gone@alder.example") == []


@pytest.mark.parametrize("tag", ["x,bob", "x bob", "x<bob>", "x:bob;", 'x"', "x\\", "x(bob)", "x@y"])
def test_a_local_part_that_needs_quotes_is_never_part_of_an_answer(
    tag: str, ann: Mailbox, alder: Tenant, alder_domain: Domain
) -> None:
    """Postfix would read `ann+x,bob@alder.example` as two addresses."""
    make_domain("alias.example", alder, alias_of=alder_domain)
    assert ask("aliases", f"ann+{tag}@alias.example") == []
    suspend(alder_domain)
    assert ask("aliases", f"ann+{tag}@alder.example") == []
    for fine in ("ann+x.y-z_!#$&'*/=?^`{|}~", "ann+\u00f8"):
        assert ask("aliases", f"{fine}@alder.example") == [f"alder.example={fine}@{HELD_DOMAIN}"]
