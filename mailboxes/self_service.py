"""The gate of self-service: the mailbox of the person who signed in, and no other."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from mailboxes.models import Mailbox
from mailboxes.sign_in import open_mailboxes
from panel.accounts.models import User, UserKind

View = Callable[..., HttpResponseBase]


def mailbox_page(view: View) -> View:
    """Guard a view at `/me/…`, which gets the mailbox of the signed-in user and no URL arguments. Nobody
    signed in: to the sign-in page. A member: 404. The mark `is_self_service` is for the test that walks
    all routes."""

    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if not isinstance(request.user, User):
            return redirect_to_login(request.get_full_path())
        if request.user.kind != UserKind.MAILBOX:
            raise Http404
        return view(request, _mailbox_of(request.user), **kwargs)

    guarded.is_self_service = True  # type: ignore[attr-defined]  # a function carries no declared attributes
    return guarded


def _mailbox_of(user: User) -> Mailbox:
    found = open_mailboxes().select_related("address__domain__tenant").filter(user=user).first()
    if found is None:
        raise Http404
    return found
