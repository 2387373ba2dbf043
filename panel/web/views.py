"""Home, the overview of a tenant, the theme, and the health of the panel."""

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from panel.accounts.door import safe_next
from panel.accounts.models import User, UserKind
from panel.tenants.access import TenantRequest, tenant_page
from panel.tenants.models import TenantKind
from panel.tenants.roles import Permission, Role
from panel.tenants.suspension import open_memberships, why_shut_out
from panel.web.navigation import home_of, link
from panel.web.overview import latest, meters, near_limits, needs
from panel.web.search import MAX_TYPED, search
from panel.web.theme import keep_theme

SELF_SERVICE = "/me/"


@require_safe
def home(request: HttpRequest) -> HttpResponseBase:
    """Sends people to where they work."""
    user = request.user
    if not isinstance(user, User):
        return redirect(settings.LOGIN_URL)
    if user.kind == UserKind.MAILBOX:
        return redirect(SELF_SERVICE)
    first = open_memberships(user).select_related("tenant").order_by("tenant_id").first()
    if first is None:
        return render(request, "web/no_tenant.html", {"why": why_shut_out(user)}, status=403)
    return redirect(home_of(first.tenant, Role(first.role)))


@require_safe
@tenant_page(Permission.TENANT_READ)
def overview(request: TenantRequest) -> HttpResponse:
    access, near = request.access, near_limits(request.access)
    return render(
        request,
        "web/overview.html",
        {
            "meters": meters(access),
            "tight": None,
            "needs": needs(access),
            "near_limits": near,
            "near_limits_count": len(near),
            "entries": latest(access),
            "may_add_tenant": access.tenant.kind != TenantKind.CLIENT
            and access.may(Permission.TENANT_CREATE),
            "add_tenant_url": link("tenants:add", access.tenant.pk),
            "may_add_domain": access.may(Permission.DOMAIN_ADD),
            "add_domain_url": link("domains:add", access.tenant.pk),
            "audit_url": link("tenants:audit", access.tenant.pk),
        },
    )


@require_safe
@tenant_page(Permission.DOMAIN_READ)
def search_page(request: TenantRequest) -> HttpResponse:
    """The page behind the search of the top bar, which also takes its part of it."""
    q = request.GET.get("q", "")[:MAX_TYPED]
    return render(request, "web/search.html", {"q": q, "groups": search(request.access, q)})


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """The same place on every page (WCAG 3.2.6), open to everybody."""
    return render(request, "web/help.html")


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Keeps the theme in a cookie and goes back to the page that asked."""
    response = redirect(safe_next(request))
    keep_theme(response, request.POST.get("theme", ""), secure=settings.USES_TLS)
    return response


@require_safe
def health(_request: HttpRequest) -> HttpResponse:
    """200 while the database answers, else 503. For load balancers; tells nothing more."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return HttpResponse("unavailable\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")
