"""The audit trail of a tenant and of everything below it."""

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from panel.audit.models import AuditEntry
from panel.lib.keyset import paginate, prefix
from panel.tenants.access import Access, TenantRequest, tenant_page
from panel.tenants.models import TenantKind
from panel.tenants.roles import Permission

MAX_SEARCH = 100


@tenant_page(Permission.AUDIT_READ)
@require_safe
def audit(request: TenantRequest) -> HttpResponse:
    """Newest first; `q` filters by the beginning of an act, such as `domain` or `mailbox.add`."""
    query = request.GET.get("q", "").strip().lower()[:MAX_SEARCH].replace("\x00", "")
    entries = entries_of(request.access).filter(prefix("action", query))
    page = paginate(entries, order=("-id",), cursor=request.GET.get("page", ""))
    return render(request, "tenants/audit.html", {"page": page, "q": query})


def entries_of(access: Access) -> QuerySet[AuditEntry]:
    """What the person may read: the trails of the tenant and of those below. The operator's people also
    read what belongs to no tenant."""
    visible = Q(tenant_id__in=access.tenant_ids())
    if access.tenant.kind == TenantKind.OPERATOR:
        visible |= Q(tenant_id=None)
    return AuditEntry.objects.filter(visible)
