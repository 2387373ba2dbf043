"""What a tenant's overview shows: what is used, who is needed, what happened last."""

from dataclasses import dataclass

from django.db.models import F, Q

from domains.models import Domain
from panel.audit.models import AuditEntry
from panel.lib.addresses import display_domain
from panel.tenants.access import Access
from panel.tenants.caps import CAP_FIELDS, cap_of
from panel.tenants.models import Ancestry, Tenant, TenantKind, Usage, UsageKind
from panel.web.navigation import link

# More than this is a list page's work.
MAX_ROWS = 5
# A tenant is near its limit from here, as meters are.
NEAR_PERCENT = 85

_METERS = (
    (UsageKind.DOMAINS, "Domains", "count"),
    (UsageKind.MAILBOXES, "Mailboxes", "count"),
    (UsageKind.ALIASES, "Aliases", "count"),
    (UsageKind.STORAGE, "Storage promised", "bytes"),
)


@dataclass(frozen=True)
class Meter:
    label: str
    used: int
    limit: int | None
    unit: str
    # The tenant above whose limit it is; None where it is the tenant's own.
    set_by: Tenant | None = None


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


def meters(access: Access) -> list[Meter]:
    """Used and allowed by kind; the lowest cap along the path to the root is the one that binds. Who
    stands above is named only to people who may go there. Two queries."""
    tenant = access.tenant
    used = dict(Usage.objects.filter(tenant=tenant).values_list("kind", "used"))
    path = [
        row.ancestor
        for row in Ancestry.objects.filter(tenant=tenant).select_related("ancestor").order_by("distance")
    ]
    return [_meter(path, kind, label, unit, used.get(kind, 0)) for kind, label, unit in _METERS]


def needs(access: Access) -> list[Need]:
    """What waits for someone in the tenant and below: at most `MAX_ROWS` of each sort. Three queries."""
    mine = Domain.objects.of(access).filter(removed_at=None).select_related("tenant")
    waiting = mine.filter(proved_at=None).order_by("claim_expires_at", "pk")[:MAX_ROWS]
    held = mine.exclude(suspended_at=None).order_by("-suspended_at", "pk")[:MAX_ROWS]
    below = Tenant.objects.filter(pk__in=access.tenant_ids()).exclude(suspended_at=None)
    return [
        *(_need_of_claim(access, domain) for domain in waiting),
        *(_need_of_held_domain(access, domain) for domain in held),
        *(_need_of_held_tenant(tenant) for tenant in below.order_by("-suspended_at", "pk")[:MAX_ROWS]),
    ]


def near_limits(access: Access) -> list[Meter]:
    """Tenants below whose use comes near a cap of their own. One query; none for a client."""
    if access.tenant.kind == TenantKind.CLIENT:
        return []
    full = Q()
    for kind, name in CAP_FIELDS.items():
        full |= Q(kind=kind, used__gt=0, used__gte=F(f"tenant__{name}") * NEAR_PERCENT / 100)
    rows = Usage.objects.filter(full, tenant_id__in=access.tenant_ids()).exclude(tenant=access.tenant)
    return [
        Meter(
            label=f"{usage.tenant.name}, {usage.get_kind_display().lower()}",
            used=usage.used,
            limit=cap_of(usage.tenant, UsageKind(usage.kind)),
            unit="bytes" if usage.kind == UsageKind.STORAGE else "count",
        )
        for usage in rows.select_related("tenant").order_by("tenant__sort_name", "pk")[:MAX_ROWS]
    ]


def latest(access: Access) -> list[AuditEntry]:
    """The last entries of the trail of the tenant and those below. One query."""
    return list(AuditEntry.objects.filter(tenant_id__in=access.tenant_ids()).order_by("-pk")[: MAX_ROWS + 1])


def _meter(path: list[Tenant], kind: UsageKind, label: str, unit: str, used: int) -> Meter:
    """`path` leads from the tenant upward."""
    caps = [
        (cap, distance) for distance, tenant in enumerate(path) if (cap := cap_of(tenant, kind)) is not None
    ]
    cap, distance = min(caps, default=(None, 0))
    return Meter(label, used, cap, unit, path[distance] if distance else None)


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
