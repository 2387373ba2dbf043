"""What somebody without the password tries at the door."""

import time
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urljoin, urlsplit

import pytest
from django.contrib.auth import hashers
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client, RequestFactory
from hypothesis import given
from hypothesis import strategies as st

import mailboxes.passwords
import mailboxes.sign_in
from panel.accounts.door import safe_next
from panel.accounts.models import SignInFailure
from tests.factories import PASSWORD, make_user
from tests.hashers import CheapArgon2

pytestmark = pytest.mark.django_db
LONG = "x" * 1_000_000


def try_to_sign_in(client, email, password=PASSWORD, **more):
    return client.post("/sign-in/", {"email": email, "password": password, **more})


@pytest.fixture
def hashes(monkeypatch):
    """Every hash that is made or checked, in order, by whom: the work that an answer costs."""
    done = []

    def counted(owner, name, label):
        real = getattr(owner, name)

        def count(*args, **kwargs):
            done.append(label)
            return real(*args, **kwargs)

        monkeypatch.setattr(owner, name, count)

    # Loaded at its first use, which replaces its methods.
    mailboxes.passwords.argon2.set_backend()
    counted(CheapArgon2, "encode", "member")
    counted(CheapArgon2, "verify", "member")
    counted(mailboxes.sign_in, "hash_password", "mailbox")
    counted(mailboxes.passwords.argon2, "verify", "mailbox")
    return done


@pytest.mark.parametrize("password", ["wrong", "x" * 100, "x" * 1000, "x" * 1025, "x" * 4096, "é" * 2000])
def test_attack_50_an_unknown_address_costs_the_same_hashes_as_a_known_one(
    alder_admin, alder_reader, ann, hashes, password
):
    alder_reader.is_active = False
    alder_reader.save()

    def cost(email):
        hashes.clear()
        assert try_to_sign_in(Client(), email, password).status_code == 422
        return list(hashes)

    unknown = cost("nobody@mail.example")
    assert "member" in unknown
    for known in (alder_admin.email, alder_reader.email, "ann@alder.example"):
        assert cost(known) == unknown


def test_attack_50_a_throttled_answer_costs_no_hash_at_all(alder_admin, hashes):
    for number in range(5):
        try_to_sign_in(Client(), alder_admin.email, f"guess {number}")
    hashes.clear()
    assert try_to_sign_in(Client(), alder_admin.email).status_code == 429
    assert hashes == []


@pytest.mark.parametrize("body", ["urlencoded", "multipart"])
def test_attack_41_a_password_of_a_megabyte_is_refused_before_anything_is_hashed(alder_admin, hashes, body):
    client, path = Client(), "/sign-in/"
    start = time.perf_counter()
    if body == "multipart":
        status = client.post(path, {"email": alder_admin.email, "password": LONG}).status_code
    else:
        content = f"email={alder_admin.email}&password={LONG}"
        status = client.post(path, content, content_type="application/x-www-form-urlencoded").status_code
    assert status == 422
    assert time.perf_counter() - start < 1
    assert hashes == []
    assert not SignInFailure.objects.exists()


def test_attack_41_a_form_beyond_a_megabyte_is_not_even_read(alder_admin, hashes):
    content = f"email={alder_admin.email}&password={LONG * 2}"
    answer = Client().post("/sign-in/", content, content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, hashes) == (413, [])


@pytest.mark.parametrize("field", ["email", "password", "next"])
@pytest.mark.parametrize(
    "text", [b"%00", b"a%00b", b"%ff%fe", b"%ed%a0%80", b"%0d%0a", b"%1b[31m", b"%e2%80%ae"]
)
def test_attack_68_odd_bytes_are_never_an_error(alder_admin, field, text):
    content = b"&".join(
        name.encode() + b"=" + (text if name == field else value)
        for name, value in (("email", b"a@b.example"), ("password", b"wrong"), ("next", b"/"))
    )
    answer = Client().post("/sign-in/", content, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "password",
    [
        " leading",
        "trailing ",
        "tab\there",
        "e\u0301 e\u0301 e\u0301 accents",
        "{PLAIN}not a scheme",
        "\U0001f40e" * 12,
    ],
)
def test_attack_36_a_password_is_what_was_typed(alder, password):
    user = make_user("odd@mail.example", alder, "read_only")
    user.password = hashers.make_password(unicodedata.normalize("NFC", password))
    user.save()
    assert try_to_sign_in(Client(), user.email, password).status_code == 302
    assert try_to_sign_in(Client(), user.email, password.strip() + "x").status_code == 422


