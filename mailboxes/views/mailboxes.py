"""To be written."""

from django.http import Http404, HttpResponse

from panel.tenants.access import TenantRequest, tenant_page
from panel.tenants.roles import Permission


@tenant_page(Permission.MAILBOX_READ)
def list_mailboxes(request: TenantRequest, **_kwargs: int) -> HttpResponse:
    raise Http404


@tenant_page(Permission.MAILBOX_EDIT)
def add(request: TenantRequest, **_kwargs: int) -> HttpResponse:
    raise Http404


@tenant_page(Permission.MAILBOX_READ)
def detail(request: TenantRequest, **_kwargs: int) -> HttpResponse:
    raise Http404


@tenant_page(Permission.MAILBOX_READ)
def history(request: TenantRequest, **_kwargs: int) -> HttpResponse:
    raise Http404


@tenant_page(Permission.MAILBOX_EDIT)
def password(request: TenantRequest, **_kwargs: int) -> HttpResponse:
    raise Http404

