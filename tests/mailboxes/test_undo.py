"""What can be taken back is done at once, and its toast has a button that takes it back."""

import re

import pytest
from django.urls import reverse

from mailboxes.models import SendAs
from tests.factories import make_alias

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(signed_in, alder_admin):
    return signed_in(alder_admin)


def undo_of(browser, response) -> str:
    """The URL of the undo in the toast of the page that `response` leads to; empty where it has none."""
    toast = re.search(r'class="toast".*?data-dismiss', browser.get(response.url).content.decode(), re.DOTALL)
    assert toast
    found = re.search(r'<form method="post" action="([^"]+)"', toast.group(0))
    return found.group(1).replace("&amp;", "&") if found else ""


@pytest.mark.parametrize("state", ["receive_only", "off"])
def test_a_mailbox_that_is_switched_off_is_brought_back_by_its_toast(browser, alder, ann, state):
    done = browser.post(reverse("mailboxes:state", args=[alder.pk, ann.pk]), {"state": state})
    browser.post(undo_of(browser, done))
    ann.refresh_from_db()
    assert ann.state == "active"


def test_the_undo_of_a_state_is_undone_too(browser, alder, ann):
    done = browser.post(reverse("mailboxes:state", args=[alder.pk, ann.pk]), {"state": "off"})
    undone = browser.post(undo_of(browser, done))
    browser.post(undo_of(browser, undone))
    ann.refresh_from_db()
    assert ann.state == "off"


def test_a_state_that_was_so_already_has_nothing_to_undo(browser, alder, ann):
    done = browser.post(reverse("mailboxes:state", args=[alder.pk, ann.pk]), {"state": "active"})
    assert undo_of(browser, done) == ""


def test_a_deleted_mailbox_is_brought_back_by_its_toast(browser, alder, ann):
    done = browser.post(reverse("mailboxes:delete", args=[alder.pk, ann.pk]))
    browser.post(undo_of(browser, done))
    ann.refresh_from_db()
    assert ann.state == "active"


def test_an_alias_that_is_switched_off_is_switched_on_by_its_toast(browser, alder, alder_domain):
    alias = make_alias("team", alder_domain, "zoe@example.com")
    done = browser.post(reverse("mailboxes:alias_switch", args=[alder.pk, alias.pk]), {"to": "off"})
    alias.refresh_from_db()
    assert not alias.is_enabled
    browser.post(undo_of(browser, done))
    alias.refresh_from_db()
    assert alias.is_enabled


def test_a_right_to_send_that_is_taken_away_is_given_back_by_its_toast(browser, alder, ann):
    right = SendAs.objects.create(mailbox=ann, sender="sales@alder.example")
    done = browser.post(reverse("mailboxes:send_as_revoke", args=[alder.pk, ann.pk, right.pk]))
    assert not SendAs.objects.exists()
    browser.post(undo_of(browser, done))
    assert SendAs.objects.get().sender == "sales@alder.example"


def test_an_undo_asks_for_the_same_rights_as_the_act(signed_in, alder_reader, alder, ann):
    url = reverse("mailboxes:send_as", args=[alder.pk, ann.pk], query={"sender": "sales@alder.example"})
    assert signed_in(alder_reader).post(url).status_code == 403
    assert not SendAs.objects.exists()


def test_a_visit_to_the_url_of_an_undo_changes_nothing(browser, alder, ann):
    url = reverse("mailboxes:send_as", args=[alder.pk, ann.pk], query={"sender": "sales@alder.example"})
    assert browser.get(url).status_code == 200
    assert not SendAs.objects.exists()


def test_a_suspended_domain_works_again_by_its_toast(browser, alder, alder_domain):
    done = browser.post(reverse("domains:suspend", args=[alder.pk, alder_domain.pk]), {"reason": ""})
    browser.post(undo_of(browser, done))
    alder_domain.refresh_from_db()
    assert alder_domain.suspended_at is None
