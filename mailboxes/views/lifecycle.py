"""To be written."""

from django.http import Http404, HttpResponse

from panel.tenants.access import TenantRequest, tenant_page
from panel.tenants.roles import Permission


@tenant_page(Permission.MAILBOX_EDIT)
def state(request: TenantRequest, **_kwargs: int) -> HttpResponse:
    raise Http404


@tenant_page(Permission.MAILBOX_EDIT)
def delete(request: TenantRequest, **_kwargs: int) -> HttpResponse:
    raise Http404


@tenant_page(Permission.MAILBOX_EDIT)
def undelete(request: TenantRequest, **_kwargs: int) -> HttpResponse:
    raise Http404

