"""Mailbox passwords: the hashes that Dovecot reads, made and checked. Pure.

A stored hash is `{SCHEME}` and the scheme's own text (doveadm-pw(1)). New ones are ARGON2ID; BLF-CRYPT and
SHA512-CRYPT come with mailboxes from elsewhere. The password is the UTF-8 of what was typed, unchanged:
Dovecot compares bytes, and a mail program sends what its user typed.
"""

import secrets
import unicodedata

from passlib.hash import argon2, bcrypt, sha512_crypt

from panel.lib.errors import Refused

MIN_LENGTH = 10
MAX_LENGTH = 128
# What is compared with a hash: one that came from elsewhere may be of a longer password.
MAX_CHECKED = 1024
# bcrypt reads 72 bytes and no more.
BCRYPT_BYTES = 72
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP_LENGTH = 4, 5
# OWASP's figures for argon2id: 19 MiB, two passes, one lane.
_ARGON2ID = argon2.using(type="ID", memory_cost=19456, time_cost=2, parallelism=1)
_COST = "$argon2id$v=19$m=19456,t=2,p=1$"


def hash_password(password: str) -> str:
    """`{ARGON2ID}…` of a password that `check_policy` let through."""
    return "{ARGON2ID}" + str(_ARGON2ID.hash(password))


def is_right(password: str, stored: str) -> bool:
    """Whether `password` belongs to `stored`. False for an unknown scheme or a hash that is none."""
    scheme, _, rest = stored.partition("}")
    if "\x00" in password or len(password) > MAX_CHECKED:
        return False
    try:
        if scheme == "{ARGON2ID":
            return bool(argon2.verify(password, rest))
        if scheme == "{BLF-CRYPT":
            # Cut rather than left out: a password that is too long must take as long as any other.
            typed = password.encode()
            return bool(bcrypt.verify(typed[:BCRYPT_BYTES], rest)) and len(typed) <= BCRYPT_BYTES
        if scheme == "{SHA512-CRYPT":
            return bool(sha512_crypt.verify(password, rest))
    except (ValueError, TypeError):
        return False
    return False


def needs_upgrade(stored: str) -> bool:
    """Whether the hash is of another scheme or cost than new ones."""
    return not stored.startswith("{ARGON2ID}" + _COST)


def generate_password() -> str:
    """98 random bits in groups of five, such as `k3mfe-…`."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_LENGTH)) for _ in range(_GROUPS))
    return "-".join(groups)


def check_policy(password: str, address: str) -> None:
    """Raise `Refused` at `password` (password_short, password_long, password_characters, password_address)
    unless the password may be that of `address`."""
    if len(password) < MIN_LENGTH:
        raise Refused(
            f"This has {len(password)} characters. Use at least {MIN_LENGTH}; a short sentence is good.",
            "password_short",
            "password",
        )
    if len(password) > MAX_LENGTH:
        raise Refused(f"A password has at most {MAX_LENGTH} characters.", "password_long", "password")
    if any(unicodedata.category(character) in {"Cc", "Cs", "Cn"} for character in password):
        raise Refused(
            "There is a character in it that cannot be typed in a mail program.",
            "password_characters",
            "password",
        )
    local_part, _, domain = address.partition("@")
    folded = password.casefold()
    if folded in {address, domain} or (len(local_part) >= MIN_LENGTH and folded == local_part):
        raise Refused("The address is the first thing that is guessed.", "password_address", "password")
