"""The answer to a form that counts guesses."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from panel.accounts.throttle import Throttled
from panel.lib.forms import PanelForm

UNPROCESSABLE, TOO_MANY = 422, 429


def form_page(request: HttpRequest, template: str, form: PanelForm, **context: Any) -> HttpResponse:
    """The page of `form`: 200, 422 with errors, 429 with Retry-After (RFC 6585 4) where it was throttled."""
    response = render(request, template, {"form": form, **context})
    if isinstance(form.refusal, Throttled):
        response.status_code = TOO_MANY
        response["Retry-After"] = str(form.refusal.seconds)
    elif form.errors:
        response.status_code = UNPROCESSABLE
    return response
