"""How long a session lives, and that a password which was handed out is changed before anything else."""

import time
from collections.abc import Callable

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from panel.accounts.door import BEGAN_AT, SEEN_AT
from panel.accounts.models import User

LIFE_SECONDS = 12 * 3600
IDLE_SECONDS = 2 * 3600
# How exactly idleness is known: each note is a write.
NOTE_SECONDS = 60


class SessionLifeMiddleware:
    """Ends a session twelve hours after it began, however busy, and after two idle hours."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now, session = int(time.time()), request.session
            # `door.sign_in` writes both.
            began, seen = session.get(BEGAN_AT, now), session.get(SEEN_AT, now)
            if now - began >= LIFE_SECONDS or now - seen >= IDLE_SECONDS:
                logout(request)
            elif now - seen >= NOTE_SECONDS:
                session[SEEN_AT] = now
        return self.get_response(request)


class MustChangePasswordMiddleware:
    """Sends whoever holds a one-time password to the page that changes it; only the way out stays open."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if isinstance(user, User) and user.must_change_password and request.path not in self._open_paths():
            return redirect("accounts:change_password")
        return self.get_response(request)

    @staticmethod
    def _open_paths() -> tuple[str, ...]:
        names = (
            "accounts:change_password",
            "accounts:sign_out",
            "accounts:signed_out",
            "web:theme",
            "web:health",
        )
        return tuple(reverse(name) for name in names)
