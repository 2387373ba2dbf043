"""The door: one try to sign in, counted, judged and written into the trail."""

import time

from django.contrib.auth import authenticate, login
from django.db import transaction
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from panel.accounts import throttle
from panel.accounts.models import User
from panel.audit import log
from panel.audit.actor import Actor, ActorKind
from panel.audit.middleware import client_address, request_id
from panel.lib.addresses import normalise_destination
from panel.lib.errors import Refused

# In the session: when it began and when it was last used, in seconds since the epoch.
BEGAN_AT, SEEN_AT = "began_at", "seen_at"

# The same for an unknown address, a wrong password and a suspended tenant: it tells nothing.
_WRONG = (
    "The address or the password is not right, or this account is closed. Try again, or ask your provider."
)


def account_of(typed: str) -> str:
    """The address that a person typed in its one spelling; what is none stays as it is, cut."""
    try:
        return normalise_destination(typed)
    except Refused:
        return typed.strip().lower()[:254].replace("\x00", "")


def sign_in(request: HttpRequest, email: str, password: str) -> User:
    """Sign the person in with a new session. Raises `Refused` (wrong, throttled). An error or a database
    that is away is never counted as a wrong password: counting comes after the answer."""
    account, address = account_of(email), client_address(request)
    counters = throttle.counters_of_sign_in(account, address, None)
    throttle.look(counters)
    user = authenticate(request, email=account, password=password)
    if not isinstance(user, User):
        _count(account, address, counters, password)
        raise Refused(_WRONG, "wrong")
    throttle.clear(counters)
    with transaction.atomic():
        login(request, user)
        request.session[BEGAN_AT] = request.session[SEEN_AT] = int(time.time())
        _record("session.start", user, address, user.trail_tenant_id)
    return user


def _count(account: str, address: str | None, counters: list[throttle.Counter], password: str) -> None:
    became_full = throttle.take(counters, password)
    label = _label_of(account)
    actor = Actor(ActorKind.ANONYMOUS, label, None, address, request_id())
    action = "session.throttle" if became_full else "session.refuse"
    with transaction.atomic():
        log.record(action, actor=actor, tenant_id=None, obj=("session", None, label))


def _label_of(account: str) -> str:
    """What the trail may say of a typed address. What is none is often a password in the wrong field."""
    try:
        return normalise_destination(account)
    except Refused:
        return "no address"


def _record(action: str, user: User, address: str | None, tenant_id: int | None) -> None:
    kind = ActorKind.MEMBER if user.kind == "member" else ActorKind.MAILBOX
    actor = Actor(kind, user.email, user.pk, address, request_id())
    log.record(action, actor=actor, tenant_id=tenant_id, obj=(user.kind, user.pk, user.email))


def safe_next(request: HttpRequest) -> str:
    """Where the person wanted to go, if that is a page of this panel; else the start."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = (
        wanted.startswith("/")
        and not any(ord(character) < 32 or character == "\\" for character in wanted)
        and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None, require_https=request.is_secure())
    )
    return wanted if is_ours else "/"
