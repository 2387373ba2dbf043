"""Members' passwords: one spelling, one check, one way to make one."""

import secrets
import unicodedata
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password, verify_password

# Nobody types more; it bounds what a form hands to the hash.
MAX_TYPED = 4096
# Without the letters and digits that are taken for each other when somebody reads them aloud.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP_LENGTH = 4, 5


@dataclass(frozen=True)
class OneTimePassword:
    """A password that is shown once, and its hash: made before a transaction, stored in it."""

    text: str
    hashed: str

    def __repr__(self) -> str:
        return "OneTimePassword()"


def normal(password: str) -> str:
    """The NFC form: one keyboard types an accent as one character, another as two (NIST SP 800-63B-4 3.1.1.2)."""
    return unicodedata.normalize("NFC", password)


def hash_password(password: str) -> str:
    return make_password(normal(password))


def is_right(password: str, hashed: str) -> tuple[bool, bool]:
    """Whether `password` belongs to the hash, and whether the hash should be made anew (cost went up)."""
    return verify_password(normal(password), hashed)


def spend_the_time_of_a_check(password: str) -> None:
    """What a check costs, for an address that nobody has: the answer must not come sooner."""
    make_password(normal(password))


def make_one_time_password() -> OneTimePassword:
    """A password of 98 random bits in groups of five, such as `k3mfe-…`."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_LENGTH)) for _ in range(_GROUPS))
    text = "-".join(groups)
    return OneTimePassword(text, hash_password(text))
