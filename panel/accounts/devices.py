"""Browsers in which an account was signed in before.

A browser that gave the right password once gets a signed cookie. Whoever guesses from elsewhere fills
other counts than the one of such a browser (`throttle`), so nobody can shut an owner out by guessing. The
cookie opens nothing: without it a sign-in is as good, it is only counted with everybody's.
"""

import secrets
import time
from collections.abc import Iterable

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

LIFE_SECONDS = 180 * 24 * 3600
# As many as one person has; it bounds the header.
MAX_ACCOUNTS = 5
_SALT = "posthouse.device"

# An account's mark, the name of the browser for it, and when it last signed in there.
Entry = tuple[str, str, int]


def cookie_name() -> str:
    return "__Host-device" if settings.USES_TLS else "device"


def device_of(request: HttpRequest, account: str) -> str | None:
    """The name of this browser for `account`, or None where the account was never signed in here, too long
    ago, or where the cookie is forged."""
    mark = _mark(account)
    return next((device for found, device, _ in _entries(request) if found == mark), None)


def remember(request: HttpRequest, response: HttpResponse, account: str) -> None:
    """After the right password: this browser is known for `account` from now on."""
    mark, device = _mark(account), device_of(request, account) or secrets.token_hex(8)
    others = [entry for entry in _entries(request) if entry[0] != mark]
    entries = [(mark, device, int(time.time())), *others][:MAX_ACCOUNTS]
    response.set_cookie(
        cookie_name(),
        signing.dumps(entries, salt=_SALT),
        max_age=LIFE_SECONDS,
        httponly=True,
        secure=settings.USES_TLS,
        samesite="Lax",
    )


def _entries(request: HttpRequest) -> list[Entry]:
    """What the cookie says that is not too old. The signature is checked before anything is parsed."""
    try:
        found = signing.loads(request.COOKIES.get(cookie_name(), ""), salt=_SALT)
    except signing.BadSignature:
        return []
    return list(_fresh((mark, device, at) for mark, device, at in found))


def _fresh(entries: Iterable[Entry]) -> Iterable[Entry]:
    oldest = time.time() - LIFE_SECONDS
    return (entry for entry in entries if entry[2] > oldest)


def _mark(account: str) -> str:
    """The account in the cookie: keyed, so that a cookie does not tell who uses the browser."""
    return salted_hmac(_SALT, account, algorithm="sha256").hexdigest()[:24]
