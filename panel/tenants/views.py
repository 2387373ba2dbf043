"""Pages of tenants: the list, adding, settings, suspension."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from panel.lib.errors import Refused
from panel.tenants.access import Access, TenantRequest, tenant_page
from panel.tenants.actions import add_tenant, edit_tenant, suspend_tenant, unsuspend_tenant
from panel.tenants.actions.suspension import may_lift
from panel.tenants.actions.tenants import child_kinds
from panel.tenants.caps import path_to
from panel.tenants.figures import Meter, meters_of, sums_below
from panel.tenants.forms import CapsForm, NewTenantForm, ReasonForm, TenantForm
from panel.tenants.models import Ancestry, Membership, Tenant, TenantKind, Usage, UsageKind
from panel.tenants.roles import Permission
from panel.tenants.tree import STATES, listing

UNPROCESSABLE = 422


@require_safe
@tenant_page(Permission.TENANT_READ)
def tenant_list(request: TenantRequest) -> HttpResponse:
    access, asked = request.access, request.GET
    q = asked.get("q", "").strip()[:120].replace("\x00", "")
    state = asked.get("state", "") if asked.get("state") in STATES else ""
    path = path_to(access.tenant)
    found = listing(
        access,
        path,
        q=q,
        state=state,
        view=asked.get("view", ""),
        opened=asked.get("open", ""),
        cursor=asked.get("page", ""),
    )
    context = {
        "page": found.page,
        "found": found,
        "rows": found.rows,
        "q": q,
        "state": state,
        "states": STATES.items(),
        "may_add": bool(child_kinds(access, level=len(path))),
        "noun": _noun(access),
    }
    return render(request, "tenants/list.html", context)


@tenant_page(Permission.TENANT_CREATE)
def add(request: TenantRequest) -> HttpResponse:
    access = request.access
    form = NewTenantForm(_typed(request), access=access, initial={"may_oversell": True})
    if form.is_valid():
        data = form.cleaned_data
        tenant = form.attempt(
            lambda: add_tenant(
                access,
                name=data["name"],
                kind=form.chosen_kind(),
                contact_email=data["contact_email"],
                caps=form.caps(),
                may_oversell=data["may_oversell"],
            )
        )
        if tenant:
            messages.success(request, f"{tenant.name} is there. Add someone who looks after it.")
            return redirect("tenants:team", tenant.pk)
    return _form_page(
        request, "tenants/add.html", form, noun=_noun(access), may_add=bool(child_kinds(access))
    )


@tenant_page(Permission.TENANT_READ, post=Permission.TENANT_EDIT)
def settings(request: TenantRequest) -> HttpResponse:
    access, tenant = request.access, request.access.tenant
    form_class = CapsForm if access.is_from_above else TenantForm
    form = form_class(_typed(request), initial=form_class.initial_of(tenant))
    if request.method == "POST" and form.is_valid() and form.attempt(lambda: _save(access, form)):
        messages.success(request, "The settings are saved.")
        return redirect("tenants:settings", tenant.pk)
    return _form_page(
        request,
        "tenants/settings.html",
        form,
        may_edit=access.may(Permission.TENANT_EDIT),
        may_suspend=_may_suspend(access),
        may_lift=_may_suspend(access) and tenant.suspended_at is not None and may_lift(access, tenant),
        meters=_meters(tenant),
    )


@tenant_page(Permission.TENANT_SUSPEND)
def suspend(request: TenantRequest) -> HttpResponse:
    access = request.access
    form = ReasonForm(_typed(request))
    if form.is_valid():
        tenant = form.attempt(lambda: suspend_tenant(access, reason=form.cleaned_data["reason"]))
        if tenant:
            messages.success(request, f"{tenant.name} is suspended.")
            return redirect("tenants:settings", tenant.pk)
    return _form_page(request, "tenants/suspend.html", form, hit=_hit(access.tenant))


@require_POST
@tenant_page(Permission.TENANT_SUSPEND)
def unsuspend(request: TenantRequest) -> HttpResponse:
    try:
        tenant = unsuspend_tenant(request.access)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, f"{tenant.name} is no longer suspended.")
    return redirect("tenants:settings", request.access.tenant.pk)


def _save(access: Access, form: TenantForm) -> Tenant:
    data = form.cleaned_data
    if isinstance(form, CapsForm):
        return edit_tenant(
            access,
            name=data["name"],
            contact_email=data["contact_email"],
            caps=form.caps(access.tenant),
            may_oversell=data["may_oversell"],
        )
    return edit_tenant(access, name=data["name"], contact_email=data["contact_email"])


def _typed(request: HttpRequest) -> QueryDict | None:
    """An empty POST is a form with nothing in it, not a first visit."""
    return request.POST if request.method == "POST" else None


def _form_page(
    request: HttpRequest, template: str, form: TenantForm | ReasonForm, **context: object
) -> HttpResponse:
    status = UNPROCESSABLE if form.errors else 200
    return render(request, template, {"form": form, **context}, status=status)


def _meters(tenant: Tenant) -> dict[str, Meter]:
    """The tenant's own meters, up to the lowest limit that binds it."""
    return meters_of(tenant, sums_below([tenant.pk]), path_to(tenant))


def _hit(tenant: Tenant) -> dict[str, int]:
    """How much a suspension stops."""
    used = dict(Usage.objects.filter(tenant=tenant).values_list("kind", "used"))
    below = Ancestry.objects.filter(ancestor=tenant).count() - 1
    people = Membership.objects.filter(tenant__above__ancestor=tenant).values("user").distinct().count()
    return {
        "tenants": below,
        "people": people,
        "domains": used[UsageKind.DOMAINS],
        "mailboxes": used[UsageKind.MAILBOXES],
    }


def _may_suspend(access: Access) -> bool:
    return (
        access.may(Permission.TENANT_SUSPEND)
        and access.is_from_above
        and access.tenant.kind != TenantKind.OPERATOR
    )


def _noun(access: Access) -> str:
    return "client" if access.tenant.kind == TenantKind.RESELLER else "tenant"
