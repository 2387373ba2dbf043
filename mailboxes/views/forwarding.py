"""Forwarding: on the page of a mailbox, and in self-service."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from mailboxes.actions.forwarding import forwarding_of, set_forwarding, set_own_forwarding
from mailboxes.forms.aliases import ForwardingForm
from mailboxes.models import Mailbox
from mailboxes.sources import closed_of
from mailboxes.views.found import about, find
from panel.tenants.access import TenantRequest, actor_of, tenant_page
from panel.tenants.roles import Permission

UNPROCESSABLE = 422


@tenant_page(Permission.MAILBOX_READ, post=Permission.MAILBOX_EDIT)
def edit(request: TenantRequest, mailbox_id: int) -> HttpResponse:
    access, mailbox = request.access, find(request, mailbox_id)
    form = _form(request, mailbox)
    if form.is_valid() and form.attempt(
        lambda: set_forwarding(access=access, mailbox=mailbox, **form.cleaned_data)
    ):
        messages.success(request, _news(form))
        return redirect("mailboxes:forwarding", access.tenant.pk, mailbox.pk)
    closed = closed_of(form.initial["destinations"].split(), mailbox.address.domain.tenant_id)
    context = about(request, mailbox, "forwarding") | {"form": form, "closed": closed}
    return render(request, "mailboxes/forwarding.html", context, status=_status(form))


def own(request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    """The page of the mailbox's own user; who that is, the gate in front of it has found out."""
    form = _form(request, mailbox)
    if (
        form.is_bound
        and form.is_valid()
        and form.attempt(
            lambda: set_own_forwarding(actor=actor_of(request), mailbox=mailbox, **form.cleaned_data)
        )
    ):
        messages.success(request, _news(form))
        return redirect("me:forwarding")
    context = {"form": form, "mailbox": mailbox, "may_edit": True}
    return render(request, "me/forwarding.html", context, status=_status(form))


def _form(request: HttpRequest, mailbox: Mailbox) -> ForwardingForm:
    destinations, keep_copy = forwarding_of(mailbox)
    return ForwardingForm(
        request.POST if request.method == "POST" else None,
        initial={"destinations": "\n".join(destinations), "keep_copy": keep_copy},
    )


def _news(form: ForwardingForm) -> str:
    return "Mail is forwarded now." if form.cleaned_data["destinations"] else "Nothing is forwarded now."


def _status(form: ForwardingForm) -> int:
    return UNPROCESSABLE if form.errors else 200
