"""Pages of tenants: the list, adding, settings, suspension."""

from django.contrib import messages
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from panel.lib.errors import Refused
from panel.lib.keyset import paginate, prefix
from panel.tenants.access import Access, TenantRequest, tenant_page
from panel.tenants.actions import add_tenant, edit_tenant, suspend_tenant, unsuspend_tenant
from panel.tenants.actions.suspension import may_lift
from panel.tenants.actions.tenants import child_kinds
from panel.tenants.actions.texts import sort_key
from panel.tenants.caps import cap_of
from panel.tenants.forms import CapsForm, NewTenantForm, ReasonForm, TenantForm
from panel.tenants.models import Ancestry, Tenant, TenantKind, Usage, UsageKind
from panel.tenants.roles import Permission

UNPROCESSABLE = 422


@require_safe
@tenant_page(Permission.TENANT_READ)
def tenant_list(request: TenantRequest) -> HttpResponse:
    access, q = request.access, request.GET.get("q", "").strip()[:120]
    children = access.children().filter(prefix("sort_name", sort_key(q.replace("\x00", ""))))
    page = paginate(children, order=("sort_name", "id"), cursor=request.GET.get("page", ""))
    prefetch_related_objects(page.items, "usage")
    rows = [(child, _figures(child)) for child in page.items]
    return render(
        request,
        "tenants/list.html",
        {"page": page, "q": q, "rows": rows, "may_add": bool(child_kinds(access)), "noun": _noun(access)},
    )


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
        figures=_figures(tenant),
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


def _figures(tenant: Tenant) -> dict[str, dict[str, int | None]]:
    """Used and limit by kind, from the rows that were fetched with the tenant."""
    used = {usage.kind: usage.used for usage in tenant.usage.all()}
    return {
        kind.value: {"used": used.get(kind, 0), "limit": cap_of(tenant, kind)}
        for kind in UsageKind
        if kind is not UsageKind.UNMETERED
    }


def _hit(tenant: Tenant) -> dict[str, int]:
    """How much a suspension stops."""
    used = dict(Usage.objects.filter(tenant=tenant).values_list("kind", "used"))
    below = Ancestry.objects.filter(ancestor=tenant).count() - 1
    return {"tenants": below, "domains": used[UsageKind.DOMAINS], "mailboxes": used[UsageKind.MAILBOXES]}


def _may_suspend(access: Access) -> bool:
    return (
        access.may(Permission.TENANT_SUSPEND)
        and access.is_from_above
        and access.tenant.kind != TenantKind.OPERATOR
    )


def _noun(access: Access) -> str:
    return "client" if access.tenant.kind == TenantKind.RESELLER else "tenant"
