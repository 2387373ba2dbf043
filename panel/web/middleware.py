"""The bounds of every request, and headers of every answer."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from panel.web.errors import too_large

# What a form may hold at most, as Django counts it.
MAX_BODY_BYTES = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
_MAX_DIGITS = 12


class ResponseHeadersMiddleware:
    """Nothing that the panel answers may stay in a shared or a browser cache."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class BodyLimitMiddleware:
    """Refuses a body that is larger than any form of ours, unread. Django bounds what it keeps in memory, but
    writes a file of any size to the disk before it looks at the token of the form."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Django reads a body without a length, or with one that is no number, as none.
        length = request.META.get("CONTENT_LENGTH") or "0"
        is_number = length.isascii() and length.isdigit()
        if is_number and (len(length) > _MAX_DIGITS or int(length) > MAX_BODY_BYTES):
            return too_large(request)
        return self.get_response(request)
