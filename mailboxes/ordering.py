"""Which index a list of addresses walks."""

from typing import TypeVar

from django.db.models import QuerySet, Subquery, Value
from django.db.models.functions import Concat

from domains.models import Domain
from mailboxes.models import AddressKind, Alias, Mailbox
from panel.tenants.access import Access
from panel.tenants.models import Usage, UsageKind

Addressed = TypeVar("Addressed", Mailbox, Alias)

# Up to as many rows are sorted on the spot: that takes less than walking past everybody else's.
FEW = 20_000
# Up to as many domains are named one by one.
MAX_DOMAINS = 500


def in_order(
    access: Access, found: QuerySet[Addressed], *, domain: Domain | None = None, is_rare: bool = False
) -> tuple[QuerySet[Addressed], str]:
    """The rows and the key that sorts them. `found` is what the person may see; `domain` the one that it
    was narrowed to, and `is_rare` says that a filter leaves few. At most one query."""
    is_alias = found.model is Alias
    found = found.filter(address__kind=AddressKind.ALIAS if is_alias else AddressKind.MAILBOX)
    if domain is not None:
        return found.filter(address__domain=domain), "address__address"
    if is_rare:
        return found.annotate(sort_key=_no_column()), "sort_key"
    if access.sees_everything:
        return found, "address__address"
    kind = UsageKind.ALIASES if is_alias else UsageKind.MAILBOXES
    domains, used = _domains_and_use(access, kind)
    if len(domains) <= MAX_DOMAINS:
        # By number, so that the database knows how many rows they have.
        found = found.filter(address__domain_id__in=domains)
    if len(domains) <= 1 or used > FEW:
        return found, "address__address"
    return found.annotate(sort_key=_no_column()), "sort_key"


def has_few(access: Access, kind: UsageKind) -> bool:
    """Whether the tenant and all below it hold at most `FEW` of `kind`. One query."""
    used = Usage.objects.filter(tenant=access.tenant, kind=kind).values_list("used", flat=True)
    return (used.first() or 0) <= FEW


def is_rare_state(state: str) -> bool:
    """Whether at most `FEW` mailboxes of the whole installation are in this state. One query."""
    return Mailbox.objects.filter(state=state).order_by()[: FEW + 1].count() <= FEW


def sorted_on_the_spot(access: Access, found: QuerySet[Addressed]) -> tuple[QuerySet[Addressed], str]:
    """The rows of a small tenant and the key that sorts them. Both databases would walk the index of all
    addresses of the installation for a small tenant among large ones; its domains by number, and a key
    that is no bare column, keep them from it. One query."""
    domains = list(Domain.objects.of(access).values_list("pk", flat=True)[: MAX_DOMAINS + 1])
    if len(domains) <= MAX_DOMAINS:
        found = found.filter(address__domain_id__in=domains)
    return found.annotate(sort_key=_no_column()), "sort_key"


def _domains_and_use(access: Access, kind: UsageKind) -> tuple[list[int], int]:
    """The first domains, and how many of `kind` the tenant and all below it hold. One query."""
    used = Usage.objects.filter(tenant=access.tenant, kind=kind).values("used")
    rows = Domain.objects.of(access).annotate(rows_used=Subquery(used)).values_list("pk", "rows_used")
    found = list(rows[: MAX_DOMAINS + 1])
    return [domain for domain, _ in found], (found[0][1] or 0) if found else 0


def _no_column() -> Concat:
    """The address as an expression, which no index is in the order of."""
    return Concat("address__address", Value(""))
