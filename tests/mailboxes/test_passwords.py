"""Mailbox passwords: what is accepted, and that Dovecot reads our hashes as we read its own."""

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from passlib.hash import argon2, bcrypt, sha512_crypt

from mailboxes import passwords
from mailboxes.passwords import check_policy, generate_password, hash_password, is_right, needs_upgrade
from panel.lib.errors import Refused
from tests.factories import PASSWORD, PASSWORD_HASH

ADDRESS = "ann@alder.example"
BCRYPT = "{BLF-CRYPT}" + bcrypt.using(rounds=4, salt="a" * 21 + "e").hash(PASSWORD)
SHA512 = "{SHA512-CRYPT}" + sha512_crypt.using(rounds=1000, salt="fixedsalt").hash(PASSWORD)
CHEAP = argon2.using(type="ID", memory_cost=8, time_cost=1, parallelism=1)


def doveadm(*arguments, typed=None):
    """doveadm without any configuration of the machine."""
    done = subprocess.run(
        [shutil.which("doveadm"), "-O", *arguments], input=typed, capture_output=True, check=False, timeout=60
    )
    return done.returncode, done.stdout.decode().strip()


def dovecot_accepts(password, stored):
    return doveadm("pw", "-t", stored, "-p", password)[0] == 0


def test_a_new_hash_is_argon2id_with_the_cost_of_the_policy():
    stored = hash_password(PASSWORD)
    assert stored.startswith("{ARGON2ID}$argon2id$v=19$m=19456,t=2,p=1$")
    assert not needs_upgrade(stored)
    assert is_right(PASSWORD, stored)
    assert not is_right(PASSWORD + " ", stored)


@pytest.mark.parametrize("stored", [PASSWORD_HASH, BCRYPT, SHA512])
def test_accepted_foreign_hashes_open_and_are_due_for_an_upgrade(stored):
    assert is_right(PASSWORD, stored)
    assert not is_right("another", stored)
    assert needs_upgrade(stored)


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "{PLAIN}" + PASSWORD,
        PASSWORD,
        "{ARGON2ID}",
        "{ARGON2ID}nonsense",
        "{BLF-CRYPT}$2b$99$x",
        "{SHA512-CRYPT}x",
        "{CRYPT}$6$x",
        "ARGON2ID}" + PASSWORD_HASH,
    ],
)
def test_what_is_no_hash_of_an_accepted_scheme_opens_nothing(stored):
    assert not is_right(PASSWORD, stored)


@pytest.mark.parametrize("stored", [PASSWORD_HASH, BCRYPT, SHA512])
def test_a_stored_hash_typed_as_the_password_is_a_wrong_password(stored):
    assert not is_right(stored, stored)


# Attack case 36.
ODD = [
    "{PLAIN}xxxxxxxx",
    "user=root\tuid=0",
    "  spaces before and behind  ",
    "p\u00e9che melba \u00e9t\u00e9",
    "pe\u0301che melba e\u0301te\u0301",
    "\U0001f40e\U0001f4ee horses and horns",
    "%u%d%{sha256:password}",
    "'; DROP TABLE x; --",
    "x" * 72,
    "x" * 73,
    "\u0434\u043e\u043b\u0433\u0438\u0439 \u043f\u0430\u0440\u043e\u043b\u044c \u0441 \u0431\u0443\u043a\u0432\u0430\u043c\u0438",
    "y" * 128,
]


@pytest.mark.parametrize("password", ODD)
def test_dovecot_accepts_our_hash_of_an_odd_password_and_nothing_near_it(password):
    if "\t" not in password:
        check_policy(password, ADDRESS)
    stored = hash_password(password)
    assert is_right(password, stored)
    assert dovecot_accepts(password, stored)
    assert not dovecot_accepts(password + "x", stored)
    assert not is_right(password.strip() + "x", stored)


def test_composed_and_decomposed_letters_are_two_passwords_as_dovecot_has_it():
    composed, decomposed = "p\u00e9che melba", "pe\u0301che melba"
    stored = hash_password(composed)
    assert (is_right(composed, stored), is_right(decomposed, stored)) == (True, False)
    assert (dovecot_accepts(composed, stored), dovecot_accepts(decomposed, stored)) == (True, False)


@pytest.mark.parametrize("scheme", ["ARGON2ID", "BLF-CRYPT", "SHA512-CRYPT"])
def test_a_hash_that_dovecot_made_is_read_by_us(scheme):
    code, stored = doveadm(
        "pw", "-s", scheme, "-p", PASSWORD, *(["-r", "5"] if scheme == "BLF-CRYPT" else [])
    )
    assert code == 0
    assert is_right(PASSWORD, stored)
    assert not is_right(PASSWORD + "x", stored)


def test_a_password_beyond_what_bcrypt_reads_is_wrong_and_no_error():
    assert not is_right("x" * 73, "{BLF-CRYPT}" + bcrypt.using(rounds=4).hash("x" * 72))
    assert is_right("x" * 72, "{BLF-CRYPT}" + bcrypt.using(rounds=4).hash("x" * 72))


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "password_short"),
        ("123456789", "password_short"),
        ("x" * 129, "password_long"),
        ("x" * 100_000, "password_long"),
        ("nul\x00in the middle", "password_characters"),
        ("tab\tin the middle", "password_characters"),
        ("line\nin the middle", "password_characters"),
        ("lone surrogate \ud800", "password_characters"),
        (ADDRESS, "password_address"),
        (ADDRESS.upper(), "password_address"),
        ("alder.example", "password_address"),
    ],
)
def test_the_policy_refuses_in_words_at_the_field(password, code):
    with pytest.raises(Refused) as refusal:
        check_policy(password, ADDRESS)
    assert (refusal.value.code, refusal.value.field) == (code, "password")
    assert not password or password not in refusal.value.message


def test_generated_passwords_are_long_readable_and_never_the_same():
    made = {generate_password() for _ in range(500)}
    assert len(made) == 500
    assert all(len(one) == 23 and set(one) <= {*passwords._ALPHABET, "-"} for one in made)
    # Twenty characters of 31: 99 bits.
    assert len(passwords._ALPHABET) ** 20 > 2**98
    for one in made:
        check_policy(one, ADDRESS)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=140))
def test_whatever_the_policy_lets_through_can_be_hashed_and_opens(password):
    try:
        check_policy(password, ADDRESS)
    except Refused:
        return
    stored = "{ARGON2ID}" + CHEAP.hash(password)
    assert is_right(password, stored)
    assert not is_right(password + "x", stored)


@settings(max_examples=300, deadline=None)
@given(
    st.text(max_size=2000),
    st.text(max_size=80),
    st.sampled_from(["", "{ARGON2ID}", "{BLF-CRYPT}", "{SHA512-CRYPT}", "{"]),
)
def test_no_text_as_password_or_hash_raises(password, stored, scheme):
    assert is_right(password, scheme + stored) is False
