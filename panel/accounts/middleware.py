"""A password that was handed out must be changed before anything else."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


class MustChangePasswordMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)
