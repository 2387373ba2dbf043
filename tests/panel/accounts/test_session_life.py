"""A session ends by absolute time and by idleness."""

import time

import pytest
from django.test import Client

from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
HOUR = 3600


@pytest.fixture
def clock(monkeypatch):
    """The clock, to be set forward by hand."""
    start, ahead = time.time(), [0]
    monkeypatch.setattr(time, "time", lambda: start + ahead[0])
    return ahead


def sign_in(user):
    browser = Client()
    assert browser.post("/sign-in/", {"email": user.email, "password": PASSWORD}).status_code == 302
    return browser


def is_signed_in(browser):
    return browser.get("/help/").wsgi_request.user.is_authenticated


def test_a_busy_session_ends_after_twelve_hours(alder_admin, clock):
    browser = sign_in(alder_admin)
    for hour in range(12):
        clock[0] = hour * HOUR
        assert is_signed_in(browser), f"after {hour} hours"
    clock[0] = 12 * HOUR
    assert not is_signed_in(browser)


def test_an_idle_session_ends_after_two_hours(alder_admin, clock):
    browser = sign_in(alder_admin)
    assert is_signed_in(browser)
    clock[0] = 2 * HOUR - 1
    assert is_signed_in(browser)
    clock[0] += 2 * HOUR
    assert not is_signed_in(browser)


def test_a_clock_that_is_set_back_ends_nothing(alder_admin, clock):
    browser = sign_in(alder_admin)
    assert is_signed_in(browser)
    clock[0] = -HOUR
    assert is_signed_in(browser)
