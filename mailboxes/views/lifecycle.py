"""Buttons of a mailbox: switch off and on, delete, bring back."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from mailboxes.actions.lifecycle import delete_mailbox, set_state, undelete_mailbox
from mailboxes.figures import figures_of
from mailboxes.models import Mailbox, MailboxState
from mailboxes.sources import leading_to, seen_by, sources_of
from mailboxes.views.found import find
from panel.environment import environment
from panel.lib.addresses import display_address
from panel.lib.errors import Refused
from panel.tenants.access import TenantRequest, tenant_page
from panel.tenants.roles import Permission

_NEWS = {
    MailboxState.ACTIVE: "{} works again.",
    MailboxState.RECEIVE_ONLY: "{} only receives now. Nobody signs in or sends.",
    MailboxState.OFF: "{} is off. Senders are told that it does not exist.",
}


@require_POST
@tenant_page(Permission.MAILBOX_EDIT)
def state(request: TenantRequest, mailbox_id: int) -> HttpResponse:
    """What the button that was pressed says; the undo of a toast, which sends no fields, says it in its URL."""
    mailbox, wanted = find(request, mailbox_id), request.POST.get("state") or request.GET.get("state", "")
    before = mailbox.state
    changed = _attempt(request, lambda: set_state(access=request.access, mailbox=mailbox, state=wanted))
    if changed:
        news = _NEWS[MailboxState(changed.state)]
        undo = reverse(
            "mailboxes:state", args=[request.access.tenant.pk, mailbox.pk], query={"state": before}
        )
        messages.success(
            request,
            news.format(display_address(mailbox.address.address)),
            extra_tags=undo if before != changed.state else "",
        )
    return redirect("mailboxes:detail", request.access.tenant.pk, mailbox.pk)


@tenant_page(Permission.MAILBOX_EDIT)
def delete(request: TenantRequest, mailbox_id: int) -> HttpResponse:
    mailbox = find(request, mailbox_id)
    address = mailbox.address.address
    if request.method == "POST":
        if not _attempt(request, lambda: delete_mailbox(access=request.access, mailbox=mailbox)):
            return redirect("mailboxes:detail", request.access.tenant.pk, mailbox.pk)
        undo = reverse("mailboxes:undelete", args=[request.access.tenant.pk, mailbox.pk])
        messages.success(request, f"{display_address(address)} was deleted.", extra_tags=undo)
        return redirect("mailboxes:list", request.access.tenant.pk)
    context = {
        "mailbox": mailbox,
        "address": address,
        "figures": figures_of([address])[address],
        "grace_days": environment.grace_days,
        "sources": sources_of(seen_by(request.access, leading_to(mailbox.address))),
    }
    return render(request, "mailboxes/delete.html", context)


@require_POST
@tenant_page(Permission.MAILBOX_EDIT)
def undelete(request: TenantRequest, mailbox_id: int) -> HttpResponse:
    mailbox = find(request, mailbox_id)
    if _attempt(request, lambda: undelete_mailbox(access=request.access, mailbox=mailbox)):
        messages.success(request, f"{display_address(mailbox.address.address)} is back, as it was.")
    return redirect("mailboxes:detail", request.access.tenant.pk, mailbox.pk)


def _attempt(request: TenantRequest, act: Callable[[], Mailbox]) -> Mailbox | None:
    """What a button did, or None after telling why it did nothing."""
    try:
        return act()
    except Refused as refused:
        messages.error(request, refused.message)
        return None
