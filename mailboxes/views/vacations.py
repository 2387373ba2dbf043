"""The vacation reply: on a page of the mailbox, and in self-service."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from mailboxes.actions.vacations import (
    reply_of,
    set_own_vacation,
    set_vacation,
    undo_own_vacation,
    undo_vacation,
)
from mailboxes.forms.vacations import VacationForm
from mailboxes.models import Mailbox, MailboxState, Vacation
from mailboxes.views.found import about, find
from mailboxes.views.standing import standing_of
from panel.lib.errors import Refused
from panel.tenants.access import TenantRequest, actor_of, tenant_page
from panel.tenants.roles import Permission

UNPROCESSABLE = 422


@tenant_page(Permission.MAILBOX_READ, post=Permission.MAILBOX_EDIT)
def edit(request: TenantRequest, mailbox_id: int) -> HttpResponse:
    access, mailbox = request.access, find(request, mailbox_id)
    form = _form(request, mailbox)
    if form.is_valid():
        saved = form.attempt(lambda: set_vacation(access=access, mailbox=mailbox, reply=form.reply()))
        if saved:
            undo = reverse("mailboxes:vacation_undo", args=(access.tenant.pk, mailbox.pk, saved.version))
            messages.success(request, _news(saved), extra_tags=undo)
            return redirect("mailboxes:vacation", access.tenant.pk, mailbox.pk)
    context = about(request, mailbox, "vacation") | _page(form, mailbox)
    return render(request, "mailboxes/vacation.html", context, status=_status(form))


@require_POST
@tenant_page(Permission.MAILBOX_EDIT)
def undo(request: TenantRequest, mailbox_id: int, version: int) -> HttpResponse:
    access, mailbox = request.access, find(request, mailbox_id)
    row = _attempt(request, lambda: undo_vacation(access=access, mailbox=mailbox, version=version))
    if row is not None:
        again = reverse("mailboxes:vacation_undo", args=(access.tenant.pk, mailbox.pk, row.version))
        messages.success(request, "The vacation reply is as it was.", extra_tags=again)
    return redirect("mailboxes:vacation", access.tenant.pk, mailbox.pk)


def own(request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    """The page of the mailbox's own user; who that is, the gate in front of it has found out."""
    form = _form(request, mailbox)
    if form.is_valid():
        saved = form.attempt(
            lambda: set_own_vacation(actor=actor_of(request), mailbox=mailbox, reply=form.reply())
        )
        if saved:
            _tell_own(request, saved, _news(saved))
            return redirect("me:vacation")
    return render(request, "me/vacation.html", _page(form, mailbox), status=_status(form))


def own_switch(request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    """On or off, with the text as it stands. Without one there is nothing to switch on yet."""
    wanted = replace(reply_of(mailbox), is_on=request.POST.get("to") == "on")
    row = _attempt(request, lambda: set_own_vacation(actor=actor_of(request), mailbox=mailbox, reply=wanted))
    if row is None:
        return redirect("me:vacation")
    _tell_own(request, row, _news(row))
    return redirect("me:home")


def own_undo(request: HttpRequest, mailbox: Mailbox, version: int) -> HttpResponse:
    row = _attempt(
        request, lambda: undo_own_vacation(actor=actor_of(request), mailbox=mailbox, version=version)
    )
    if row is not None:
        _tell_own(request, row, "The vacation reply is as it was.")
    return redirect("me:vacation")


def _tell_own(request: HttpRequest, row: Vacation, news: str) -> None:
    messages.success(request, news, extra_tags=reverse("me:vacation_undo", args=(row.version,)))


def _form(request: HttpRequest, mailbox: Mailbox) -> VacationForm:
    reply = reply_of(mailbox)
    initial: dict[str, Any] = {name: getattr(reply, name) for name in VacationForm.base_fields}
    form = VacationForm(request.POST if request.method == "POST" else None, initial=initial)
    if reply.is_on:
        form.fields["is_on"].help_text = f"{standing_of(reply).sentence}."
    return form


def _page(form: VacationForm, mailbox: Mailbox) -> dict[str, Any]:
    destinations = mailbox.address.targets.values_list("destination", flat=True)
    return {
        "form": form,
        "mailbox": mailbox,
        "standing": standing_of(reply_of(mailbox)),
        # Nothing arrives that could be answered.
        "nothing_arrives": bool(destinations) and mailbox.address.address not in destinations,
        "is_silent": mailbox.state != MailboxState.ACTIVE,
    }


def _attempt(request: HttpRequest, act: Callable[[], Vacation]) -> Vacation | None:
    try:
        return act()
    except Refused as refused:
        messages.error(request, refused.message)
        return None


def _news(row: Vacation) -> str:
    standing = standing_of(reply_of(row.mailbox))
    if standing.state == "off":
        return "The vacation reply is off."
    return f"The vacation reply is {'on' if standing.state == 'ok' else 'set'}. {standing.sentence}."


def _status(form: VacationForm) -> int:
    return UNPROCESSABLE if form.errors else 200
