"""The list of tenants: a level with a branch open, or what a search finds in everything below."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from panel.tenants.access import command_access
from panel.tenants.actions import suspend_tenant
from panel.tenants.figures import Meter, meters_of, sums_below, tight_promise
from panel.tenants.models import Tenant, TenantKind, Usage, UsageKind
from panel.tenants.tree import BRANCH
from tests.factories import GIB, make_domain, make_mailbox, make_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def fern(north):
    """A sub-reseller with two clients."""
    fern = make_tenant("Fernwood Group", TenantKind.RESELLER, north)
    make_tenant("Ferngate", TenantKind.CLIENT, fern)
    make_tenant("Ivywell", TenantKind.CLIENT, fern)
    return fern


@pytest.fixture
def asked(north_admin, signed_in):
    """What the list of a tenant shows, for Northmoor's admin or another person."""

    def ask(tenant, user=north_admin, **query):
        response = signed_in(user).get(reverse("tenants:list", args=[tenant.pk]), query)
        assert response.status_code == 200
        return response

    return ask


def names(response) -> list[tuple[int, str]]:
    return [(row.level, row.tenant.name) for row in response.context["rows"]]


def use(tenant, kind, amount) -> None:
    """As if something below `tenant` had taken it."""
    for row in Usage.objects.filter(kind=kind, tenant__below__tenant=tenant):
        row.used += amount
        row.save(update_fields=["used"])


def test_a_level_shows_those_directly_below_and_one_branch_between_them(asked, north, alder, birch, fern):
    level = [(1, "Alder and Finch"), (1, "Birch Dental"), (1, "Fernwood Group")]
    assert names(asked(north)) == level
    branch = [(2, "Ferngate"), (2, "Ivywell")]
    assert names(asked(north, open=fern.pk)) == level + branch


def test_a_long_branch_says_how_many_more_and_where(asked, north, fern):
    for number in range(BRANCH):
        make_tenant(f"G {number:02}", TenantKind.CLIENT, fern)
    response = asked(north, open=fern.pk)
    assert len(response.context["rows"]) == 1 + BRANCH
    assert response.context["rows"][-1].more == 2
    assert f'href="{reverse("tenants:list", args=[fern.pk])}">Show all of Fernwood Group, 2 more' in (
        response.content.decode()
    )


@pytest.mark.parametrize("opened", ["", "x", "-1", "²", "9" * 40, "1e3", "0"])
def test_what_is_no_key_of_the_level_opens_nothing(opened, asked, north, fern):
    assert names(asked(north, open=opened)) == [(1, "Fernwood Group")]


def test_the_key_of_another_resellers_tenant_opens_nothing(asked, north, alder, south, cedar, operator):
    for foreign in (south, cedar, operator, north):
        assert names(asked(north, open=foreign.pk)) == [(1, "Alder and Finch")]


def test_a_search_looks_at_all_levels_below_and_says_whose_client_it_is(asked, north, fern, south, alder):
    make_tenant("Fernlight", TenantKind.CLIENT, south)
    response = asked(north, q="FERN")
    assert names(response) == [(1, "Ferngate"), (1, "Fernwood Group")]
    assert "Client of Fernwood Group" in response.content.decode()
    assert "Fernlight" not in response.content.decode()


def test_the_flat_list_holds_all_below_but_not_the_tenant_itself(asked, north, fern, alder):
    found = names(asked(north, view="list"))
    assert found == [(1, "Alder and Finch"), (1, "Ferngate"), (1, "Fernwood Group"), (1, "Ivywell")]


def test_suspended_and_near_a_limit_are_found_on_all_levels(asked, north, fern, alder, birch):
    ivywell = Tenant.objects.get(name="Ivywell")
    suspend_tenant(command_access(ivywell), reason="Invoice 7 is <open>")
    response = asked(north, state="suspended")
    assert names(response) == [(1, "Ivywell")]
    assert "Invoice 7 is &lt;open&gt;" in response.content.decode()
    Tenant.objects.filter(pk=birch.pk).update(max_mailboxes=20)
    Tenant.objects.filter(pk=alder.pk).update(max_mailboxes=20, max_aliases=0)
    use(birch, UsageKind.MAILBOXES, 17)
    use(alder, UsageKind.MAILBOXES, 16)
    assert names(asked(north, state="near")) == [(1, "Birch Dental")]
    assert len(names(asked(north, state="nonsense"))) == 3


