"""The pages of the vacation reply, without any script."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from mailboxes.models import Mailbox, Vacation
from mailboxes.sign_in import MailboxBackend
from tests.factories import PASSWORD, away

pytestmark = pytest.mark.django_db

TODAY = timezone.now().date()
TYPED = {
    "is_on": "on",
    "first_day": TODAY.isoformat(),
    "last_day": (TODAY + timedelta(days=9)).isoformat(),
    "time_zone": "Europe/Berlin",
    "subject": "Away",
    "message": "Hello,\r\nI am away.",
}


@pytest.fixture
def browser(signed_in, alder_admin):
    return signed_in(alder_admin)


@pytest.fixture
def anns(ann):
    """A browser in which ann is signed in with the password of the mailbox."""
    client = Client()
    user = MailboxBackend().authenticate(None, "ann@alder.example", PASSWORD)
    client.force_login(user, backend="mailboxes.sign_in.MailboxBackend")
    return client


def url(tenant, mailbox, path=""):
    return f"/t/{tenant.pk}/mailboxes/{mailbox.pk}/vacation/{path}"


def text_of(response):
    return response.content.decode()


def undo_of(response):
    """Where the button of the toast posts to."""
    return re.search(r'action="([^"]*/undo/[^"]*)"', text_of(response))[1]


def test_a_user_sets_the_reply_sees_it_and_takes_it_back(anns, ann):
    answer = anns.post("/me/vacation/", TYPED, follow=True)
    assert answer.redirect_chain == [("/me/vacation/", 302)]
    row = Vacation.objects.get(mailbox=ann)
    assert (row.is_on, row.subject, row.message) == (True, "Away", "Hello,\nI am away.")
    assert "The vacation reply is on. Until" in text_of(answer)
    assert "I am away." in text_of(answer)
    home = text_of(anns.get("/me/"))
    assert re.search(r"Vacation reply</b><small[^>]*>Until [A-Z][a-z]+day \d+ [A-Z][a-z]+", home)
    assert 'aria-checked="true"' in home
    again = anns.post(undo_of(answer), follow=True)
    assert "The vacation reply is as it was." in text_of(again)
    row.refresh_from_db()
    assert (row.is_on, row.message) == (False, "")
    anns.post(undo_of(again))
    row.refresh_from_db()
    assert row.is_on


def test_a_user_switches_it_off_and_on_again_from_the_first_page(anns, ann):
    row = away(ann)
    off = anns.post("/me/vacation/switch/", {"to": "off"}, follow=True)
    assert off.redirect_chain == [("/me/", 302)]
    assert "The vacation reply is off." in text_of(off)
    row.refresh_from_db()
    assert (row.is_on, row.message) == (False, "I am away.")
    anns.post("/me/vacation/switch/", {"to": "on"})
    row.refresh_from_db()
    assert row.is_on


def test_there_is_nothing_to_switch_on_without_a_text(anns):
    answer = anns.post("/me/vacation/switch/", {"to": "on"}, follow=True)
    assert answer.redirect_chain == [("/me/vacation/", 302)]
    assert "Write a subject: people get nothing else." in text_of(answer)
    assert not Vacation.objects.exists()


def test_an_admin_sets_it_and_undoes_it_on_the_page_of_the_mailbox(browser, alder, ann):
    answer = browser.post(url(alder, ann), TYPED, follow=True)
    assert answer.redirect_chain == [(url(alder, ann), 302)]
    assert Vacation.objects.get(mailbox=ann).is_on
    detail = text_of(browser.get(f"/t/{alder.pk}/mailboxes/{ann.pk}/"))
    assert re.search(r"Until \w+ \d+ \w+( \d{4})?\.", detail)
    history = text_of(browser.get(f"/t/{alder.pk}/mailboxes/{ann.pk}/history/"))
    assert "set the vacation reply of" in history
    assert "<span>Subject</span> Away" in history
    browser.post(undo_of(answer))
    assert not Vacation.objects.get(mailbox=ann).is_on


def test_an_undo_that_comes_too_late_says_so(anns, ann):
    first = anns.post("/me/vacation/", TYPED, follow=True)
    anns.post("/me/vacation/", TYPED | {"subject": "Newer"})
    assert "changed since" in text_of(anns.post(undo_of(first), follow=True))
    assert Vacation.objects.get().subject == "Newer"
    assert "changed since" in text_of(anns.post(f"/me/vacation/undo/{2**70}/", follow=True))


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("subject", "", "Write a subject"),
        ("message", "", "Write a message"),
        ("message", "x" * 10_001, "has 10,001 characters"),
        ("message", "x\x07y", "cannot be seen"),
        ("subject", "x\nBcc: evil@example.com", "cannot be seen"),
        ("last_day", "2001-01-01", "comes before the first one"),
        ("first_day", "09/03/2026", "valid date"),
        ("first_day", "", "cannot stay empty"),
        ("time_zone", "Mars/Olympus", "Mars/Olympus"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_typed_is_lost(anns, field, typed, said):
    answer = anns.post("/me/vacation/", TYPED | {field: typed})
    assert answer.status_code == 422
    errors = answer.context["form"].errors
    assert list(errors) == [field]
    assert said in errors[field][0]
    if field != "message":
        assert "I am away." in text_of(answer)
    assert not Vacation.objects.exists()


def test_hostile_text_is_shown_as_text(anns, browser, alder, ann):
    bad = "</textarea><script>alert(1)</script>"
    anns.post("/me/vacation/", TYPED | {"message": bad, "subject": '"><script>alert(2)</script>'})
    for page in (
        anns.get("/me/vacation/"),
        anns.get("/me/"),
        browser.get(url(alder, ann)),
        browser.get(f"/t/{alder.pk}/mailboxes/{ann.pk}/history/"),
    ):
        assert "<script>alert" not in text_of(page)


def test_a_reader_sees_it_and_may_not_save(signed_in, alder_reader, alder, ann):
    away(ann, message="Only for reading")
    client = signed_in(alder_reader)
    text = text_of(client.get(url(alder, ann)))
    assert "Only for reading" in text
    assert ">Save<" not in text
    assert client.post(url(alder, ann), TYPED).status_code == 403


def test_ones_own_page_is_about_ones_own_mailbox_alone(anns, bob):
    away(bob, message="Bob's secret place")
    assert "secret place" not in text_of(anns.get("/me/vacation/"))
    anns.post("/me/vacation/undo/0/")
    anns.post("/me/vacation/switch/", {"to": "off", "mailbox": bob.pk, "mailbox_id": bob.pk})
    assert Vacation.objects.get(mailbox=bob).is_on


def test_a_page_says_when_nothing_arrives_that_could_be_answered(anns, browser, alder, ann):
    assert "Nothing arrives here" not in text_of(anns.get("/me/vacation/"))
    ann.address.targets.create(destination="zoe@example.com")
    for page in (anns.get("/me/vacation/"), browser.get(url(alder, ann))):
        assert "Nothing arrives here that could be answered." in text_of(page)
    ann.address.targets.create(destination="ann@alder.example")
    assert "Nothing arrives here" not in text_of(anns.get("/me/vacation/"))


def test_the_page_of_a_mailbox_that_only_receives_says_that_it_waits(browser, alder, ann):
    away(ann)
    Mailbox.objects.filter(pk=ann.pk).update(state="receive_only")
    assert "Only an active mailbox answers." in text_of(browser.get(url(alder, ann)))


def test_one_that_is_off_may_be_saved_without_a_text(anns):
    off = {name: text for name, text in TYPED.items() if name not in {"is_on", "subject", "message"}}
    assert anns.post("/me/vacation/", off).status_code == 302
    assert not Vacation.objects.get().is_on


def test_how_it_stands_is_told_in_words(anns, ann):
    day = timedelta(days=1)
    for changes, said in (
        ({"first_day": TODAY + day, "last_day": None}, "From "),
        ({"first_day": TODAY - day, "last_day": None}, "Until you switch it off"),
        ({"first_day": TODAY - 9 * day, "last_day": TODAY - 2 * day}, "It ended with "),
        ({"is_on": False}, "Off"),
    ):
        row = away(ann, **changes)
        assert re.search(rf"Vacation reply</b><small[^>]*>{said}", text_of(anns.get("/me/"))), said
        on_its_page = re.search(rf"Reply while away<small[^>]*>{said}", text_of(anns.get("/me/vacation/")))
        assert bool(on_its_page) is (said != "Off")
        row.delete()
