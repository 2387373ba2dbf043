"""What a member's password must be."""

import unicodedata
from typing import Any

from django.core.exceptions import ValidationError

from panel.accounts.passwords import normal

MIN_LENGTH = 12
MAX_LENGTH = 128
# A name or address part shorter than this turns up in good passwords by chance.
MIN_PERSONAL_PART = 4

# The commonest of twelve characters and more, without case: what lists of stolen passwords begin with.
COMMON = frozenset(
    [
        "123456789012",
        "1234567890123",
        "12345678901234",
        "123456789012345",
        "1234567890123456",
        "123123123123",
        "012345678910",
        "012345678901",
        "qwertyuiop12",
        "qwertyuiop123",
        "qwertyuiop[]",
        "qwertyuiopas",
        "qwertyuiopasdf",
        "qwertyuiopasdfgh",
        "qwertyuiopasdfghjkl",
        "qwerty123456",
        "qwerty1234567",
        "qwerty12345678",
        "qwerty123456789",
        "1q2w3e4r5t6y",
        "1q2w3e4r5t6y7u",
        "1q2w3e4r5t6y7u8i",
        "1qaz2wsx3edc",
        "1qaz2wsx3edc4rfv",
        "zaq12wsxcde3",
        "q1w2e3r4t5y6",
        "asdfghjkl123",
        "asdfghjklzxcvbnm",
        "zxcvbnm12345",
        "zxcvbnm123456",
        "abcdefghijkl",
        "abcdefghijklm",
        "abcdefghijklmnop",
        "abcdefghijklmnopqrstuvwxyz",
        "abcd12345678",
        "abc123456789",
        "abcdef123456",
        "a1b2c3d4e5f6",
        "password1234",
        "password12345",
        "password123456",
        "password1234567",
        "password12345678",
        "password123456789",
        "passwordpassword",
        "password!123",
        "password@123",
        "password@1234",
        "password2024",
        "password2025",
        "password2026",
        "passw0rd1234",
        "p@ssw0rd1234",
        "p@ssword1234",
        "p@ssw0rd123456",
        "mypassword12",
        "mypassword123",
        "newpassword1",
        "newpassword123",
        "changeme1234",
        "changeme12345",
        "changemechangeme",
        "changemenow1",
        "welcome12345",
        "welcome123456",
        "welcome12345678",
        "letmein12345",
        "letmein123456",
        "letmeinletmein",
        "iloveyou1234",
        "iloveyou12345",
        "iloveyouforever",
        "administrator",
        "administrator1",
        "administrator123",
        "admin1234567",
        "admin12345678",
        "admin123456789",
        "adminadminadmin",
        "adminadmin123",
        "rootrootroot",
        "root12345678",
        "superuser123",
        "supersecret1",
        "secretpassword",
        "testtesttest",
        "test12345678",
        "testpassword",
        "testing12345",
        "temppassword",
        "temporary123",
        "default12345",
        "defaultpassword",
        "correcthorsebatterystaple",
        "trustno1trustno1",
        "football1234",
        "baseball1234",
        "basketball12",
        "princess1234",
        "sunshine1234",
        "starwars1234",
        "superman1234",
        "michael12345",
        "charlie12345",
        "liverpool123",
        "manchester123",
        "manchesterunited",
        "summer2024!!",
        "summer2025!!",
        "winter2025!!",
        "spring2026!!",
        "summer2026!!",
        "autumn2026!!",
        "postmaster12",
        "postmaster123",
        "mailserver12",
        "mailserver123",
        "posthouse123",
        "1111111111111",
        "111111111111",
        "000000000000",
        "0000000000000",
        "aaaaaaaaaaaa",
        "999999999999",
        "123321123321",
        "987654321098",
        "0987654321098",
        "147258369147",
        "147852369147",
        "112233445566",
        "11223344556677",
        "1122334455667788",
        "121212121212",
        "102030405060",
        "0102030405060",
        "google123456",
        "facebook1234",
        "linkedin1234",
        "computer1234",
        "internet1234",
        "whatever1234",
        "dragon123456",
        "monkey123456",
        "shadow123456",
        "master123456",
        "killer123456",
        "freedom12345",
        "jordan23jordan",
        "jesuschrist1",
        "godisgood123",
    ]
)


class PasswordPolicy:
    """Long enough, not too long, not about the person, not one of the commonest. No rules about kinds of
    characters and no expiry: they make people choose worse ones (NIST SP 800-63B-4 3.1.1.2)."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise `ValidationError` with one sentence; `user` needs only `email` and `name`."""
        text = normal(password)
        for character in text:
            if unicodedata.category(character) in {"Cc", "Cs", "Cn"}:
                message = "There is a character in it that not every keyboard can type. Leave it out."
                raise ValidationError(message, code="password_characters")
        if len(text) < MIN_LENGTH:
            message = f"This has {len(text)} characters. A password needs at least {MIN_LENGTH}: four words make a good one."
            raise ValidationError(message, code="password_too_short")
        if len(text) > MAX_LENGTH:
            message = f"A password has at most {MAX_LENGTH} characters. This has {len(text)}."
            raise ValidationError(message, code="password_too_long")
        folded = text.casefold()
        if folded in COMMON or len(set(folded)) <= 3:  # noqa: PLR2004 -- such as "aabbaabbaabb"
            message = "This is one of the first passwords that a stranger would try. Choose another one."
            raise ValidationError(message, code="password_common")
        if _is_about(folded, user):
            message = "Somebody who knows your name or address could guess this. Choose another one."
            raise ValidationError(message, code="password_personal")

    def get_help_text(self) -> str:
        return f"At least {MIN_LENGTH} characters. Spaces are allowed: four words that have nothing to do with each other make a good one."


def _is_about(folded: str, user: Any) -> bool:
    """Whether little is left of the password without the parts of the person's name and address."""
    if user is None:
        return False
    email, name = str(user.email).casefold(), str(user.name).casefold()
    local_part, _, domain = email.partition("@")
    parts = {email, local_part, domain, name, domain.partition(".")[0], *name.split(), *local_part.split(".")}
    left = folded
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= MIN_PERSONAL_PART:
            left = left.replace(part, "")
    return len(left) < len(folded) and len(left) < MIN_LENGTH - MIN_PERSONAL_PART
