"""Every address that a mailbox has: where its mail comes from, and what it may send as."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mailboxes.arrivals import MAX_SHOWN, arrivals_at, roles_of, spellings_of
from mailboxes.views.found import about, find
from panel.tenants.access import TenantRequest, tenant_page
from panel.tenants.roles import Permission


@require_safe
@tenant_page(Permission.MAILBOX_READ)
def addresses(request: TenantRequest, mailbox_id: int) -> HttpResponse:
    access, mailbox = request.access, find(request, mailbox_id)
    arrivals = arrivals_at(access, mailbox.address)
    context = about(request, mailbox, "addresses") | {
        "spellings": spellings_of(mailbox),
        "arrivals": arrivals,
        "is_cut": len(arrivals) == MAX_SHOWN,
        "is_contact": roles_of(mailbox),
        "rights": list(mailbox.send_as.order_by("sender")),
    }
    return render(request, "mailboxes/addresses.html", context)
