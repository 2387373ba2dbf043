"""Pages of a team: who belongs to a tenant, and with which role."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from panel.lib.errors import Refused
from panel.lib.keyset import paginate, prefix
from panel.tenants.access import TenantRequest, tenant_page
from panel.tenants.actions import add_member, change_role, remove_member, reset_member_password
from panel.tenants.actions.team import grantable_roles, may_act_on
from panel.tenants.forms import NewMemberForm, RoleForm
from panel.tenants.models import Membership
from panel.tenants.roles import Permission, Role

UNPROCESSABLE = 422


@require_safe
@tenant_page(Permission.MEMBER_READ)
def team(request: TenantRequest) -> HttpResponse:
    access, q = request.access, request.GET.get("q", "").strip().lower()[:254]
    members = access.team().filter(prefix("user__email", q.replace("\x00", "")))
    page = paginate(members, order=("user__email", "id"), cursor=request.GET.get("page", ""))
    may_edit = access.may(Permission.MEMBER_EDIT)
    rows = [(member, Role(member.role).label, may_edit) for member in page.items]
    return render(
        request,
        "tenants/team.html",
        {"page": page, "q": q, "rows": rows, "may_add": bool(grantable_roles(access))},
    )


@tenant_page(Permission.MEMBER_EDIT)
def add(request: TenantRequest) -> HttpResponse:
    access = request.access
    form = NewMemberForm(request.POST if request.method == "POST" else None, access=access)
    if form.is_valid():
        data = form.cleaned_data
        welcome = form.attempt(
            lambda: add_member(access, email=data["email"], role=form.chosen_role(), name=data["name"])
        )
        if welcome and welcome.one_time_password:
            return _secret(request, welcome.membership, welcome.one_time_password, is_new=True)
        if welcome:
            messages.success(
                request, f"{welcome.membership.user.email} is in the team and signs in as before."
            )
            return redirect("tenants:team", access.tenant.pk)
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "tenants/member_add.html", {"form": form}, status=status)


@tenant_page(Permission.MEMBER_EDIT)
def member(request: TenantRequest, member_id: int) -> HttpResponse:
    """One member's role; the buttons to remove them and to hand out a new password."""
    access = request.access
    found = get_object_or_404(access.team(), pk=member_id)
    form = RoleForm(
        request.POST if request.method == "POST" else None, access=access, initial={"role": found.role}
    )
    if form.is_valid() and form.attempt(lambda: change_role(access, found, role=form.chosen_role())):
        messages.success(request, f"{found.user.email} is {form.chosen_role().label} now.")
        return redirect("tenants:team", access.tenant.pk)
    status = UNPROCESSABLE if form.errors else 200
    context = {
        "form": form,
        "member": found,
        "role": Role(found.role).label,
        "is_own": found.user_id == request.user.pk,
        "may_act": may_act_on(access, found),
    }
    return render(request, "tenants/member.html", context, status=status)


@tenant_page(Permission.MEMBER_EDIT)
def remove(request: TenantRequest, member_id: int) -> HttpResponse:
    access = request.access
    found = get_object_or_404(access.team(), pk=member_id)
    if request.method != "POST":
        return render(request, "tenants/member_remove.html", {"member": found})
    try:
        user = remove_member(access, found)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, f"{user.email} is no longer in the team.")
    return redirect("tenants:team", access.tenant.pk)


@require_POST
@tenant_page(Permission.MEMBER_EDIT)
def reset(request: TenantRequest, member_id: int) -> HttpResponse:
    access = request.access
    found = get_object_or_404(access.team(), pk=member_id)
    try:
        text = reset_member_password(access, found)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("tenants:member", access.tenant.pk, found.pk)
    return _secret(request, found, text, is_new=False)


def _secret(
    request: TenantRequest, member: Membership, one_time_password: str, *, is_new: bool
) -> HttpResponse:
    """Shown in the answer itself, once: a redirect would have to keep it somewhere."""
    context = {
        "member": member,
        "email": member.user.email,
        "one_time_password": one_time_password,
        "is_new": is_new,
    }
    return render(request, "tenants/member_secret.html", context)
