"""Every list of the panel: found by walking the routes, so that a new one is held to the same."""

import re
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from domains.models import Domain
from mailboxes.models import Address, Alias, Mailbox
from panel.audit import log
from panel.audit.actor import SYSTEM
from panel.audit.models import NO_DIGEST, AuditEntry
from panel.lib.keyset import Page
from panel.tenants.models import Membership, TenantKind, Usage, UsageKind
from panel.tenants.roles import Role
from tests.factories import PASSWORD_HASH, make_alias, make_domain, make_mailbox, make_tenant, make_user
from tests.test_isolation import ROUTES, UNDER_A_TENANT, keys_of

pytestmark = pytest.mark.django_db
MOST_QUERIES = 12
LISTS = [
    "bulk:list",
    "domains:list",
    "domains:managed",
    "mailboxes:aliases",
    "mailboxes:history",
    "mailboxes:list",
    "tenants:audit",
    "tenants:list",
    "tenants:team",
]
# Tables that a list never reads whole. The few rows of the others lie in a page or two.
LARGE = {"mailboxes_address", "mailboxes_mailbox", "mailboxes_alias", "audit_auditentry"}


@pytest.fixture
def keys(north, alder, alder_domain, ann, alder_manager):
    """The arguments of every route of a list, in the reseller Northmoor."""
    make_alias("info", alder_domain, "ann@alder.example")
    member = Membership.objects.get(user=alder_manager)
    return {
        "tenant_id": north.pk,
        "domain_id": alder_domain.pk,
        "mailbox_id": ann.pk,
        "member_id": member.pk,
        "membership_id": member.pk,
    }


def address_of(name, keys):
    if "member_id" in keys_of(name):
        # A team is that of one tenant.
        keys = keys | {"tenant_id": Membership.objects.get(pk=keys["member_id"]).tenant_id}
    return reverse(name, kwargs={key: keys[key] for key in keys_of(name) | {"tenant_id"}})


def page_of(context) -> Page | None:
    return next(
        (value for layer in context or () for value in layer.values() if isinstance(value, Page)), None
    )


def lists(browser, keys) -> Iterator[str]:
    for name in UNDER_A_TENANT:
        if keys_of(name) <= set(keys):
            response = browser.get(address_of(name, keys))
            layers = [layer for context in response.context or () for layer in context]
            if response.status_code == 200 and page_of(layers) is not None:
                yield name


def one_more_of_everything(number, north, alder, alder_domain, ann):
    client = make_tenant(f"Client {number}", TenantKind.CLIENT, north)
    make_domain(f"client-{number}.example", client)
    make_mailbox(f"m{number}", alder_domain)
    make_alias(f"a{number}", alder_domain, f"x{number}@outside.example", f"y{number}@outside.example")
    make_user(f"p{number}@team.example", north, Role.READ_ONLY)
    for act, obj in (("mailbox.edit", ann), ("tenant.edit", client)):
        log.record(act, actor=SYSTEM, tenant_id=alder.pk, obj=(act.partition(".")[0], obj.pk, str(obj)))


def test_these_are_the_lists(keys, ops_admin, signed_in):
    assert sorted(lists(signed_in(ops_admin), keys)) == LISTS
    assert set(LISTS) <= set(ROUTES)


def cost(browser, url) -> int:
    """Queries of a second visit, in all databases."""
    browser.get(url)
    with ExitStack() as stack:
        captured = [stack.enter_context(CaptureQueriesContext(connections[alias])) for alias in connections]
        assert browser.get(url).status_code == 200
    return sum(len(one) for one in captured)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_the_same_for_one_row_and_for_more(
    name, keys, north, alder, alder_domain, ann, ops_admin, north_admin, signed_in
):
    browsers, url = [signed_in(ops_admin), signed_in(north_admin)], address_of(name, keys)
    one_more_of_everything(0, north, alder, alder_domain, ann)
    few = [cost(browser, url) for browser in browsers]
    for number in (1, 2):
        one_more_of_everything(number, north, alder, alder_domain, ann)
    assert [cost(browser, url) for browser in browsers] == few
    assert max(few) <= MOST_QUERIES


@pytest.fixture
def crowd(alder):
    """Some thousand rows of everything, and figures of use that make them many."""
    now = timezone.now()
    domains = Domain.objects.bulk_create(
        Domain(name=f"d{number}.example", tenant=alder, proof_token=f"{number:032x}", proved_at=now)
        for number in range(300)
    )
    addresses = Address.objects.bulk_create(
        Address(
            domain=domain, kind=kind, local_part=f"{kind}{number}", address=f"{kind}{number}@{domain.name}"
        )
        for domain in domains
        for number in range(5)
        for kind in ("mailbox", "alias")
    )
    Mailbox.objects.bulk_create(
        Mailbox(address=address, password_hash=PASSWORD_HASH, password_changed_at=now, quota_bytes=1)
        for address in addresses
        if address.kind == "mailbox"
    )
    Alias.objects.bulk_create(Alias(address=address) for address in addresses if address.kind == "alias")
    for kind in (UsageKind.MAILBOXES, UsageKind.ALIASES):
        Usage.objects.filter(kind=kind).update(used=1_000_000)
    AuditEntry.objects.bulk_create(
        AuditEntry(
            tenant_id=alder.pk,
            actor_kind="member",
            actor_label=f"p{number % 50}@team.example",
            action="mailbox.edit",
            object_kind="mailbox",
            object_id=number,
            object_label=f"m{number}@d1.example",
            sequence=number + 1000,
            previous=NO_DIGEST,
        )
        for number in range(5000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def read_whole(sql: str) -> set[str]:
    """The large tables that a statement reads from one end to the other, without an index."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", None)
            plan = "\n".join(str(row[-1]) for row in cursor.fetchall())
            if " LIMIT " in sql and "TEMP B-TREE" not in plan:
                # A walk in the order of the page, which ends with the page.
                return set()
            return set(re.findall(r"SCAN (\w+)(?! USING| VIRTUAL)\b", plan)) & LARGE
        # A few thousand rows are quickly read; what counts is that there is another way.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {sql}", None)
        return set(re.findall(r"Seq Scan on (\w+)", "\n".join(row[0] for row in cursor.fetchall()))) & LARGE


@pytest.mark.parametrize("name", LISTS)
def test_no_page_of_a_list_reads_a_large_table_whole(name, keys, crowd, operator, ops_admin, signed_in):
    browser = signed_in(ops_admin)
    url = address_of(name, keys | {"tenant_id": operator.pk})
    page = page_of([layer for context in browser.get(url).context for layer in context])
    for asked in ("", f"?page={page.next_cursor}", "?q=mailbox1", "?about=m1&who=p1", "?act=mailbox."):
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(url + asked).status_code == 200
        for query in captured.captured_queries:
            if query["sql"].startswith("SELECT"):
                assert read_whole(query["sql"]) == set(), query["sql"]
