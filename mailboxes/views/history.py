"""What was done to one mailbox, by whom and when."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mailboxes.views.found import about, find
from panel.audit.models import AuditEntry
from panel.lib.keyset import paginate
from panel.tenants.access import TenantRequest, tenant_page
from panel.tenants.roles import Permission
from panel.tenants.trail import days_of


@require_safe
@tenant_page(Permission.MAILBOX_READ)
def history(request: TenantRequest, mailbox_id: int) -> HttpResponse:
    """The trail of this mailbox. Its tenant is asked for too, so that no row of another is shown."""
    mailbox = find(request, mailbox_id)
    entries = AuditEntry.objects.filter(
        object_kind="mailbox", object_id=mailbox.pk, tenant_id=mailbox.address.domain.tenant_id
    )
    page = paginate(entries, order=("-id",), cursor=request.GET.get("page", ""))
    context = about(request, mailbox, "history") | {"page": page, "days": days_of(page.items, {})}
    return render(request, "mailboxes/history.html", context)
