"""Buttons on a domain's page: each posts, acts, says what happened and goes back to the page."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from domains import actions
from domains.forms import AliasForm, GrantForm, SuspendForm
from domains.models import Domain
from panel.lib.addresses import display_domain
from panel.lib.errors import Refused
from panel.lib.forms import PanelForm
from panel.tenants.access import TenantRequest, tenant_page
from panel.tenants.models import Membership
from panel.tenants.roles import Permission


def find(request: TenantRequest, domain_id: int) -> Domain:
    """The domain through the gate; 404 for a stranger's."""
    return get_object_or_404(
        Domain.objects.of(request.access).select_related("tenant", "alias_of"), pk=domain_id
    )


@require_POST
@tenant_page(Permission.DOMAIN_EDIT)
def check(request: TenantRequest, domain_id: int) -> HttpResponse:
    return _act(request, find(request, domain_id), actions.request_check)


@require_POST
@tenant_page(Permission.DOMAIN_VOUCH)
def vouch(request: TenantRequest, domain_id: int) -> HttpResponse:
    domain = find(request, domain_id)
    said = f"You vouched for {display_domain(domain.name)}. It can carry mail now."
    return _act(request, domain, actions.vouch_for, said)


@require_POST
@tenant_page(Permission.DOMAIN_SUSPEND)
def suspend(request: TenantRequest, domain_id: int) -> HttpResponse:
    domain = find(request, domain_id)
    form = SuspendForm(request.POST)
    if not form.is_valid():
        return _say_errors(request, domain, form)
    said = f"{display_domain(domain.name)} is suspended."
    undo = reverse("domains:unsuspend", args=[request.access.tenant.pk, domain.pk])
    reason = form.cleaned_data["reason"]
    return _act(request, domain, actions.suspend_domain, said, undo=undo, reason=reason)


@require_POST
@tenant_page(Permission.DOMAIN_SUSPEND)
def unsuspend(request: TenantRequest, domain_id: int) -> HttpResponse:
    domain = find(request, domain_id)
    said = f"{display_domain(domain.name)} works again."
    return _act(request, domain, actions.unsuspend_domain, said)


@require_POST
@tenant_page(Permission.DOMAIN_REMOVE)
def undelete(request: TenantRequest, domain_id: int) -> HttpResponse:
    domain = find(request, domain_id)
    said = f"{display_domain(domain.name)} is back, with everything in it."
    return _act(request, domain, actions.undelete_domain, said)


@require_POST
@tenant_page(Permission.DOMAIN_EDIT)
def make_alias(request: TenantRequest, domain_id: int) -> HttpResponse:
    domain = find(request, domain_id)
    form = AliasForm(request.access, domain, request.POST)
    if not form.is_valid():
        return _say_errors(request, domain, form)
    target = form.cleaned_data["alias_of"]
    said = f"{display_domain(domain.name)} leads to {display_domain(target.name)} now."
    return _act(request, domain, actions.make_alias_domain, said, target=target)


@require_POST
@tenant_page(Permission.DOMAIN_EDIT)
def unmake_alias(request: TenantRequest, domain_id: int) -> HttpResponse:
    domain = find(request, domain_id)
    said = f"{display_domain(domain.name)} stands for itself now."
    return _act(request, domain, actions.unmake_alias_domain, said)


@require_POST
@tenant_page(Permission.MEMBER_EDIT)
def grant(request: TenantRequest, domain_id: int) -> HttpResponse:
    domain = find(request, domain_id)
    form = GrantForm(domain, request.POST)
    if not form.is_valid():
        return _say_errors(request, domain, form)
    member = form.cleaned_data["membership"]
    said = f"{member.user.email} manages {display_domain(domain.name)} now."
    return _act(request, domain, actions.grant_domain, said, membership=member)


@require_POST
@tenant_page(Permission.MEMBER_EDIT)
def revoke(request: TenantRequest, domain_id: int, membership_id: int) -> HttpResponse:
    domain = find(request, domain_id)
    held = Membership.objects.filter(domain_grants__domain=domain).select_related("user")
    member = get_object_or_404(held, pk=membership_id)
    said = f"{member.user.email} no longer manages {display_domain(domain.name)}."
    return _act(request, domain, actions.revoke_grant, said, membership=member)


def _act(
    request: TenantRequest,
    domain: Domain,
    action: Callable[..., object],
    said: str = "",
    *,
    undo: str = "",
    **parts: object,
) -> HttpResponse:
    """Do it and say so; `undo` is the URL that takes it back."""
    try:
        action(access=request.access, domain=domain, **parts)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        if said:
            messages.success(request, said, extra_tags=undo)
    return redirect("domains:detail", request.access.tenant.pk, domain.pk)


def _say_errors(request: TenantRequest, domain: Domain, form: PanelForm) -> HttpResponse:
    for errors in form.errors.values():
        messages.error(request, " ".join(str(error) for error in errors))
    return redirect("domains:detail", request.access.tenant.pk, domain.pk)
