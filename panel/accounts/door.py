"""The door: one try to sign in, counted, judged and written into the trail."""

import logging
import time

from django.contrib.auth import authenticate, login, logout
from django.db import transaction
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from panel.accounts import devices, shut_out, throttle
from panel.accounts.models import User, UserKind
from panel.audit import log
from panel.audit.actor import Actor, ActorKind
from panel.audit.middleware import client_address, request_id
from panel.lib.addresses import normalise_destination
from panel.lib.errors import Refused

logger = logging.getLogger(__name__)

# In the session: when it began and when it was last used, in seconds since the epoch, and the tenant whose
# trail tells of it.
BEGAN_AT, SEEN_AT, TRAIL_TENANT = "began_at", "seen_at", "trail_tenant"

# The same for an unknown address and a wrong password, whatever state the account is in.
_WRONG = "The address or the password is not right. Try again, or ask whoever runs your mail."


def account_of(typed: str) -> str:
    """The address that a person typed in its one spelling; what is none stays as it is, cut."""
    try:
        return normalise_destination(typed)
    except Refused:
        return typed.strip().lower()[:254].replace("\x00", "")


def sign_in(request: HttpRequest, email: str, password: str) -> User:
    """Sign the person in with a new session. Raises `Refused` (wrong, shut_out, throttled). An error or a
    database that is away is never counted as a wrong password: counting comes after the answer."""
    account, address = account_of(email), client_address(request)
    counters = throttle.counters_of_sign_in(account, address, devices.device_of(request, account))
    throttle.look(counters)
    user = authenticate(request, email=account, password=password)
    refusal = shut_out.told(request)
    if not isinstance(user, User):
        if refusal is None:
            _count(account, address, counters, password)
            raise Refused(_WRONG, "wrong")
        # What follows tells that the password was right: not to a guess that came too late to be heard.
        throttle.clear(counters)
        raise refusal
    failures = throttle.clear(counters)
    with transaction.atomic():
        login(request, user)
        request.session[BEGAN_AT] = request.session[SEEN_AT] = int(time.time())
        request.session[TRAIL_TENANT] = user.trail_tenant_id
        _record("session.start", request, user, after={"failures_before": failures} if failures else None)
    return user


def sign_out(request: HttpRequest) -> None:
    """End the session. The browser stays known."""
    user = request.user
    if isinstance(user, User):
        with transaction.atomic():
            _record("session.end", request, user)
    logout(request)


def trail_tenant_of(request: HttpRequest) -> int | None:
    """The tenant whose trail tells of what the person does about their own account."""
    found = request.session.get(TRAIL_TENANT)
    return found if isinstance(found, int) else None


def _count(account: str, address: str | None, counters: list[throttle.Counter], password: str) -> None:
    """Count a wrong password. The log hears of each; the trail, which is kept for ever, of those that
    closed the door for a while, so that a guesser cannot fill it."""
    label = _label_of(account)
    became_full = throttle.take(counters, password)
    logger.info("Sign-in refused: %s from %s", label, address or "no address")
    if not became_full:
        return
    actor = Actor(ActorKind.ANONYMOUS, label, None, address, request_id())
    with transaction.atomic():
        log.record(
            "session.throttle",
            actor=actor,
            tenant_id=None,
            obj=("session", None, label),
            after={"counted_by": sorted(one.kind for one in became_full)},
        )


def _label_of(account: str) -> str:
    """What the trail may say of a typed address. What is none is often a password in the wrong field."""
    try:
        return normalise_destination(account)
    except Refused:
        return "no address"


def _record(action: str, request: HttpRequest, user: User, after: dict[str, int] | None = None) -> None:
    kind = ActorKind.MEMBER if user.kind == UserKind.MEMBER else ActorKind.MAILBOX
    actor = Actor(kind, user.email, user.pk, client_address(request), request_id())
    log.record(
        action,
        actor=actor,
        tenant_id=trail_tenant_of(request),
        obj=(user.kind, user.pk, user.email),
        after=after,
    )


def safe_next(request: HttpRequest) -> str:
    """Where the person wanted to go, if that is a page of this panel; else the start."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = (
        wanted.startswith("/")
        and not any(ord(character) < 32 or character == "\\" for character in wanted)
        and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None, require_https=request.is_secure())
    )
    return wanted if is_ours else "/"
