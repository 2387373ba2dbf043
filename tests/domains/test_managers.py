"""The page that says which domains a domain manager manages."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from domains.models import Domain, DomainGrant
from panel.audit.models import AuditEntry
from panel.tenants.models import Membership
from panel.tenants.roles import Role
from tests.factories import make_domain, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(alder_manager):
    return Membership.objects.get(user=alder_manager)


@pytest.fixture
def browser(signed_in, alder_admin):
    return signed_in(alder_admin)


def url(tenant, member) -> str:
    return reverse("domains:managed", args=[tenant.pk, member.pk])


def end_url(tenant, member, domain) -> str:
    return reverse("domains:managed_end", args=[tenant.pk, member.pk, domain.pk])


def granted(member) -> list[str]:
    return list(
        DomainGrant.objects.filter(membership=member)
        .order_by("domain__name")
        .values_list("domain__name", flat=True)
    )


def test_an_admin_names_a_domain_and_takes_it_away_again(browser, alder, member):
    more = make_domain("more.example", alder)
    assert browser.post(url(alder, member), {"domain": "More.Example"}).status_code == 302
    assert granted(member) == ["alder.example", "more.example"]
    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, entry.object_label, entry.after) == (
        "domain.grant",
        "more.example",
        {"manager": member.user.email},
    )
    assert browser.post(end_url(alder, member, more)).status_code == 302
    assert granted(member) == ["alder.example"]
    assert AuditEntry.objects.latest("pk").action == "domain.revoke_grant"


def test_doing_it_twice_is_once(browser, alder, member):
    more = make_domain("more.example", alder)
    for _ in range(2):
        browser.post(url(alder, member), {"domain": "more.example"})
    assert granted(member) == ["alder.example", "more.example"]
    for _ in range(2):
        browser.post(end_url(alder, member, more))
    assert AuditEntry.objects.filter(action__startswith="domain.").count() == 2


def test_the_page_lists_what_is_granted_and_offers_the_rest(browser, alder, member):
    make_domain("xn--mller-kva.example", alder)
    make_domain("removed.example", alder, removed_at="2026-01-01T00:00Z")
    body = browser.get(url(alder, member)).content.decode()
    assert "alder.example" in body
    assert '<option value="xn--mller-kva.example">müller.example</option>' in body
    assert '<option value="alder.example">' not in body
    assert "removed.example" not in body


@pytest.mark.parametrize(
    "typed",
    ["birch.example", "nowhere.example", "removed.example", "", "a\x00b.example", "x" * 1200, "%", "..", "1"],
)
def test_what_is_no_domain_of_the_tenant_is_refused_at_the_field(typed, browser, alder, birch_domain, member):
    make_domain("removed.example", alder, removed_at="2026-01-01T00:00Z")
    answer = browser.post(url(alder, member), {"domain": typed})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["domain"]
    assert granted(member) == ["alder.example"]


def test_the_key_of_a_domain_is_no_name_of_one(browser, alder, birch_domain, member):
    assert browser.post(url(alder, member), {"domain": str(birch_domain.pk)}).status_code == 422


def test_a_domain_that_is_claimed_elsewhere_too_is_found_in_the_own_tenant(browser, alder, birch, member):
    make_domain("twice.example", birch, proved=False)
    mine = make_domain("twice.example", alder, proved=False)
    browser.post(url(alder, member), {"domain": "twice.example"})
    assert DomainGrant.objects.get(domain__name="twice.example").domain == mine


def test_members_and_domains_of_another_tenant_do_not_exist_here(
    browser, alder, birch, birch_domain, alder_domain, member
):
    foreign = Membership.objects.get(user=make_user("bo@mail.example", birch, Role.DOMAIN_MANAGER))
    DomainGrant.objects.create(membership=foreign, domain=birch_domain)
    assert browser.get(url(alder, foreign)).status_code == 404
    assert browser.post(url(alder, foreign), {"domain": "alder.example"}).status_code == 404
    assert browser.post(end_url(alder, foreign, birch_domain)).status_code == 404
    assert browser.post(end_url(alder, member, birch_domain)).status_code == 404
    assert browser.get(url(birch, foreign)).status_code == 404
    assert granted(foreign) == ["birch.example"]


def test_another_role_covers_all_domains_and_gets_no_single_one(browser, alder, alder_domain, alder_reader):
    reader = Membership.objects.get(user=alder_reader)
    assert "Single domains are for domain managers." in browser.get(url(alder, reader)).content.decode()
    answer = browser.post(url(alder, reader), {"domain": "alder.example"})
    assert answer.status_code == 422
    assert granted(reader) == []


def test_readers_and_managers_may_not_look_and_the_reseller_may_act(
    signed_in, alder, alder_reader, alder_manager, north_admin, member
):
    make_domain("more.example", alder)
    for user in (alder_reader, alder_manager):
        assert signed_in(user).get(url(alder, member)).status_code == 403
        assert signed_in(user).post(url(alder, member), {"domain": "more.example"}).status_code == 403
    assert signed_in(north_admin).post(url(alder, member), {"domain": "more.example"}).status_code == 302
    assert Domain.objects.filter(grants__membership=member).count() == 2


def test_the_page_costs_as_many_queries_for_three_domains_as_for_one(browser, alder, member):
    counts = []
    for names in ((), ("b.example", "c.example")):
        for name in names:
            DomainGrant.objects.create(membership=member, domain=make_domain(name, alder))
        browser.get(url(alder, member))
        with CaptureQueriesContext(connection) as caught:
            assert browser.get(url(alder, member)).status_code == 200
        counts.append(len(caught))
    assert counts[0] == counts[1] <= 12
