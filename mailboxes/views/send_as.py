"""The addresses that a mailbox may send under besides its own."""

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from mailboxes.actions.send_as import grant_send_as, revoke_send_as
from mailboxes.forms.aliases import SendAsForm
from mailboxes.models import Mailbox
from mailboxes.views.found import about, find
from panel.lib.addresses import display_address
from panel.lib.errors import Refused
from panel.tenants.access import TenantRequest, tenant_page
from panel.tenants.roles import Permission

UNPROCESSABLE = 422


@tenant_page(Permission.MAILBOX_READ, post=Permission.MAILBOX_EDIT)
def edit(request: TenantRequest, mailbox_id: int) -> HttpResponse:
    access, mailbox = request.access, find(request, mailbox_id)
    form = SendAsForm(_typed(request))
    if form.is_valid():
        right = form.attempt(lambda: grant_send_as(access=access, mailbox=mailbox, **form.cleaned_data))
        if right:
            messages.success(
                request, f"{display_address(str(mailbox))} may send as {display_address(right.sender)} now."
            )
            return redirect("mailboxes:send_as", access.tenant.pk, mailbox.pk)
    context = about(request, mailbox, "send_as") | {
        "form": form,
        "rights": mailbox.send_as.order_by("sender"),
    }
    return render(request, "mailboxes/send_as.html", context, status=UNPROCESSABLE if form.errors else 200)


@require_POST
@tenant_page(Permission.MAILBOX_EDIT)
def revoke(request: TenantRequest, mailbox_id: int, right_id: int) -> HttpResponse:
    access = request.access
    mailbox = get_object_or_404(Mailbox.objects.of(access), pk=mailbox_id)
    right = mailbox.send_as.filter(pk=right_id).first()
    try:
        revoke_send_as(access=access, mailbox=mailbox, right_id=right_id)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        undo = ""
        if right is not None:
            undo = reverse(
                "mailboxes:send_as", args=[access.tenant.pk, mailbox.pk], query={"sender": right.sender}
            )
        messages.success(request, "The right is taken away.", extra_tags=undo)
    return redirect("mailboxes:send_as", access.tenant.pk, mailbox.pk)


def _typed(request: TenantRequest) -> QueryDict | None:
    """What the form was sent with. The undo of a toast sends no fields: it says the address in its URL."""
    if request.method != "POST":
        return None
    return request.POST if "sender" in request.POST or "sender" not in request.GET else request.GET
