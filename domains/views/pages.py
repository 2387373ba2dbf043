"""The list of domains, one domain, and the forms around them."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from domains import actions
from domains.actions.claims import CHECK_PAUSE
from domains.actions.suspension import may_lift
from domains.forms import AddDomainForm, AliasForm, GrantForm, SuspendForm
from domains.models import Domain
from domains.ownership import holder_of
from domains.proof import CHALLENGE_LABEL
from domains.records import relative
from domains.sources import sources_into
from domains.views.acts import find
from panel.environment import environment
from panel.lib.addresses import display_domain, normalise_domain
from panel.lib.errors import Refused
from panel.lib.keyset import paginate, prefix, walk
from panel.lib.spreadsheet import csv_file
from panel.tenants.access import TenantRequest, tenant_page
from panel.tenants.roles import Permission

_RUNS = Q(removed_at=None)
STATES = {
    "": ("All", Q()),
    "working": ("Working", _RUNS & Q(proved_at__isnull=False, suspended_at=None)),
    "waiting": ("Waiting for proof", _RUNS & Q(proved_at=None)),
    "suspended": ("Suspended", _RUNS & Q(suspended_at__isnull=False)),
    "removed": ("Removed", Q(removed_at__isnull=False)),
}


@tenant_page(Permission.DOMAIN_READ)
def list_domains(request: TenantRequest) -> HttpResponse:
    found, q, state = _wanted(request)
    page = paginate(found.select_related("tenant"), order=("name", "id"), cursor=request.GET.get("page", ""))
    context = {
        "page": page,
        "q": q,
        "state": state,
        "states": [(key, label) for key, (label, _) in STATES.items()],
        "rows": [(domain, _state_of(domain), count) for domain, count in _counted(page.items)],
        "may_add": request.access.may(Permission.DOMAIN_ADD),
        "shows_tenants": request.access.tenant.kind != "client",
    }
    return render(request, "domains/list.html", context)


@require_safe
@tenant_page(Permission.DOMAIN_READ)
def export(request: TenantRequest) -> StreamingHttpResponse:
    """The list as it is filtered, as a file."""
    header = ("Domain", "Tenant", "State", "Leads to", "Mailboxes", "Added")
    return csv_file("domains", header, _exported(_wanted(request)[0]))


@tenant_page(Permission.DOMAIN_ADD)
def add(request: TenantRequest) -> HttpResponse:
    form = AddDomainForm(request.access, request.POST if request.method == "POST" else None)
    if form.is_valid():
        typed = form.cleaned_data
        domain = form.attempt(
            lambda: actions.add_domain(access=request.access, name=typed["name"], alias_of=typed["alias_of"])
        )
        if domain is not None:
            messages.success(
                request, f"{display_domain(domain.name)} was added. One record in its DNS is left to do."
            )
            return redirect("domains:detail", request.access.tenant.pk, domain.pk)
    return render(request, "domains/add.html", {"form": form}, status=422 if form.errors else 200)


@tenant_page(Permission.DOMAIN_READ)
def detail(request: TenantRequest, domain_id: int) -> HttpResponse:
    domain = find(request, domain_id)
    access, is_open = request.access, not domain.is_removed
    kinds = dict(domain.addresses.values_list("kind").annotate(Count("pk")))
    may_manage = access.may(Permission.MEMBER_EDIT) and is_open
    context = {
        "domain": domain,
        "state": _state_of(domain),
        "host": f"{CHALLENGE_LABEL}.{domain.name}.",
        "relative_host": _relative_host(domain.name),
        "is_checking": _is_checking(domain),
        "is_held_elsewhere": not domain.is_proved and holder_of(domain) is not None,
        "mailboxes": kinds.get("mailbox", 0),
        "aliases": kinds.get("alias", 0),
        "alias_domains": domain.alias_domains.filter(removed_at=None).order_by("name")[:50],
        "grants": domain.grants.select_related("membership__user").order_by("membership__user__email"),
        "grant_form": GrantForm(domain) if may_manage else None,
        "alias_form": _alias_form(request, domain) if is_open else None,
        "suspend_form": SuspendForm(),
        "may_lift": access.may(Permission.DOMAIN_SUSPEND) and may_lift(access, domain),
        "may": _rights(request),
    }
    return render(request, "domains/detail.html", context)


@tenant_page(Permission.DOMAIN_REMOVE)
def remove(request: TenantRequest, domain_id: int) -> HttpResponse:
    domain = find(request, domain_id)
    if request.method == "POST":
        try:
            actions.remove_domain(access=request.access, domain=domain)
        except Refused as refused:
            messages.error(request, refused.message)
            return redirect("domains:detail", request.access.tenant.pk, domain.pk)
        messages.success(request, f"{display_domain(domain.name)} was removed.")
        return redirect("domains:list", request.access.tenant.pk)
    context = {
        "domain": domain,
        "mailboxes": domain.addresses.filter(kind="mailbox").count(),
        "grace_days": environment.grace_days,
        "sources": sources_into(domain) if domain.is_proved else [],
    }
    return render(request, "domains/remove.html", context)


def _relative_host(name: str) -> str:
    """The record's name as most DNS providers want it: without the domain that was registered."""
    return relative(f"{CHALLENGE_LABEL}.{name}", name)


