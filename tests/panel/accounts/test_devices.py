"""A browser that is known for an account: a guesser elsewhere does not touch its owner."""

import time

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from panel.accounts import devices, throttle
from panel.accounts.devices import LIFE_SECONDS, MAX_ACCOUNTS
from panel.accounts.models import SignInFailure
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db
ELSEWHERE = "198.51.100.9"


def try_to_sign_in(client, email, password=PASSWORD):
    return client.post("/sign-in/", {"email": email, "password": password}).status_code


def known_browser(email, **more):
    """A browser in which the account was signed in and out again."""
    browser = Client(**more)
    assert try_to_sign_in(browser, email) == 302
    browser.post("/sign-out/")
    return browser


def fill(*counters):
    """As if each of the counters had been hammered full."""
    for counter in counters:
        SignInFailure.objects.update_or_create(
            key=counter.key,
            defaults={"failures": counter.limit.failures, "window_started_at": timezone.now()},
        )


def shut_for_everybody(email):
    """The account is hammered from everywhere, and the network of the tests is full too."""
    fill(*throttle.counters_of_sign_in(email, "127.0.0.1", None))
    assert try_to_sign_in(Client(), email) == 429


def browser_with(value):
    browser = Client()
    browser.cookies["device"] = value
    return browser


def test_attack_51_a_known_browser_gets_in_while_its_account_is_hammered(alder_admin):
    browser = known_browser(alder_admin.email)
    shut_for_everybody(alder_admin.email)
    assert try_to_sign_in(browser, alder_admin.email) == 302


def test_attack_51_a_guesser_who_fills_the_account_from_many_networks_does_not_shut_the_owner_out(
    alder_admin,
):
    browser = known_browser(alder_admin.email)
    for number in range(45):
        guesser = Client(REMOTE_ADDR=f"198.51.100.{number}")
        try_to_sign_in(guesser, alder_admin.email, f"guess number {number}")
    assert try_to_sign_in(Client(REMOTE_ADDR="203.0.113.5"), alder_admin.email) == 429
    assert try_to_sign_in(browser, alder_admin.email) == 302


def test_a_known_browser_is_bounded_by_a_count_of_its_own(alder_admin):
    browser = known_browser(alder_admin.email)
    answers = [try_to_sign_in(browser, alder_admin.email, f"guess {number}") for number in range(12)]
    assert answers == [422] * 10 + [429] * 2
    assert try_to_sign_in(browser, alder_admin.email) == 429
    assert try_to_sign_in(Client(), alder_admin.email) == 302


def test_a_cookie_of_another_account_gives_nothing(alder_admin, alder_reader):
    browser = known_browser(alder_reader.email)
    shut_for_everybody(alder_admin.email)
    assert try_to_sign_in(browser, alder_admin.email) == 429


@pytest.mark.parametrize("value", ["", "x", "a:b:c", "W10:1abc:x", "\xff" * 50, "a" * 4000])
def test_a_forged_cookie_gives_nothing_and_breaks_nothing(alder_admin, value):
    shut_for_everybody(alder_admin.email)
    assert try_to_sign_in(browser_with(value), alder_admin.email) == 429


def test_a_cookie_whose_content_was_changed_gives_nothing(alder_admin, alder_reader):
    """The content of one cookie under the signature of another."""
    ours, theirs = (known_browser(user.email).cookies["device"].value for user in (alder_admin, alder_reader))
    shut_for_everybody(alder_admin.email)
    mixed = ":".join([ours.split(":")[0], *theirs.split(":")[1:]])
    assert try_to_sign_in(browser_with(mixed), alder_admin.email) == 429


def test_a_signature_made_for_another_purpose_gives_nothing(alder_admin):
    content = signing.loads(known_browser(alder_admin.email).cookies["device"].value, salt="posthouse.device")
    shut_for_everybody(alder_admin.email)
    assert try_to_sign_in(browser_with(signing.dumps(content)), alder_admin.email) == 429


def test_a_cookie_is_forgotten_after_half_a_year(alder_admin, monkeypatch):
    browser = known_browser(alder_admin.email)
    shut_for_everybody(alder_admin.email)
    assert try_to_sign_in(browser, alder_admin.email) == 302
    browser.post("/sign-out/")
    later = time.time() + LIFE_SECONDS + 1
    monkeypatch.setattr(devices.time, "time", lambda: later)
    assert try_to_sign_in(browser, alder_admin.email) == 429


def test_a_wrong_password_makes_no_browser_known(alder_admin):
    browser = Client()
    assert try_to_sign_in(browser, alder_admin.email, "wrong") == 422
    assert "device" not in browser.cookies


def test_one_browser_is_known_for_as_many_accounts_as_one_person_has(alder):
    emails = [f"person-{number}@mail.example" for number in range(MAX_ACCOUNTS + 1)]
    browser = Client()
    for email in emails:
        make_user(email, alder, "read_only")
        assert try_to_sign_in(browser, email) == 302
        browser.post("/sign-out/")
    for email in emails:
        shut_for_everybody(email)
    assert [try_to_sign_in(browser, email) for email in emails[::-1]] == [302] * MAX_ACCOUNTS + [429]
    assert len(browser.cookies["device"].value) < 1000


def test_a_mailbox_users_browser_is_known_too(ann):
    browser = known_browser("ann@alder.example")
    shut_for_everybody("ann@alder.example")
    assert try_to_sign_in(browser, "Ann@Alder.example") == 302


def test_the_cookie_is_out_of_reach_for_scripts_and_tells_no_address(alder_admin):
    cookie = known_browser(alder_admin.email).cookies["device"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (
        True,
        "Lax",
        "/",
        "",
    )
    assert cookie["max-age"] == LIFE_SECONDS
    assert not cookie["secure"]
    assert "alder" not in str(signing.b64_decode(cookie.value.split(":")[0].encode()))


def test_over_https_the_cookie_is_secure_and_bound_to_the_host(alder_admin, settings):
    settings.USES_TLS = True
    cookie = known_browser(alder_admin.email).cookies["__Host-device"]
    assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")
