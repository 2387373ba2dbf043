"""Caps along the path to the root, and what is used of them."""

from django.db.models import F

from panel.lib.errors import Refused
from panel.tenants.models import Ancestry, Tenant, Usage, UsageKind

_CAP_FIELDS = {
    UsageKind.DOMAINS: "max_domains",
    UsageKind.MAILBOXES: "max_mailboxes",
    UsageKind.ALIASES: "max_aliases",
    UsageKind.STORAGE: "max_storage_bytes",
}


def take(tenant: Tenant, kind: UsageKind, amount: int = 1) -> None:
    """Take `amount` (a count, or bytes for storage) for `tenant` and every tenant above it.

    Locks the usage rows from the root to the leaf, so that parallel calls queue up and never lock
    each other out. Raises `Refused` (code `cap_reached`, field "") that names the tenant whose cap
    binds, and takes nothing then. Must be called inside a transaction.
    """
    if amount <= 0:
        give(tenant, kind, -amount)
        return
    for usage in _locked(tenant, kind):
        cap = cap_of(usage.tenant, kind)
        if cap is not None and usage.used + amount > cap:
            raise _refusal(tenant, usage, kind, cap, amount)
    _move(tenant, kind, amount)


def give(tenant: Tenant, kind: UsageKind, amount: int = 1) -> None:
    """Give back what `take` took. Must be called inside a transaction."""
    if amount:
        list(_locked(tenant, kind))
        _move(tenant, kind, -amount)


def cap_of(tenant: Tenant, kind: UsageKind) -> int | None:
    """The tenant's own cap of this kind; None is no cap of its own."""
    value: int | None = getattr(tenant, _CAP_FIELDS[kind])
    return value


def binding_cap(tenant: Tenant, kind: UsageKind) -> int | None:
    """The lowest cap along the path to the root, or None where none binds."""
    caps = [
        cap
        for above in Ancestry.objects.filter(tenant=tenant).select_related("ancestor")
        if (cap := cap_of(above.ancestor, kind)) is not None
    ]
    return min(caps, default=None)


def _locked(tenant: Tenant, kind: UsageKind) -> list[Usage]:
    return list(
        Usage.objects.select_for_update(of=("self",))
        .filter(kind=kind, tenant__below__tenant=tenant)
        .select_related("tenant")
        # The larger the distance, the nearer the root; ids only grow downward, for parents come first.
        .order_by("tenant_id")
    )


def _move(tenant: Tenant, kind: UsageKind, amount: int) -> None:
    Usage.objects.filter(kind=kind, tenant__below__tenant=tenant).update(used=F("used") + amount)


def _refusal(tenant: Tenant, usage: Usage, kind: UsageKind, cap: int, amount: int) -> Refused:
    raise NotImplementedError
