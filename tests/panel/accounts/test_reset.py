"""A link to a new password: where it leads, to whom it goes, what it ends."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from panel.accounts.jobs import due_links, send_link
from panel.accounts.models import PasswordReset
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
NEW = "a much better sentence"


def ask(email, **headers):
    return Client().post("/password/forgot/", {"email": email}, headers=headers)


def sent_secret(mailoutbox):
    (pk,) = due_links()
    assert send_link(pk)
    return mailoutbox[-1].body.split("/password/reset/")[1].split("/")[0]


def is_open(secret):
    client = Client()
    client.get(f"/password/reset/{secret}/")
    return client.get("/password/reset/").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "also-ours.example"},
        {"x-forwarded-host": "evil.example"},
        {"host": "127.0.0.1:9999", "x-forwarded-host": "evil.example"},
        {"forwarded": "host=evil.example"},
        {"origin": "https://evil.example", "referer": "https://evil.example/"},
    ],
)
def test_attack_47_the_link_leads_to_the_address_of_the_settings(alder_admin, mailoutbox, headers, settings):
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "also-ours.example"]
    assert ask(alder_admin.email, **headers).status_code == 200
    sent_secret(mailoutbox)
    message = mailoutbox[-1]
    for text in (message.body, message.alternatives[0].content):
        assert "evil" not in text + message.subject
        assert "also-ours" not in text
        assert text.count("/password/reset/") == text.count("http://127.0.0.1:8000/password/reset/") > 0


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:80#127.0.0.1"])
def test_attack_47_a_foreign_host_asks_for_nothing(alder_admin, host):
    assert ask(alder_admin.email, host=host).status_code == 400
    assert not PasswordReset.objects.exists()


def test_the_mail_goes_to_the_member_alone_and_says_what_it_is(alder_admin, mailoutbox, settings):
    ask("  Alder-Admin@MAIL.example ")
    sent_secret(mailoutbox)
    (message,) = mailoutbox
    assert (message.to, message.cc, message.bcc) == ([alder_admin.email], [], [])
    assert message.from_email == settings.DEFAULT_FROM_EMAIL
    assert message.subject == "Choose a new password for Posthouse"
    assert message.extra_headers == {"Auto-Submitted": "auto-generated"}


@pytest.mark.parametrize("email", ["a@b.example\nBcc: eve@evil.example", "a@b.example,eve@evil.example", "x"])
def test_attack_32_what_is_no_address_is_mailed_nothing(alder_admin, email, mailoutbox):
    ask(email)
    assert due_links() == []
    assert mailoutbox == []


def test_attack_50_asking_costs_the_same_for_an_address_that_nobody_has(alder_admin, mailoutbox):
    def cost(email):
        with CaptureQueriesContext(connection) as asked:
            answer = ask(email)
        return len(asked), answer.status_code, answer.content.decode().replace(email, "")

    assert cost(alder_admin.email) == cost("nobody@mail.example")


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_away_costs_nobody_the_link(alder_admin, mailoutbox, settings):
    """Neither an error for the person, nor the mail: the clock finds it."""
    assert not (settings.STATE_DIR / "celery").exists()
    assert ask(alder_admin.email).status_code == 200
    assert is_open(sent_secret(mailoutbox))


def test_attack_47_following_a_link_leaves_its_secret_nowhere(alder_admin, mailoutbox):
    ask(alder_admin.email)
    client = Client()
    response = client.get(f"/password/reset/{(secret := sent_secret(mailoutbox))}/")
    assert (response.status_code, response["Location"]) == (302, "/password/reset/")
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["Cache-Control"] == "no-store"
    page = client.get("/password/reset/")
    assert secret not in page.content.decode() + str(dict(client.session))
    assert page["Referrer-Policy"] == "same-origin"


def test_a_link_that_is_none_makes_no_session():
    client = Client()
    assert client.get("/password/reset/made-up/")["Location"] == "/password/reset/"
    assert client.get("/password/reset/").status_code == 410
    assert not client.cookies.get("session")


def test_attack_26_looking_at_the_link_uses_nothing_up(alder_admin, mailoutbox):
    """Programs that look into mail follow its links."""
    ask(alder_admin.email)
    secret = sent_secret(mailoutbox)
    for method in ("get", "head", "get"):
        getattr(Client(), method)(f"/password/reset/{secret}/")
    assert is_open(secret)


def test_attack_54_a_reset_ends_every_session_and_every_other_link(alder_admin, signed_in, alder, mailoutbox):
    elsewhere = signed_in(alder_admin)
    ask(alder_admin.email)
    first = sent_secret(mailoutbox)
    ask(alder_admin.email)
    client = Client()
    client.get(f"/password/reset/{sent_secret(mailoutbox)}/")
    assert client.post("/password/reset/", {"new": NEW, "again": NEW}).status_code == 302
    assert elsewhere.get(f"/t/{alder.pk}/").status_code == 302
    assert not is_open(first)
    signed = Client().post("/sign-in/", {"email": alder_admin.email, "password": PASSWORD})
    assert signed.status_code == 422


def test_a_new_password_that_may_not_be_keeps_the_link_open(alder_admin, mailoutbox):
    ask(alder_admin.email)
    client = Client()
    client.get(f"/password/reset/{sent_secret(mailoutbox)}/")
    assert client.post("/password/reset/", {"new": "short", "again": "short"}).status_code == 422
    assert client.post("/password/reset/", {"new": NEW, "again": NEW}).status_code == 302


def test_asking_too_often_says_when_to_ask_again(alder_admin):
    answers = [ask(alder_admin.email) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 1700 < int(answers[-1]["Retry-After"]) <= 1800
    assert "Wait 30 minutes, then try again." in answers[-1].content.decode()
