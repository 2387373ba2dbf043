"""What mailbox users see and change themselves."""

from django.conf import settings as site
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from mailboxes.actions.forwarding import forwarding_of
from mailboxes.actions.mailboxes import Protocols
from mailboxes.actions.passwords import change_password
from mailboxes.actions.vacations import reply_of
from mailboxes.apple_profile import APPLE_TYPE, profile_of
from mailboxes.client_settings import Door, doors
from mailboxes.figures import figures_of
from mailboxes.forms.mailboxes import ChangePasswordForm
from mailboxes.models import Mailbox, SendAs
from mailboxes.self_service import mailbox_page
from mailboxes.views import forwarding as forwarding_views
from mailboxes.views import vacations
from mailboxes.views.standing import standing_of
from panel.accounts.answers import form_page
from panel.accounts.models import User
from panel.tenants.access import actor_of


@require_safe
@mailbox_page
def home(request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    address = mailbox.address.address
    destinations, keeps_copy = forwarding_of(mailbox)
    context = {
        "mailbox": mailbox,
        "address": address,
        "figures": figures_of([address])[address],
        "destinations": destinations,
        "keeps_copy": keeps_copy,
        "standing": standing_of(reply_of(mailbox)),
        "senders": list(
            SendAs.objects.filter(mailbox=mailbox).order_by("sender").values_list("sender", flat=True)
        ),
        "doors": _doors(mailbox)[:2],
    }
    return render(request, "me/home.html", context)


@sensitive_post_parameters("old", "password", "again")
@mailbox_page
def password(request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    form = ChangePasswordForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        typed = form.cleaned_data
        changed = form.attempt(
            lambda: change_password(
                actor=actor_of(request),
                mailbox=mailbox,
                old=typed["old"],
                new=typed["password"],
                session_key=request.session.session_key or "",
            )
        )
        if changed:
            user = User.objects.get(mailbox=mailbox)
            update_session_auth_hash(request, user)
            messages.success(
                request,
                "Your password is changed. Type it into your mail programs too; elsewhere you are signed out.",
            )
            return redirect("me:home")
    return form_page(request, "me/password.html", form, mailbox=mailbox, address=mailbox.address.address)


@mailbox_page
def forwarding(request: HttpRequest, mailbox: Mailbox) -> HttpResponseBase:
    return forwarding_views.own(request, mailbox)


@mailbox_page
def vacation(request: HttpRequest, mailbox: Mailbox) -> HttpResponseBase:
    return vacations.own(request, mailbox)


@require_POST
@mailbox_page
def vacation_switch(request: HttpRequest, mailbox: Mailbox) -> HttpResponseBase:
    return vacations.own_switch(request, mailbox)


@require_POST
@mailbox_page
def vacation_undo(request: HttpRequest, mailbox: Mailbox, version: int) -> HttpResponseBase:
    return vacations.own_undo(request, mailbox, version)


@require_safe
@mailbox_page
def settings(request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    open_doors = _doors(mailbox)
    context = {
        "mailbox": mailbox,
        "address": mailbox.address.address,
        "doors": open_doors,
        "has_profile": profile_of(mailbox, open_doors) is not None,
        "here": site.PANEL_URL + reverse("me:settings"),
    }
    return render(request, "me/settings.html", context)


@require_safe
@mailbox_page
def apple(_request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    """The profile that sets an iPhone, iPad or Mac; 404 where the mailbox cannot both read and send."""
    profile = profile_of(mailbox, _doors(mailbox))
    if profile is None:
        raise Http404
    return HttpResponse(
        profile,
        content_type=APPLE_TYPE,
        headers={"Content-Disposition": 'attachment; filename="mail.mobileconfig"'},
    )


def _doors(mailbox: Mailbox) -> list[Door]:
    ways = Protocols.of(mailbox)
    return doors(imap=ways.imap, pop3=ways.pop3, smtp=ways.smtp, sieve=ways.sieve)
