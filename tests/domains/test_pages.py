"""The pages of domains, as people of each role find them."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from domains.models import Domain, DomainGrant, ProofResult
from panel.tenants.models import Membership
from tests.factories import make_domain

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _plain_static_files(settings):
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


def url(name, tenant, *args):
    return reverse(f"domains:{name}", args=[tenant.pk, *(getattr(arg, "pk", arg) for arg in args)])


ACTS = ("check", "vouch", "suspend", "unsuspend", "undelete", "alias", "alias_end", "grant")


def test_a_list_costs_the_same_for_one_and_three_rows(
    signed_in, north_admin, north, alder, django_assert_num_queries
):
    client = signed_in(north_admin)
    make_domain("a.example", alder)
    with CaptureQueriesContext(connection) as one:
        assert "a.example" in client.get(url("list", north)).content.decode()
    for name in ("b.example", "c.example"):
        make_domain(name, alder, proved=False)
    with django_assert_num_queries(len(one)):
        assert "c.example" in client.get(url("list", north)).content.decode()


def test_the_list_shows_its_own_domains_alone(signed_in, alder_admin, alder, alder_domain, birch_domain):
    page = signed_in(alder_admin).get(url("list", alder)).content.decode()
    assert "alder.example" in page
    assert "birch.example" not in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({"q": "al"}, ["alder.example"]),
        ({"q": "%"}, []),
        ({"q": "_"}, []),
        ({"q": "münchen.example"}, ["xn--mnchen-3ya.example"]),
        ({"state": "waiting"}, ["claim.example"]),
        ({"state": "removed"}, ["gone.example"]),
        ({"state": "suspended"}, ["stopped.example"]),
        ({"state": "working"}, ["alder.example", "xn--mnchen-3ya.example"]),
        ({"state": "nonsense", "q": "gone"}, ["gone.example"]),
    ],
)
def test_the_list_finds_by_beginning_and_by_state(signed_in, alder_admin, alder, alder_domain, query, shown):
    now = timezone.now()
    make_domain("claim.example", alder, proved=False)
    make_domain("gone.example", alder, removed_at=now, purge_at=now + timedelta(days=1))
    make_domain("stopped.example", alder, suspended_at=now)
    make_domain("xn--mnchen-3ya.example", alder)
    page = signed_in(alder_admin).get(url("list", alder), query).context["page"]
    assert [domain.name for domain in page.items] == shown


def test_a_new_domain_leads_to_the_record_to_publish(signed_in, alder_admin, alder):
    response = signed_in(alder_admin).post(url("add", alder), {"name": "Claimed.example"}, follow=True)
    domain = Domain.objects.get(name="claimed.example")
    assert response.redirect_chain[-1][0] == url("detail", alder, domain)
    page = response.content.decode()
    for text in (domain.proof_token, "_posthouse-challenge.claimed.example.", "Check now"):
        assert text in page


def test_a_refused_name_keeps_what_was_typed_and_says_why(signed_in, alder_admin, alder):
    response = signed_in(alder_admin).post(url("add", alder), {"name": "co.uk"})
    assert response.status_code == 422
    page = response.content.decode()
    assert 'value="co.uk"' in page
    assert "registry" in page


def test_nothing_but_the_name_is_taken_from_the_form(signed_in, alder_admin, alder, birch, birch_domain):
    client = signed_in(alder_admin)
    typed = {"name": "claimed.example", "tenant": birch.pk, "proved_at": "2026-01-01", "is_vouched": "on"}
    client.post(url("add", alder), {**typed, "proof_token": "x"})
    domain = Domain.objects.get(name="claimed.example")
    assert (domain.tenant, domain.is_proved, domain.is_vouched) == (alder, False, False)
    assert (
        client.post(url("add", alder), {"name": "b.example", "alias_of": birch_domain.pk}).status_code == 422
    )


@pytest.mark.parametrize("act", [*ACTS, "remove"])
def test_a_stranger_gets_404_for_a_domain_of_another_tenant(
    act, signed_in, birch_admin, alder, birch, alder_domain
):
    client = signed_in(birch_admin)
    wanted = {403, 404} if act == "vouch" else {404}
    assert client.post(url(act, birch, alder_domain)).status_code in wanted
    assert client.post(url(act, alder, alder_domain)).status_code == 404
    assert client.get(url("detail", birch, alder_domain)).status_code == 404


@pytest.mark.parametrize("act", [*ACTS, "remove"])
def test_a_reader_may_look_but_not_act(act, signed_in, alder_reader, alder, alder_domain):
    client = signed_in(alder_reader)
    assert client.get(url("detail", alder, alder_domain)).status_code == 200
    assert client.post(url(act, alder, alder_domain)).status_code == 403


@pytest.mark.parametrize("act", ACTS)
def test_nothing_changes_by_get(act, signed_in, ops_admin, operator, alder_domain):
    assert signed_in(ops_admin).get(url(act, operator, alder_domain)).status_code == 405


def test_a_manager_gets_404_for_a_domain_that_was_not_granted(signed_in, alder_manager, alder, alder_domain):
    client = signed_in(alder_manager)
    assert client.get(url("detail", alder, alder_domain)).status_code == 200
    assert client.get(url("detail", alder, make_domain("other.example", alder))).status_code == 404


def test_a_running_check_polls_and_a_finished_one_does_not(signed_in, alder_admin, alder):
    claim = make_domain(
        "claim.example", alder, proved=False, proof_due_at=timezone.now() - timedelta(seconds=1)
    )
    client = signed_in(alder_admin)
    assert 'hx-trigger="every 2s"' in client.get(url("detail", alder, claim)).content.decode()
    Domain.objects.filter(pk=claim.pk).update(proof_due_at=timezone.now() + timedelta(hours=1))
    assert 'hx-trigger="every 2s"' not in client.get(url("detail", alder, claim)).content.decode()


def test_text_from_dns_is_shown_as_text(signed_in, alder_admin, alder):
    seen = 'ns1: “"><svg onload=alert(1)>{{ 7|add:7 }}”'
    claim = make_domain(
        "claim.example", alder, proved=False, proof_seen=seen, proof_result=ProofResult.MISMATCH
    )
    Domain.objects.filter(pk=claim.pk).update(
        proof_checked_at=timezone.now(), proof_due_at=timezone.now() + timedelta(1)
    )
    page = signed_in(alder_admin).get(url("detail", alder, claim)).content.decode()
    assert "<svg onload" not in page
    assert "&lt;svg onload=alert(1)&gt;{{ 7|add:7 }}" in page


def test_a_claim_to_a_proved_name_says_so_without_naming_the_owner(
    signed_in, birch_admin, alder, birch, alder_domain
):
    claim = make_domain("alder.example", birch, proved=False)
    page = signed_in(birch_admin).get(url("detail", birch, claim)).content.decode()
    assert "proved in another place" in page
    assert alder.name not in page


def test_buttons_act_and_come_back(signed_in, ops_admin, operator, alder, alder_domain, alder_manager):
    client = signed_in(ops_admin)
    member = Membership.objects.get(user=alder_manager)
    alias = make_domain("alias.example", alder, proved=False)
    for act, args, typed in (
        ("vouch", [alias], {}),
        ("alias", [alias], {"alias_of": alder_domain.pk}),
        ("alias_end", [alias], {}),
        ("suspend", [alder_domain], {"reason": "Invoice"}),
        ("unsuspend", [alder_domain], {}),
        ("revoke", [alder_domain, member.pk], {}),
        ("grant", [alder_domain], {"membership": member.pk}),
    ):
        response = client.post(url(act, operator, *args), typed, follow=True)
        assert response.status_code == 200, act
        assert [message.level_tag for message in response.context["messages"]] == ["success"], act
    assert DomainGrant.objects.count() == 1


def test_removing_asks_first_and_can_be_undone(signed_in, alder_admin, alder, alder_domain, ann):
    client = signed_in(alder_admin)
    page = client.get(url("remove", alder, alder_domain)).content.decode()
    assert "1 mailbox stops" in page
    assert "14 days" in page
    client.post(url("remove", alder, alder_domain))
    alder_domain.refresh_from_db()
    assert alder_domain.is_removed
    page = client.get(url("detail", alder, alder_domain)).content.decode()
    assert "Bring it back" in page
    client.post(url("undelete", alder, alder_domain))
    alder_domain.refresh_from_db()
    assert not alder_domain.is_removed


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("claim.example", "_posthouse-challenge"),
        ("sales.claim.example", "_posthouse-challenge.sales"),
        ("a.b.claim.co.uk", "_posthouse-challenge.a.b"),
    ],
)
def test_the_short_host_leaves_out_what_was_registered(signed_in, alder_admin, alder, name, host):
    claim = make_domain(name, alder, proved=False, proof_due_at=timezone.now())
    assert signed_in(alder_admin).get(url("detail", alder, claim)).context["relative_host"] == host
