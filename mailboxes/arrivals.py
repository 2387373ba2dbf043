"""What arrives in a mailbox: every address whose mail ends there, as the mail servers see it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.db.models import QuerySet

from domains.models import Domain
from mailboxes.models import Address, AddressKind, Mailbox, MailboxState, Target
from mailboxes.sources import seen_by
from mailboxes.target_graph import leads_to, resolve
from mailboxes.targets import MAX_DEPTH
from panel.lib.addresses import split_address
from panel.tenants.access import Access

# How many addresses a page names, and how many of them it looks behind in one step.
MAX_SHOWN = 100
MAX_STEP = 50


@dataclass(frozen=True)
class Arrival:
    """An address that sends its mail on. `via` is the address in between, where it does not lead here by
    itself; `why_not` says in words why nothing comes this way now."""

    address: Address
    via: str = ""
    why_not: str = ""

    @property
    def is_catch_all(self) -> bool:
        return not self.address.local_part

    @property
    def is_forward(self) -> bool:
        return self.address.kind == AddressKind.MAILBOX


def spellings_of(mailbox: Mailbox) -> list[tuple[str, Domain]]:
    """The same name in each alias domain of the mailbox's domain, with that domain. One query."""
    address = mailbox.address
    aliases = Domain.objects.filter(alias_of=address.domain_id, proved_at__isnull=False, removed_at=None)
    return [(f"{address.local_part}@{alias.name}", alias) for alias in aliases.order_by("name")[:MAX_SHOWN]]


def arrivals_at(access: Access, address: Address) -> list[Arrival]:
    """What leads to the address inside its tenant, through others too, the nearest first: at most
    `MAX_SHOWN`, each once, and only in domains that `access` may see. A few queries for each step of the
    longest chain, however many addresses lead here."""
    found: list[Arrival] = []
    seen = {address.address}
    level = [address.address]
    for _step in range(MAX_DEPTH):
        fresh = {
            source.address: Arrival(source, "" if via == address.address else via, _why_not(source))
            for source, via in _step_before(access, address.domain.tenant_id, level)
            if source.address not in seen
        }
        found += fresh.values()
        seen.update(fresh)
        level = list(fresh)[:MAX_STEP]
        if not level or len(found) >= MAX_SHOWN:
            break
    return found[:MAX_SHOWN]


def _step_before(access: Access, tenant_id: int, level: Collection[str]) -> Iterator[tuple[Address, str]]:
    """The addresses that deliver to one of `level`, each with the one that it delivers to."""
    # The tenant's own targets: what others send here is theirs.
    rows: QuerySet[Target] = Target.objects.filter(leads_to(list(level)), address__domain__tenant=tenant_id)
    targets = list(
        seen_by(access, rows)
        .select_related("address__domain", "address__alias", "address__mailbox")
        .order_by("address__address", "pk")[: 2 * MAX_SHOWN]
    )
    # Whose row takes the mail: a target in the domain of a catch-all may have a row of its own.
    takers = resolve({target.destination for target in targets}) if targets else {}
    for target in targets:
        taker = takers.get(target.destination)
        if taker is not None and taker.key in level:
            yield target.address, taker.key


def _why_not(source: Address) -> str:
    if source.domain.removed_at is not None:
        return "Domain removed"
    if source.domain.suspended_at is not None:
        return "Domain suspended"
    if source.kind == AddressKind.MAILBOX:
        return {MailboxState.OFF: "Off", MailboxState.DELETED: "Deleted"}.get(
            MailboxState(source.mailbox.state), ""
        )
    return "" if source.alias.is_enabled else "Off"


def roles_of(mailbox: Mailbox) -> bool:
    """Whether the mailbox is the contact of its tenant, and so gets what is written to postmaster@ and
    abuse@ in domains where no mailbox or alias has the name."""
    contact = mailbox.address.domain.tenant.contact_email.lower()
    if "@" not in contact or split_address(contact)[0] in {"postmaster", "abuse"}:
        return False
    taker = resolve({contact}).get(contact)
    return taker is not None and taker.key == mailbox.address.address
