"""Error pages: what is, and what to do."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 -- Django names it
    """The form's protection token is missing or old: nothing was done."""
    return render(request, "errors/403_csrf.html", status=403)
