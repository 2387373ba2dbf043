"""To be written."""

from django.http import Http404, HttpResponse

from panel.tenants.access import TenantRequest, tenant_page
from panel.tenants.roles import Permission


@tenant_page(Permission.ALIAS_READ)
def list_aliases(request: TenantRequest, **_kwargs: int) -> HttpResponse:
    raise Http404


@tenant_page(Permission.ALIAS_EDIT)
def add(request: TenantRequest, **_kwargs: int) -> HttpResponse:
    raise Http404


@tenant_page(Permission.ALIAS_READ)
def edit(request: TenantRequest, **_kwargs: int) -> HttpResponse:
    raise Http404


@tenant_page(Permission.ALIAS_EDIT)
def delete(request: TenantRequest, **_kwargs: int) -> HttpResponse:
    raise Http404

