"""To be written."""

from django.http import Http404, HttpResponse

from panel.tenants.access import TenantRequest, tenant_page
from panel.tenants.roles import Permission


@tenant_page(Permission.MAILBOX_READ)
def edit(request: TenantRequest, **_kwargs: int) -> HttpResponse:
    raise Http404

