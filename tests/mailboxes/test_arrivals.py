"""The page of a mailbox's addresses names everything that arrives there, and what it may send as."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from domains.models import Domain
from mailboxes.arrivals import arrivals_at
from mailboxes.models import Alias, Mailbox, SendAs, Target
from panel.tenants.models import Tenant
from tests.factories import make_alias, make_domain, make_mailbox

pytestmark = pytest.mark.django_db


def forward(mailbox: Mailbox, *destinations: str) -> None:
    for destination in destinations:
        Target.objects.create(address=mailbox.address, destination=destination)


@pytest.fixture
def ways(alder, alder_domain, birch_domain, ann, bob):
    """Every way that leads to bob@alder.example; one of another tenant, and one that only looks like it."""
    make_domain("also.example", alder, alias_of=alder_domain)
    other = make_domain("finch.example", alder)
    make_alias("team", alder_domain, "bob+desk@alder.example", "zoe@example.com")
    make_alias("all", other, "team@also.example")
    make_alias("", other, "bob@alder.example")
    make_alias("stray", alder_domain, "unknown@finch.example")
    make_alias("known", alder_domain, "elsewhere@finch.example")
    make_alias("elsewhere", other, "zoe@example.com")
    make_alias("theirs", birch_domain, "bob@alder.example")
    forward(ann, "ann@alder.example", "bob@alder.example")
    make_alias("bobby", alder_domain, "bobby@example.com")


def told(page) -> list[tuple[str, str]]:
    return [(one.address.address, one.via) for one in page.context["arrivals"]]


def open_page(browser, tenant, mailbox):
    return browser.get(reverse("mailboxes:addresses", args=[tenant.pk, mailbox.pk]))


def test_the_page_names_every_way_in_the_nearest_first(ways, signed_in, alder_admin, alder, bob):
    page = open_page(signed_in(alder_admin), alder, bob)
    assert told(page) == [
        ("@finch.example", ""),
        ("ann@alder.example", ""),
        ("team@alder.example", ""),
        ("all@finch.example", "team@alder.example"),
        ("stray@alder.example", "@finch.example"),
    ]
    assert [spelling for spelling, _ in page.context["spellings"]] == ["bob@also.example"]
    text = page.content.decode()
    assert "theirs@birch.example" not in text
    assert "Every other name at finch.example" in text


def test_each_way_is_a_link_to_where_it_is_changed(ways, signed_in, alder_admin, alder, ann, bob):
    text = open_page(signed_in(alder_admin), alder, bob).content.decode()
    team = Alias.objects.get(address__address="team@alder.example")
    finch = Domain.objects.get(name="finch.example")
    for url in (
        reverse("mailboxes:alias_edit", args=[alder.pk, team.pk]),
        reverse("mailboxes:catch_all", args=[alder.pk, finch.pk]),
        reverse("mailboxes:forwarding", args=[alder.pk, ann.pk]),
        reverse("domains:detail", args=[alder.pk, Domain.objects.get(name="also.example").pk]),
        reverse("mailboxes:send_as", args=[alder.pk, bob.pk]),
    ):
        assert f'href="{url}"' in text


def test_a_way_that_is_closed_says_why(ways, signed_in, alder_admin, alder, ann, bob):
    Alias.objects.filter(address__address="team@alder.example").update(is_enabled=False)
    Mailbox.objects.filter(pk=ann.pk).update(state="off")
    page = open_page(signed_in(alder_admin), alder, bob)
    closed = {one.address.address: one.why_not for one in page.context["arrivals"] if one.why_not}
    assert closed == {"team@alder.example": "Off", "ann@alder.example": "Off"}


def test_a_manager_of_one_domain_is_not_told_of_the_others(ways, access_of, alder_manager, alder, bob):
    found = arrivals_at(access_of(alder_manager, alder), bob.address)
    assert [one.address.address for one in found] == ["ann@alder.example", "team@alder.example"]


def test_the_contact_gets_the_mail_to_postmaster(signed_in, alder_admin, alder, ann, bob):
    Tenant.objects.filter(pk=alder.pk).update(contact_email="Bob@alder.example")
    browser = signed_in(alder_admin)
    assert "It is the contact of Alder and Finch" in open_page(browser, alder, bob).content.decode()
    assert "It is the contact of" not in open_page(browser, alder, ann).content.decode()


def test_the_page_names_what_the_mailbox_may_send_as(signed_in, alder_admin, alder, bob):
    SendAs.objects.create(mailbox=bob, sender="sales@alder.example")
    text = open_page(signed_in(alder_admin), alder, bob).content.decode()
    assert "sales@alder.example" in text


def test_a_stranger_gets_404_for_the_addresses_of_another_tenant(signed_in, birch_admin, alder, birch, bob):
    assert open_page(signed_in(birch_admin), alder, bob).status_code == 404
    assert open_page(signed_in(birch_admin), birch, bob).status_code == 404


def test_more_ways_ask_no_more_questions(access_of, alder_admin, alder, alder_domain, bob):
    access = access_of(alder_admin, alder)

    def questions() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert arrivals_at(access, bob.address)
        return len(asked)

    for number in range(3):
        make_alias(f"one{number}", alder_domain, "bob@alder.example")
        make_alias(f"behind{number}", alder_domain, f"one{number}@alder.example")
        if number == 0:
            first = questions()
    assert questions() == first


def test_a_chain_that_ends_in_a_circle_is_told_once(access_of, alder_admin, alder, alder_domain, ann, bob):
    forward(ann, "ann@alder.example", "bob@alder.example")
    forward(bob, "bob@alder.example", "ann@alder.example")
    found = arrivals_at(access_of(alder_admin, alder), bob.address)
    assert [one.address.address for one in found] == ["ann@alder.example"]


def test_a_mailbox_that_nothing_else_leads_to_has_its_own_address_alone(access_of, alder_admin, alder, bob):
    make_mailbox("robert", bob.address.domain)
    assert arrivals_at(access_of(alder_admin, alder), bob.address) == []
