"""Which index a list of addresses walks."""

from typing import TypeVar

from django.db.models import QuerySet, Value
from django.db.models.functions import Concat

from domains.models import Domain
from mailboxes.models import Alias, Mailbox
from panel.tenants.access import Access
from panel.tenants.models import Usage, UsageKind

Addressed = TypeVar("Addressed", Mailbox, Alias)

# Up to as many rows are sorted on the spot.
FEW = 5000
# Up to as many domains are named one by one.
MAX_DOMAINS = 500


def has_few(access: Access, kind: UsageKind) -> bool:
    """Whether the tenant and all below it hold at most `FEW` of `kind`. One query."""
    used = Usage.objects.filter(tenant=access.tenant, kind=kind).values_list("used", flat=True)
    return (used.first() or 0) <= FEW


def sorted_on_the_spot(access: Access, found: QuerySet[Addressed]) -> tuple[QuerySet[Addressed], str]:
    """The rows of a small tenant and the key that sorts them. Both databases would walk the index of all
    addresses of the installation for a small tenant among large ones; its domains by number, and a key
    that is no bare column, keep them from it. One query."""
    domains = list(Domain.objects.of(access).values_list("pk", flat=True)[: MAX_DOMAINS + 1])
    if len(domains) <= MAX_DOMAINS:
        found = found.filter(address__domain_id__in=domains)
    return found.annotate(sort_key=Concat("address__address", Value(""))), "sort_key"