def _typed(q: str) -> str:
    """What was typed, as stored: a whole name in other letters than ASCII becomes its A-label."""
    if q.isascii():
        return q.lower()
    try:
        return normalise_domain(q)
    except Refused:
        return q.lower()


def _counted(domains: list[Domain]) -> list[tuple[Domain, int]]:
    """Each domain with its number of mailboxes, for the rows of one page."""
    counts = dict(
        Domain.objects.filter(pk__in=[domain.pk for domain in domains])
        .annotate(count=Count("addresses", filter=Q(addresses__kind="mailbox")))
        .values_list("pk", "count")
    )
    return [(domain, counts.get(domain.pk, 0)) for domain in domains]


def _state_of(domain: Domain) -> tuple[str, str]:
    """The badge: state and word."""
    if domain.is_removed:
        return "off", "Removed"
    if domain.is_suspended:
        return "off", "Suspended"
    if domain.is_proved:
        return "ok", "Working"
    return "wait", "Waiting for proof"


def _is_checking(domain: Domain) -> bool:
    """Now, or in the few seconds that lie between two checks at least."""
    now = timezone.now()
    is_leased = domain.proof_lease_until is not None and domain.proof_lease_until > now
    is_due = domain.proof_due_at is not None and domain.proof_due_at <= now + CHECK_PAUSE
    return not domain.is_proved and not domain.is_removed and (is_leased or is_due)


def _alias_form(request: TenantRequest, domain: Domain) -> AliasForm | None:
    if domain.alias_of_id is not None or not request.access.may(Permission.DOMAIN_EDIT):
        return None
    form = AliasForm(request.access, domain)
    field: Any = form.fields["alias_of"]
    return form if field.queryset.exists() else None


def _rights(request: TenantRequest) -> dict[str, bool]:
    names = {
        "edit": Permission.DOMAIN_EDIT,
        "vouch": Permission.DOMAIN_VOUCH,
        "suspend": Permission.DOMAIN_SUSPEND,
        "remove": Permission.DOMAIN_REMOVE,
        "manage": Permission.MEMBER_EDIT,
    }
    return {name: request.access.may(permission) for name, permission in names.items()}


def _wanted(request: TenantRequest) -> tuple[QuerySet[Domain], str, str]:
    """The domains that the query string asks for, what it searches, and the state."""
    q = request.GET.get("q", "").strip()[:254]
    state = request.GET.get("state", "")
    if state not in STATES:
        state = ""
    return Domain.objects.of(request.access).filter(STATES[state][1], prefix("name", _typed(q))), q, state


def _exported(domains: QuerySet[Domain]) -> Iterator[tuple[object, ...]]:
    for page in walk(domains.select_related("tenant", "alias_of"), order=("name", "id")):
        for domain, count in _counted(page):
            target = display_domain(domain.alias_of.name) if domain.alias_of else ""
            state = _state_of(domain)[1]
            added = domain.created_at.date().isoformat()
            yield display_domain(domain.name), domain.tenant.name, state, target, count, added