@given(
    st.one_of(st.text(), st.from_regex(r"[/\\:@?#.%a-z0-9\t\r\n ]{0,12}evil\.example[/?#]?", fullmatch=True))
)
def test_attack_42_no_text_leads_away(wanted):
    """As a browser resolves it, which takes `\\` for `/` and drops tabs and line ends."""
    request = RequestFactory().post("/sign-in/", {"next": wanted})
    led_to = safe_next(request).replace("\\", "/").translate({9: None, 10: None, 13: None})
    assert urlsplit(urljoin("http://panel.example/sign-in/", led_to)).netloc == "panel.example"


@pytest.mark.parametrize("method", ["get", "head", "put", "delete", "patch"])
def test_attack_26_nobody_is_signed_in_by_anything_but_a_form(alder_admin, method):
    client = Client()
    getattr(client, method)(f"/sign-in/?email={alder_admin.email}&password={PASSWORD}")
    assert "_auth_user_id" not in client.session


def test_attack_26_a_json_body_signs_nobody_in(alder_admin):
    client = Client()
    typed = {"email": alder_admin.email, "password": PASSWORD}
    assert client.post("/sign-in/", typed, content_type="application/json").status_code == 422


@pytest.mark.parametrize("path", ["/sign-in/", "/password/forgot/", "/sign-out/", "/password/change/"])
def test_attack_44_without_the_token_of_the_form_nothing_happens(alder_admin, path):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alder_admin, backend="panel.tenants.sign_in.MemberBackend")
    assert client.post(path, {"email": alder_admin.email, "password": PASSWORD}).status_code == 403
    assert "_auth_user_id" in client.session


def test_attack_43_a_session_that_somebody_planted_is_not_the_one_that_is_signed_in(alder_admin):
    planted = Client()
    planted.get("/sign-in/")
    session = planted.session
    session["trap"] = "set"
    session.save()
    planted.cookies["session"] = before = session.session_key
    assert try_to_sign_in(planted, alder_admin.email).status_code == 302
    assert planted.cookies["session"].value != before
    assert not Session.objects.filter(session_key=before).exists()


def test_attack_43_signing_in_as_somebody_else_takes_nothing_along(alder_admin, alder_reader):
    client = Client()
    try_to_sign_in(client, alder_admin.email)
    session = client.session
    session["of"] = "the admin"
    session.save()
    before = session.session_key
    try_to_sign_in(client, alder_reader.email)
    assert client.session.session_key != before
    assert "of" not in client.session


@pytest.mark.django_db(transaction=True)
def test_attack_51_of_parallel_guesses_no_more_than_the_limit_are_heard(alder_admin):
    """One of them is right; it may be among those that are not heard, but never a sixth one."""
    guesses = [*(f"guess {number}" for number in range(11)), PASSWORD]

    def guess(password):
        try:
            return try_to_sign_in(Client(), alder_admin.email, password).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(guess, guesses))
    # A success forgives what was counted before it, and no more than the limit can come after it.
    assert answers.count(422) <= (10 if 302 in answers else 5)
    assert set(answers) <= {302, 422, 429}
    assert try_to_sign_in(Client(), alder_admin.email, "another").status_code in {422, 429}


@pytest.mark.django_db(transaction=True)
def test_attack_51_parallel_wrong_guesses_are_heard_exactly_to_the_limit(alder_admin):
    def guess(number):
        try:
            return try_to_sign_in(Client(), alder_admin.email, f"guess {number}").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as pool:
        assert sorted(pool.map(guess, range(12))) == [422] * 5 + [429] * 7


def test_a_throttled_answer_says_when_to_try_again(alder_admin):
    for number in range(5):
        try_to_sign_in(Client(), alder_admin.email, f"guess {number}")
    answer = try_to_sign_in(Client(), alder_admin.email)
    assert answer.status_code == 429
    assert 590 <= int(answer["Retry-After"]) <= 600
    assert "Too many tries. Wait 10 minutes, then try again." in answer.content.decode()


def test_the_same_wrong_password_over_and_over_is_one_guess(alder_admin):
    """A program that was not told of the new password."""
    answers = [try_to_sign_in(Client(), alder_admin.email, "the old one").status_code for _ in range(9)]
    assert answers == [422] * 9
    assert try_to_sign_in(Client(), alder_admin.email).status_code == 302
