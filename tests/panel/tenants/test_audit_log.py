"""The page of the audit trail: whose acts it shows, what it filters by, how it tells them."""

import ast
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from panel.audit import log
from panel.audit.actor import COMMAND, SYSTEM, Actor, ActorKind
from panel.audit.models import AuditEntry
from panel.tenants.access import command_access
from panel.tenants.audit_views import filtered
from panel.tenants.models import TenantKind
from panel.tenants.trail import ACTS, NOUNS, Fact, act_of, facts_of
from tests.factories import GIB, make_tenant

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[3]
INES = Actor(ActorKind.MEMBER, "ines@mail.example", 7, "192.0.2.7")
ZOE = Actor(ActorKind.MEMBER, "zoe@mail.example", 8, "192.0.2.8")


def tell(tenant, actor=SYSTEM, action="domain.add", label="alder.example", at=None, **fields):
    entry = log.record(
        action, actor=actor, tenant_id=tenant.pk if tenant else None, obj=("thing", 1, label), **fields
    )
    if at:
        AuditEntry.objects.filter(pk=entry.pk).update(at=at)
    return entry


@pytest.fixture
def shown(signed_in):
    """What the page of a tenant shows a person: actor and object of each entry."""

    def show(user, of, /, **query):
        response = signed_in(user).get(reverse("tenants:audit", args=[of.pk]), query)
        return [(entry.actor_label, entry.object_label) for entry in response.context["page"].items]

    return show


def test_everybody_reads_the_own_trail_and_those_below_and_the_operator_all(
    shown, operator, north, south, alder, cedar, alder_admin, north_admin, ops_support
):
    for tenant in (operator, north, south, alder, cedar, None):
        tell(tenant, label=tenant.name if tenant else "nobody")
    assert shown(alder_admin, alder) == [("Posthouse", alder.name)]
    assert [label for _, label in shown(north_admin, north)] == [alder.name, north.name]
    assert len(shown(ops_support, operator)) == 6


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"who": "ines"}, {"b.example"}),
        ({"who": "INES@MAIL"}, {"b.example"}),
        ({"who": "posth"}, {"a.example"}),
        ({"who": "Command"}, {"Alder and Finch"}),
        ({"who": "nes"}, set()),
        ({"who": "%"}, set()),
        ({"who": "_nes"}, set()),
        ({"act": "mailbox."}, {"b.example"}),
        ({"act": "domain.add"}, {"a.example"}),
        ({"about": "a"}, {"a.example", "Alder and Finch"}),
        ({"about": "alder"}, {"Alder and Finch"}),
        ({"about": "b.example", "who": "ines", "act": "mailbox.edit"}, {"b.example"}),
        ({"about": "b.example", "who": "posthouse"}, set()),
        ({"tenant": "whatever"}, {"a.example", "b.example", "Alder and Finch"}),
    ],
)
def test_filters_compare_beginnings_and_bind_together(query, found, shown, alder, alder_admin):
    tell(alder, SYSTEM, "domain.add", "a.example")
    tell(alder, INES, "mailbox.edit", "b.example")
    tell(alder, COMMAND, "tenant.edit", "Alder and Finch")
    assert {label for _, label in shown(alder_admin, alder, **query)} == found


def test_a_tenant_is_named_among_those_below_with_all_that_is_below_it(
    shown, operator, north, south, alder, birch, cedar, ops_admin, north_admin
):
    for tenant in (north, alder, birch, cedar):
        tell(tenant, label=tenant.name)
    assert shown(ops_admin, operator, tenant="north") == [
        ("Posthouse", "Birch Dental"),
        ("Posthouse", "Alder and Finch"),
        ("Posthouse", "Northmoor Studio"),
    ]
    assert shown(north_admin, north, tenant="ALDER") == [("Posthouse", "Alder and Finch")]


@pytest.mark.parametrize("name", ["who", "act", "about", "tenant", "since", "until"])
def test_no_filter_reaches_another_tenants_trail(name, shown, north, cedar, south, north_admin):
    tell(cedar, ZOE, "domain.add", "secret.example")
    for value in (
        cedar.pk,
        south.pk,
        cedar.name,
        "zoe@mail.example",
        "secret.example",
        "domain.add",
        "2020-01-01",
    ):
        assert shown(north_admin, north, **{name: value}) == []


def test_days_are_whole_and_in_utc(shown, alder, alder_admin):
    moments = {
        "before": datetime(2026, 3, 23, 23, 59, 59, 999999, UTC),
        "first": datetime(2026, 3, 24, tzinfo=UTC),
        "last": datetime(2026, 3, 25, 23, 59, 59, 999999, UTC),
        "after": datetime(2026, 3, 26, tzinfo=UTC),
    }
    for label, at in moments.items():
        tell(alder, label=label, at=at)

    def labels(**query):
        return [label for _, label in shown(alder_admin, alder, **query)]

    assert labels(since="2026-03-24", until="2026-03-25") == ["last", "first"]
    assert labels(since="2026-03-26") == ["after"]
    assert labels(until="2026-03-23") == ["before"]
    assert labels(since="2027-01-01") == labels(until="2020-01-01") == []
    assert len(labels(since="0001-01-01", until="9999-12-31")) == 4