def test_who_is_suspended_from_above_does_not_look_fine(asked, north, fern, ops_admin):
    suspend_tenant(command_access(fern), reason="Contract ended")
    response = asked(north, open=fern.pk, user=ops_admin)
    assert [row.status[1] for row in response.context["rows"]] == [
        "Suspended",
        "Suspended from above",
        "Suspended from above",
    ]


@pytest.mark.parametrize(
    ("kind", "cap", "used", "status"),
    [
        (UsageKind.MAILBOXES, 20, 16, ("ok", "Fine")),
        (UsageKind.MAILBOXES, 20, 17, ("warn", "Few mailboxes left")),
        (UsageKind.MAILBOXES, 20, 20, ("warn", "No mailbox left")),
        (UsageKind.STORAGE, 10 * GIB, 9 * GIB, ("warn", "Little storage left")),
        (UsageKind.DOMAINS, 0, 0, ("ok", "Fine")),
    ],
)
def test_the_status_says_what_runs_out(kind, cap, used, status, asked, north, alder):
    fields = {"mailboxes": "max_mailboxes", "storage": "max_storage_bytes", "domains": "max_domains"}
    Tenant.objects.filter(pk=alder.pk).update(**{fields[kind]: cap})
    use(alder, kind, used)
    assert asked(north).context["rows"][0].status == status


def test_promised_is_what_was_given_below_and_the_own_use(north, alder, birch, fern):
    Tenant.objects.filter(pk=alder.pk).update(max_mailboxes=50)
    Tenant.objects.filter(pk=north.pk).update(max_mailboxes=100)
    # Alder has a cap, Birch has none and uses three, and Northmoor itself has one mailbox.
    for number in range(3):
        make_mailbox(f"b{number}", make_domain(f"b{number}.example", birch))
    make_mailbox("own", make_domain("northmoor.example", north))
    north.refresh_from_db()
    meter = meters_of(north, sums_below([north.pk]))["mailboxes"]
    assert meter == Meter(UsageKind.MAILBOXES, used=4, promised=50 + 3 + 1, limit=100)
    assert meter.free == 46
    assert meters_of(alder, {})["mailboxes"].promised is None


def test_the_limit_shown_is_the_lowest_on_the_path(operator, north, alder, asked):
    Tenant.objects.filter(pk=operator.pk).update(max_domains=7)
    Tenant.objects.filter(pk=north.pk).update(max_domains=9)
    assert asked(north).context["found"].meters["domains"].limit == 7


@pytest.mark.parametrize(
    ("promised", "may_oversell", "is_told"),
    [(84, False, False), (85, False, True), (85, True, False), (101, True, True)],
)
def test_a_reseller_hears_when_little_is_left_to_promise(promised, may_oversell, is_told):
    tenant = Tenant(kind=TenantKind.RESELLER, may_oversell=may_oversell)
    meter = Meter(UsageKind.MAILBOXES, used=1, promised=promised, limit=100)
    assert (tight_promise(tenant, {"mailboxes": meter}) is meter) == is_told


def test_a_reader_of_a_client_sees_an_empty_list_and_no_button(asked, alder, alder_reader):
    body = asked(alder, user=alder_reader).content.decode()
    assert "No tenant stands below this one." in body
    assert "Add client" not in body


@pytest.mark.parametrize(
    "query", [{}, {"q": "c"}, {"view": "list"}, {"state": "near"}, {"state": "suspended"}]
)
def test_the_list_costs_as_many_queries_for_many_as_for_one(query, operator, ops_admin, signed_in):
    client, counts = signed_in(ops_admin), []
    for size in (1, 7):
        parent = make_tenant(f"Reseller {size}", TenantKind.RESELLER, operator)
        for number in range(size):
            one = make_tenant(f"Sub {number}", TenantKind.RESELLER, parent)
            child = make_tenant(f"Client {number}", TenantKind.CLIENT, one, max_mailboxes=1)
            use(child, UsageKind.MAILBOXES, 1)
        url = reverse("tenants:list", args=[parent.pk])
        client.get(url, query)
        with CaptureQueriesContext(connection) as caught:
            assert client.get(url, query).status_code == 200
        counts.append(len(caught))
    assert counts[0] == counts[1] <= 12, [query["sql"] for query in caught]


def test_the_pages_of_a_level_follow_each_other_without_gap(asked, north):
    for number in range(120):
        make_tenant(f"Client {number:03}", TenantKind.CLIENT, north)
    seen, cursor = [], ""
    while True:
        page = asked(north, page=cursor).context["page"]
        seen += [tenant.name for tenant in page.items]
        if not (cursor := page.next_cursor):
            break
    assert seen == [f"Client {number:03}" for number in range(120)]
