"""Caps along the path to the root, and what is used of them."""

from django.db.models import F

from panel.lib.errors import Refused
from panel.tenants.models import Tenant, Usage, UsageKind
from panel.tenants.quantities import words

CAP_FIELDS = {
    UsageKind.DOMAINS: "max_domains",
    UsageKind.MAILBOXES: "max_mailboxes",
    UsageKind.ALIASES: "max_aliases",
    UsageKind.STORAGE: "max_storage_bytes",
}


def take(tenant: Tenant, kind: UsageKind, amount: int = 1) -> None:
    """Take `amount` (a count, or bytes for storage) for `tenant` and every tenant above it; a negative
    amount gives back, so that the resize of a quota is one call with the difference.

    Locks the usage rows from the root to the leaf, so that parallel calls queue up and never lock
    each other out. Raises `Refused` (code `cap_reached`, field "") about the cap that binds, and takes
    nothing then. Must be called inside a transaction.
    """
    if amount <= 0:
        give(tenant, kind, -amount)
        return
    used = lock(tenant, kind)
    # Only after the lock: a cap that was lowered while we waited for it is the one that binds. (On
    # PostgreSQL a statement that waited sees new values of the rows it locked, but old ones of those it joined.)
    for above in path_to(tenant):
        cap = cap_of(above, kind)
        if cap is not None and used[above.pk] + amount > cap:
            raise _refusal(tenant, above, kind, cap, used[above.pk], amount)
    _move(tenant, kind, amount)


def give(tenant: Tenant, kind: UsageKind, amount: int = 1) -> None:
    """Give back what `take` took. Must be called inside a transaction. Giving back more than was ever
    taken fails in the database: it is a mistake of the caller."""
    if amount:
        lock(tenant, kind)
        _move(tenant, kind, -amount)


def cap_of(tenant: Tenant, kind: UsageKind) -> int | None:
    """The tenant's own cap of this kind; None is no cap of its own. A cap on storage leaves no room for
    mailboxes that promise no bytes."""
    if kind is UsageKind.UNMETERED:
        return None if tenant.max_storage_bytes is None else 0
    value: int | None = getattr(tenant, CAP_FIELDS[kind])
    return value


def binding_cap(tenant: Tenant, kind: UsageKind) -> int | None:
    """The lowest cap along the path to the root, or None where none binds."""
    caps = [cap for above in path_to(tenant) if (cap := cap_of(above, kind)) is not None]
    return min(caps, default=None)


def path_to(tenant: Tenant) -> list[Tenant]:
    """The tenants from the root down to `tenant`, as they are now. A parent is made before its children
    and never changes, so its primary key is the smaller one."""
    return list(Tenant.objects.filter(below__tenant=tenant).order_by("pk"))


def lock(tenant: Tenant, kind: UsageKind) -> dict[int, int]:
    """What the tenant and those above it use, by primary key, with the rows locked from the root down."""
    rows = (
        Usage.objects.select_for_update(of=("self",))
        .filter(kind=kind, tenant__below__tenant=tenant)
        .order_by("tenant_id")
    )
    return {row.tenant_id: row.used for row in rows}


def _move(tenant: Tenant, kind: UsageKind, amount: int) -> None:
    Usage.objects.filter(kind=kind, tenant__below__tenant=tenant).update(used=F("used") + amount)


def _refusal(tenant: Tenant, above: Tenant, kind: UsageKind, cap: int, used: int, amount: int) -> Refused:  # noqa: PLR0913, PLR0917 -- the facts of one sentence
    """Says whose cap binds, what is left and who can raise it. Of a tenant above nothing but that it is
    full is told: its sums are the business of the other tenants below it."""
    provider = tenant.parent
    if above.pk != tenant.pk and provider is not None:
        if kind is UsageKind.UNMETERED:
            message = f"A mailbox needs a quota here: {provider.name} limits the storage. Type a number."
            return Refused(message, "cap_reached")
        message = (
            f"{provider.name} cannot give any more {_NOUNS[kind]} at the moment: the provider’s limit is reached."
            f" {provider.name} can have it raised."
        )
        return Refused(message, "cap_reached")
    if kind is UsageKind.UNMETERED:
        message = f"A mailbox needs a quota here: the storage of {tenant.name} is limited. Type a number."
        return Refused(message, "cap_reached")
    who = provider.name if provider else "Whoever runs this machine"
    left = max(cap - used, 0)
    asked = f", and this needs {words(kind, amount)}" if left and amount > 1 else ""
    message = (
        f"{tenant.name} uses {words(kind, used)} of {words(kind, cap)}"
        f" ({words(kind, left) if left else 'nothing'} left{asked}). {who} can raise the limit."
    )
    return Refused(message, "cap_reached")


_NOUNS = {
    UsageKind.DOMAINS: "domains",
    UsageKind.MAILBOXES: "mailboxes",
    UsageKind.ALIASES: "aliases",
    UsageKind.STORAGE: "storage",
}
