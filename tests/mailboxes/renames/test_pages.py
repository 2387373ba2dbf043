"""The pages that rename a mailbox and a domain say what happens, and do it without JavaScript."""

import pytest
from django.urls import reverse

from domains.models import Domain
from mailboxes.models import Address, Mailbox
from tests.factories import make_alias, make_domain

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(signed_in, alder_admin):
    return signed_in(alder_admin)


@pytest.fixture
def page(alder, ann):
    return reverse("mailboxes:rename", args=[alder.pk, ann.pk])


@pytest.fixture
def alias(alder, alder_domain):
    return make_domain("also.example", alder, alias_of=alder_domain)


@pytest.fixture
def main_page(alder, alias):
    return reverse("mailboxes:rename_domain", args=[alder.pk, alias.pk])


def address_of(mailbox):
    return Mailbox.objects.get(pk=mailbox.pk).address.address


def test_the_page_of_a_mailbox_leads_to_its_renaming_for_who_may(
    browser, page, alder, ann, signed_in, alder_reader
):
    detail = reverse("mailboxes:detail", args=[alder.pk, ann.pk])
    assert page in browser.get(detail).content.decode()
    assert page not in signed_in(alder_reader).get(detail).content.decode()


def test_the_form_keeps_the_old_address_unless_told_otherwise_and_names_what_follows(
    browser, page, alder_domain, birch_domain
):
    make_alias("team", alder_domain, "ann@alder.example")
    make_alias("theirs", birch_domain, "ann@alder.example")
    shown = browser.get(page)
    text = shown.content.decode()
    assert shown.context["form"]["keep_old"].value() is True
    assert "team@alder.example" in text
    assert "theirs@birch.example" not in text


def test_a_mailbox_is_renamed_and_the_next_page_tells_the_new_user_name(browser, page, ann):
    answer = browser.post(page, {"local_part": "Ann.Holt", "keep_old": "on"}, follow=True)
    assert address_of(ann) == "ann.holt@alder.example"
    assert Address.objects.get(address="ann@alder.example").kind == "alias"
    assert "ann@alder.example is ann.holt@alder.example now." in answer.content.decode()


def test_an_unticked_box_gives_the_old_address_up(browser, page):
    browser.post(page, {"local_part": "ann.holt"})
    assert Address.objects.get(address="ann@alder.example").kind == "reserved"


@pytest.mark.parametrize(
    "local_part", ["bob", "", "ann", "x" * 65, "a+b", "eve@birch.example", "e\u202eve", "<i9>"]
)
def test_a_refused_name_stands_in_the_form_again_with_the_reason_at_it(browser, page, ann, bob, local_part):
    answer = browser.post(page, {"local_part": local_part, "keep_old": "on"})
    assert answer.status_code == 422
    assert answer.context["form"].errors["local_part"]
    assert "<i9>" not in answer.content.decode()
    assert address_of(ann) == "ann@alder.example"


def test_the_history_of_the_mailbox_tells_both_addresses(browser, page, alder, ann):
    browser.post(page, {"local_part": "ann.holt", "keep_old": "on"})
    text = browser.get(reverse("mailboxes:history", args=[alder.pk, ann.pk])).content.decode()
    assert "<span>Address</span> ann.holt@alder.example <small>was ann@alder.example</small>" in text


def test_the_page_of_an_alias_domain_leads_to_the_main_name(browser, main_page, alder, alias, alder_domain):
    assert main_page in browser.get(reverse("domains:detail", args=[alder.pk, alias.pk])).content.decode()
    other = browser.get(reverse("domains:detail", args=[alder.pk, alder_domain.pk])).content.decode()
    assert "Make it the main name" not in other


def test_the_page_says_what_happens_and_does_it(browser, main_page, ann, alder_domain):
    text = browser.get(main_page).content.decode()
    assert "ann@alder.example becomes ann@also.example" in text
    answer = browser.post(main_page, {"old_name": "keep"}, follow=True)
    assert "alder.example is also.example now." in answer.content.decode()
    assert answer.redirect_chain[-1][0].endswith(f"/domains/{alder_domain.pk}/")
    assert address_of(ann) == "ann@also.example"


def test_the_old_name_is_removed_where_that_was_chosen(browser, main_page, alias):
    browser.post(main_page, {"old_name": "remove"})
    row = Domain.objects.get(pk=alias.pk)
    assert (row.name, row.is_removed) == ("alder.example", True)


@pytest.mark.parametrize("typed", [{}, {"old_name": "x"}, {"keep_old": ""}])
def test_nothing_happens_without_a_choice(browser, main_page, ann, typed):
    assert browser.post(main_page, typed).status_code == 422
    assert address_of(ann) == "ann@alder.example"


def test_a_manager_who_may_not_remove_domains_cannot_choose_to(
    main_page, alias, ann, alder_manager, signed_in
):
    alder_manager.memberships.get().domain_grants.create(domain=alias)
    manager = signed_in(alder_manager)
    assert "It is removed" not in manager.get(main_page).content.decode()
    assert manager.post(main_page, {"old_name": "remove"}).status_code == 422
    assert address_of(ann) == "ann@alder.example"
    assert manager.post(main_page, {"old_name": "keep"}).status_code == 302
    assert address_of(ann) == "ann@also.example"


def test_a_domain_that_is_suspended_says_so_on_the_page(browser, main_page, alias, ann):
    Domain.objects.filter(pk=alias.pk).update(suspended_at="2026-01-01T00:00Z")
    answer = browser.post(main_page, {"old_name": "keep"})
    assert answer.status_code == 422
    assert "is suspended" in answer.content.decode()