def test_an_entry_that_took_its_number_before_its_time_is_not_lost(shown, alder, alder_admin):
    at = datetime(2026, 3, 24, tzinfo=UTC)
    tell(alder, label="early number", at=at.replace(microsecond=1))
    tell(alder, label="late number", at=at)
    assert len(shown(alder_admin, alder, since="2026-03-24")) == 2


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"since": "yesterday"}, "since"),
        ({"until": "2026-02-30"}, "until"),
        ({"since": "2026-03-25", "until": "2026-03-24"}, "until"),
        ({"act": "nonsense"}, "act"),
        ({"who": "a\x00b"}, "who"),
        ({"about": "x" * 255}, "about"),
        ({"who": "\u202egnirts"}, "who"),
    ],
)
def test_what_cannot_be_asked_is_said_at_its_field_and_shows_nothing(
    query, field, alder, alder_admin, signed_in
):
    tell(alder)
    response = signed_in(alder_admin).get(reverse("tenants:audit", args=[alder.pk]), query)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert response.context["page"].items == []


def test_a_client_has_no_field_for_tenants(alder, north, alder_admin, north_admin, signed_in):
    tell(alder)
    for user, tenant, has_field in ((alder_admin, alder, False), (north_admin, north, True)):
        body = signed_in(user).get(reverse("tenants:audit", args=[tenant.pk])).content.decode()
        assert ('name="tenant"' in body) == has_field


def test_the_next_page_keeps_the_filter(alder, alder_admin, signed_in):
    for number in range(60):
        tell(alder, INES if number % 10 else ZOE, label=f"{number}.example")
    client, url = signed_in(alder_admin), reverse("tenants:audit", args=[alder.pk])
    first = client.get(url, {"who": "ines"})
    assert "?who=ines&amp;page=" in first.content.decode()
    second = client.get(url, {"who": "ines", "page": first.context["page"].next_cursor})
    assert {entry.actor_label for entry in second.context["page"].items} == {"ines@mail.example"}
    assert len(second.context["page"].items) == 4


@pytest.mark.parametrize(
    "query", [{}, {"who": "ines"}, {"tenant": "al", "since": "2020-01-01", "until": "2999-01-01"}]
)
def test_the_trail_costs_as_many_queries_for_many_entries_as_for_one(query, operator, ops_admin, signed_in):
    client, url, counts = signed_in(ops_admin), reverse("tenants:audit", args=[operator.pk]), []
    for size in (1, 5):
        for number in range(size):
            tell(make_tenant(f"Al {size} {number}", TenantKind.CLIENT, operator), INES)
        client.get(url, query)
        with CaptureQueriesContext(connection) as caught:
            assert client.get(url, query).status_code == 200
        counts.append(len(caught))
    assert counts[0] == counts[1] <= 9


@pytest.mark.parametrize(
    "asked",
    [
        {"who": "ines"},
        {"act": "domain."},
        {"about": "alder"},
        {"tenant": "alder"},
        {"since": date(2026, 3, 24)},
        {"until": date(2026, 3, 24)},
        {"who": "ines", "act": "mailbox.", "about": "a", "tenant": "al", "since": date(2026, 3, 24)},
    ],
)
def test_an_index_serves_each_filter(asked, operator, north, alder):
    """A table of three rows is read whole by any database that thinks; so PostgreSQL is told not to."""
    empty = {"who": "", "act": "", "about": "", "tenant": "", "since": None, "until": None}
    tell(alder)
    for tenant in (operator, north, alder):
        found = filtered(command_access(tenant), empty | asked).order_by("-pk")[:51]
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL enable_seqscan = off")
            assert "Seq Scan on audit_auditentry" not in found.explain()
        else:
            assert "SCAN audit_auditentry\n" not in found.explain() + "\n"


def test_an_entry_says_in_words_what_it_was_and_is(alder):
    entry = tell(
        alder,
        before={"quota_bytes": GIB, "imap": True, "reason": "x", "name": "Ann", "role": "read_only"},
        after={"quota_bytes": None, "imap": False, "name": "Ann", "role": "tenant_admin", "new_thing": 1234},
    )
    assert facts_of(entry) == [
        Fact("Quota", "1 GB", "no limit"),
        Fact("IMAP", "on", "off"),
        Fact("Role", "Read only", "Admin"),
        Fact("New thing", None, "1,234"),
        Fact("Reason", "x", None),
    ]


def test_long_lists_are_cut_and_names_are_shown_in_their_own_letters(alder):
    entry = tell(
        alder, after={"destinations": [f"a{n}@xn--mller-kva.example" for n in range(12)], "alias_of": None}
    )
    listed = facts_of(entry)[0].after or ""
    assert listed.startswith("a0@müller.example, ")
    assert listed.endswith(" and 2 more")
    assert facts_of(entry)[1] == Fact("Alias domain of", None, "none")


def test_what_stands_in_an_entry_is_text_and_never_markup(alder, alder_admin, signed_in):
    evil = "<script>alert(1)</script>"
    tell(alder, Actor(ActorKind.MEMBER, evil, 1), "domain.add", evil, after={"reason": evil, evil: evil})
    body = signed_in(alder_admin).get(reverse("tenants:audit", args=[alder.pk])).content.decode()
    assert "<script>alert" not in body
    assert "&lt;script&gt;alert" in body


def test_every_act_of_the_program_has_words():
    """An act is the first argument of `record`, or one of the names of acts that a function chooses from."""
    acts = set()
    nouns = "|".join(NOUNS)
    for path in [*ROOT.glob("panel/**/*.py"), *ROOT.glob("domains/**/*.py"), *ROOT.glob("mailboxes/**/*.py")]:
        if (
            path.name == "trail.py"
            or "migrations" in path.parts
            or ("actions" not in str(path) and "jobs" not in str(path))
        ):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and re.fullmatch(rf"({nouns})\.[a-z_]+", str(node.value)):
                acts.add(node.value)
    assert acts - set(ACTS) == set()
    assert act_of("thing.do_it") == "do it"
