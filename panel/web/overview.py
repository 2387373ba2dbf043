"""What a tenant's overview shows: what is used, who is needed, what happened last."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from domains.models import Domain
from panel.audit.models import AuditEntry
from panel.lib.addresses import display_domain
from panel.tenants import caps
from panel.tenants.access import Access
from panel.tenants.caps import cap_of
from panel.tenants.figures import Meter, meters_of, near_a_limit, sums_below
from panel.tenants.models import Revocation, Tenant, TenantKind, UsageKind
from panel.tenants.trail import act_of, icon_of
from panel.web.navigation import link
from panel.web.templatetags.posthouse import ago

# More than this is a list page's work.
MAX_ROWS = 5
# An effect at the mail servers takes seconds; what waits longer is trouble.
OVERDUE = timedelta(minutes=1)


@dataclass(frozen=True)
class Need:
    """Something that waits for a person: its state, what it is, what it means, where to act."""

    state: str
    title: str
    text: str
    url: str
    label: str

    @property
    def icon(self) -> str:
        return f"s-{self.state}"


def meters(access: Access) -> dict[str, Meter]:
    """Used, promised and allowed by kind; the lowest cap along the path to the root is the one that
    binds. Three queries."""
    tenant = access.tenant
    return meters_of(tenant, sums_below([tenant.pk]), caps.path_to(tenant))


def needs(access: Access) -> list[Need]:
    """What waits for someone in the tenant and below: at most `MAX_ROWS` of each sort. Three
    queries, and one more for the operator."""
    mine = Domain.objects.of(access).filter(removed_at=None).select_related("tenant")
    waiting = mine.filter(proved_at=None).order_by("claim_expires_at", "pk")[:MAX_ROWS]
    held = mine.exclude(suspended_at=None).order_by("-suspended_at", "pk")[:MAX_ROWS]
    below = Tenant.objects.filter(pk__in=access.tenant_ids()).exclude(suspended_at=None)
    return [
        *_overdue(access),
        *(_need_of_claim(access, domain) for domain in waiting),
        *(_need_of_held_domain(access, domain) for domain in held),
        *(_need_of_held_tenant(tenant) for tenant in below.order_by("-suspended_at", "pk")[:MAX_ROWS]),
    ]


def near_limits(access: Access) -> list[tuple[Tenant, Meter]]:
    """Tenants below whose use comes near a cap of their own. One query; none for a client."""
    if access.tenant.kind == TenantKind.CLIENT:
        return []
    rows = near_a_limit().filter(tenant_id__in=access.tenant_ids()).exclude(tenant=access.tenant)
    return [
        (usage.tenant, Meter(kind, usage.used, None, cap_of(usage.tenant, kind)))
        for usage in rows.select_related("tenant").order_by("tenant__sort_name", "pk")[:MAX_ROWS]
        for kind in [UsageKind(usage.kind)]
    ]


def latest(access: Access) -> list[tuple[AuditEntry, str, str]]:
    """The last entries of the trail of the tenant and those below, each with its symbol and
    its act in words. One query."""
    rows = AuditEntry.objects.filter(tenant_id__in=access.tenant_ids()).order_by("-pk")[: MAX_ROWS + 1]
    return [(entry, icon_of(entry.action), act_of(entry.action)) for entry in rows]


def _overdue(access: Access) -> Iterator[Need]:
    """For the operator: changes that the mail servers have not followed. Whoever was signed out may still
    be signed in there."""
    if access.tenant.kind != TenantKind.OPERATOR:
        return
    waiting = Revocation.objects.filter(done_at=None, created_at__lt=timezone.now() - OVERDUE)
    oldest = waiting.order_by("created_at").first()
    if oldest is None:
        return
    count = waiting.count()
    yield Need(
        state="bad",
        title=f"{count} change{'s' if count != 1 else ''} did not reach the mail servers",
        text=f"The oldest waits since {ago(oldest.created_at)}: {oldest.get_kind_display().lower()}. {oldest.last_error}",
        url="",
        label="",
    )


def _need_of_claim(access: Access, domain: Domain) -> Need:
    return Need(
        state="wait",
        title=f"{display_domain(domain.name)} waits for its proof",
        text="It carries no mail until its TXT record is seen in DNS. We keep looking by ourselves.",
        url=link("domains:detail", access.tenant.pk, domain.pk),
        label="See the record",
    )


def _need_of_held_domain(access: Access, domain: Domain) -> Need:
    return Need(
        state="off",
        title=f"{display_domain(domain.name)} is suspended",
        text=domain.suspended_reason
        or "Nobody can sign in or send there. Senders to it are asked to try again later.",
        url=link("domains:detail", access.tenant.pk, domain.pk),
        label="Open",
    )


def _need_of_held_tenant(tenant: Tenant) -> Need:
    return Need(
        state="off",
        title=f"{tenant.name} is suspended",
        text=tenant.suspended_reason or "Nobody can sign in or send there, nor in any tenant below it.",
        url=link("web:overview", tenant.pk),
        label="Open",
    )
