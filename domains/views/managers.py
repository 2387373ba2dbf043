"""Which named domains a domain manager manages: the page of one member of a team."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from domains import actions
from domains.forms import ManagedDomainForm
from domains.models import Domain
from panel.lib.addresses import display_domain
from panel.lib.errors import Refused
from panel.lib.keyset import paginate
from panel.tenants.access import TenantRequest, tenant_page
from panel.tenants.models import Membership
from panel.tenants.roles import Permission, Role

UNPROCESSABLE = 422


@tenant_page(Permission.MEMBER_EDIT)
def managed(request: TenantRequest, member_id: int) -> HttpResponse:
    """The domains of one manager; a form names one more."""
    access, member = request.access, _member(request, member_id)
    form = ManagedDomainForm(member, request.POST if request.method == "POST" else None)
    if form.is_valid():
        domain = form.cleaned_data["domain"]
        if form.attempt(lambda: actions.grant_domain(access=access, domain=domain, membership=member)):
            messages.success(request, f"{member.user.email} manages {display_domain(domain.name)} now.")
            return redirect("domains:managed", access.tenant.pk, member.pk)
    granted = Domain.objects.of(access).filter(grants__membership=member)
    page = paginate(granted, order=("name", "id"), cursor=request.GET.get("page", ""))
    context = {
        "member": member,
        "form": form,
        "page": page,
        "is_manager": member.role == Role.DOMAIN_MANAGER,
    }
    return render(request, "domains/managed.html", context, status=UNPROCESSABLE if form.errors else 200)


@require_POST
@tenant_page(Permission.MEMBER_EDIT)
def managed_end(request: TenantRequest, member_id: int, domain_id: int) -> HttpResponse:
    access, member = request.access, _member(request, member_id)
    domain = get_object_or_404(Domain.objects.of(access), pk=domain_id)
    try:
        actions.revoke_grant(access=access, domain=domain, membership=member)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, f"{member.user.email} no longer manages {display_domain(domain.name)}.")
    return redirect("domains:managed", access.tenant.pk, member.pk)


def _member(request: TenantRequest, member_id: int) -> Membership:
    """The member of this very team, or 404."""
    return get_object_or_404(request.access.team(), pk=member_id)
