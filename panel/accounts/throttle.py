"""How often a password may be guessed.

A failure is counted for the account and network together, for the network, and for the account from
wherever. The last limit is high and its window short, for otherwise anybody could lock anybody out. A
browser in which the account was signed in before (`devices`) has a count of its own in place of all three,
so that a guesser does not touch the account's owner at all, not even from the same network. A session that
stands open and guesses the present password has one of its own too.

Nothing is counted before a password was truly found wrong: an error or a database that is away never is.
The count is exact under concurrency all the same, because a success too has to find its keys not full
(`clear`): of a hundred parallel guesses, those that are judged after the limit are not heard.
"""

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from panel.accounts.models import SignInFailure
from panel.lib.errors import Refused

MINUTE = 60


@dataclass(frozen=True)
class Limit:
    """So many failures in a window of so many seconds, which begins with the first one."""

    failures: int
    seconds: int


PAIR = Limit(5, 10 * MINUTE)
DEVICE = Limit(10, 10 * MINUTE)
SESSION = Limit(5, 10 * MINUTE)
NETWORK = Limit(60, 10 * MINUTE)
ACCOUNT = Limit(40, 3 * MINUTE)
RESETS_OF_NETWORK = Limit(20, 60 * MINUTE)
RESETS_OF_ACCOUNT = Limit(3, 30 * MINUTE)


@dataclass(frozen=True)
class Counter:
    """One thing to count by. `forgives`: a success sets it back to nothing."""

    kind: str
    value: str
    limit: Limit
    forgives: bool = False

    @property
    def key(self) -> str:
        return salted_hmac("posthouse.throttle", f"{self.kind}\0{self.value}", algorithm="sha256").hexdigest()


class Throttled(Refused):
    """Too many failures; `seconds` until the next try is heard."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many tries. Wait {in_words(seconds)}, then try again.", "throttled")
        self.seconds = seconds

    def at(self, field: str) -> Self:  # noqa: ARG002 -- waiting concerns the whole form
        return self


def counters_of_sign_in(account: str, address: str | None, device: str | None) -> list[Counter]:
    """What a try to sign in to `account` (any text) from `address` counts by; `device` names a browser
    that was signed in to this account before. Behind a unix socket there is no address."""
    if device:
        return [Counter("device", f"{account}\0{device}", DEVICE, forgives=True)]
    network = network_of(address)
    counters = [Counter("network", network, NETWORK)] if network else []
    pair = Counter("pair", f"{account}\0{network}", PAIR, forgives=True)
    return [*counters, pair, Counter("account", account, ACCOUNT)]


def counters_of_session(session_key: str) -> list[Counter]:
    """What guesses of the present password count by in a session that is open, so perhaps stolen. Its own
    count alone: guesses elsewhere must not keep an owner from changing the password. Empty for no session,
    such as a command."""
    return [Counter("session", session_key, SESSION, forgives=True)] if session_key else []


def counters_of_reset(account: str, address: str | None) -> list[Counter]:
    """What asking for a link to a new password counts by."""
    network = network_of(address)
    counters = [Counter("reset_network", network, RESETS_OF_NETWORK)] if network else []
    return [*counters, Counter("reset_account", account, RESETS_OF_ACCOUNT)]


def network_of(address: str | None) -> str:
    """What one customer of a provider has: an IPv4 address, or an IPv6 /64. Empty for none."""
    if not address:
        return ""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def look(counters: Sequence[Counter]) -> None:
    """Raise `Throttled` if one of the counters is full."""
    rows = {row.key: row for row in SignInFailure.objects.filter(key__in=[one.key for one in counters])}
    _refuse_if_full(counters, rows)


def check(
    counters: Sequence[Counter], guess: str, is_right: Callable[[], bool], on_full: Callable[[], object]
) -> bool:
    """Whether a password is right, counted by each of the counters. `on_full` runs, in a transaction, when
    this guess was the last one for now. Raises `Throttled` instead of an answer when one is full."""
    look(counters)
    if is_right():
        clear(counters)
        return True
    if take(counters, guess):
        with transaction.atomic():
            on_full()
    return False


def take(counters: Sequence[Counter], guess: str = "") -> list[Counter]:
    """Count one failure by each of the counters, or raise `Throttled` if one is full and count nothing.

    A `guess` that is the last one over again counts for the network alone: somebody who types the same
    old password five times has guessed once. Returns the counters that became full by this failure.
    """
    mark = salted_hmac("posthouse.guess", guess).hexdigest()[:4] if guess else ""
    with transaction.atomic():
        rows = _locked(counters)
        _refuse_if_full(counters, rows)
        repeated = any(one.forgives and mark and rows[one.key].last_guess == mark for one in counters)
        became_full = []
        for one in counters:
            row = rows[one.key]
            if repeated and one.kind != "network":
                continue
            _begin_window_if_over(row, one.limit)
            row.failures += 1
            row.last_guess = mark if one.forgives else ""
            row.save(update_fields=["failures", "window_started_at", "last_guess"])
            if row.failures >= one.limit.failures:
                became_full.append(one)
    return became_full


def clear(counters: Sequence[Counter]) -> int:
    """After a success: forgive what concerns this person here, and say how many failures that were. Raises `Throttled` if a counter has become
    full since `look`: this guess was one of too many in parallel, right or not."""
    with transaction.atomic():
        rows = {
            row.key: row
            for row in SignInFailure.objects.select_for_update()
            .filter(key__in=[one.key for one in counters])
            .order_by("key")
        }
        _refuse_if_full(counters, rows)
        forgiven = [one.key for one in counters if one.forgives and one.key in rows]
        SignInFailure.objects.filter(key__in=forgiven).update(failures=0, last_guess="")
    return max((rows[key].failures for key in forgiven), default=0)


def in_words(seconds: int) -> str:
    """A waiting time as people say it, rounded up."""
    if seconds <= MINUTE:
        return "a minute"
    return f"{-(-seconds // MINUTE)} minutes"


def _locked(counters: Sequence[Counter]) -> dict[str, SignInFailure]:
    """The rows of the counters, made where missing and locked in the order of their keys."""
    keys = sorted({one.key for one in counters})
    now = timezone.now()
    while True:
        SignInFailure.objects.bulk_create(
            [SignInFailure(key=key, window_started_at=now) for key in keys], ignore_conflicts=True
        )
        rows = SignInFailure.objects.select_for_update().filter(key__in=keys).order_by("key")
        found = {row.key: row for row in rows}
        # The purge may have taken an old row in between.
        if len(found) == len(keys):
            return found


def _refuse_if_full(counters: Sequence[Counter], rows: dict[str, SignInFailure]) -> None:
    waits = [
        left
        for one in counters
        if (row := rows.get(one.key)) is not None
        and row.failures >= one.limit.failures
        and (left := _seconds_left(row, one.limit)) > 0
    ]
    if waits:
        raise Throttled(max(waits))


def _begin_window_if_over(row: SignInFailure, limit: Limit) -> None:
    now = timezone.now()
    if row.failures == 0 or _seconds_left(row, limit) <= 0:
        row.failures, row.window_started_at = 0, now


def _seconds_left(row: SignInFailure, limit: Limit) -> int:
    # A clock that was set back must not make a window longer than it is.
    started_at = min(row.window_started_at, timezone.now())
    left = started_at + timedelta(seconds=limit.seconds) - timezone.now()
    return max(0, -(-int(left.total_seconds() * 1000) // 1000))
