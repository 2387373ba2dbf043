"""A password that was handed out must be changed before anything else."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from panel.accounts.models import User


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
