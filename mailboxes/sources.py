"""What sends its mail on to an address or into a domain, and how it stops doing so."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import QuerySet

from domains.models import Domain
from mailboxes.models import Address, AddressKind, Alias, Mailbox, MailboxState, SendAs, Target
from mailboxes.naming import named
from mailboxes.target_graph import leads_to
from mailboxes.targets import base_of
from panel.audit import log
from panel.audit.actor import SYSTEM, Actor
from panel.tenants.access import Access


def leading_to(address: Address) -> QuerySet[Target]:
    """Targets of the same tenant that are this address: under its own name, with a tag, or in an alias
    domain. The copy that a mailbox keeps is none. Other tenants' targets are theirs."""
    mine = Target.objects.filter(address__domain__tenant=address.domain.tenant_id)
    return mine.filter(leads_to([address.address])).exclude(address=address).order_by("pk")


def leading_into(domain: Domain) -> QuerySet[Target]:
    """Targets of the same tenant, outside the domain, that lead to any name in it."""
    mine = Target.objects.filter(address__domain__tenant=domain.tenant_id)
    return mine.filter(destination__endswith=f"@{domain.name}").exclude(address__domain=domain).order_by("pk")


def sources_of(targets: QuerySet[Target]) -> list[str]:
    """The addresses that have these targets, each once; `@domain` is a catch-all."""
    return list(dict.fromkeys(targets.values_list("address__address", flat=True)))


def seen_by(access: Access, targets: QuerySet[Target]) -> QuerySet[Target]:
    """Those in domains that the person may see: a manager of one domain is not told of the others."""
    return targets.filter(address__domain__in=Domain.objects.of(access))


def sources_into(domain: Domain) -> list[str]:
    return sources_of(leading_into(domain))


def forget_domain(domain: Domain) -> None:
    """Nothing leads into a domain that is gone for good: who has the name next must not get the mail."""
    take_out(leading_into(domain), actor=SYSTEM)


def take_out(targets: QuerySet[Target], *, actor: Actor) -> None:
    """Remove these targets, told in the trail for each address that had one. An alias without any other
    is switched off, and a mailbox that forwarded keeps its mail. Must be called inside a transaction."""
    gone: dict[int, list[int]] = defaultdict(list)
    for pk, source in targets.values_list("pk", "address_id"):
        gone[source].append(pk)
    rows = Address.objects.filter(pk__in=list(gone)).select_related("domain", "alias", "mailbox")
    for address in rows.order_by("pk"):
        _take_out_of(address, gone[address.pk], actor)


def take_back_rights(address: Address) -> list[str]:
    """End every right to send under the address, a sub-address of it, or one of the two in an alias domain, so
    that nobody has a right to a name that is made anew. Who had one. Must be called inside a transaction."""
    aliases = Domain.objects.filter(alias_of=address.domain).values_list("name", flat=True)
    rights = SendAs.objects.filter(named("sender", address.local_part, [address.domain.name, *aliases]))
    senders = list(dict.fromkeys(rights.order_by("pk").values_list("mailbox__address__address", flat=True)))
    rights.delete()
    return senders


def closed_of(destinations: Iterable[str], tenant_id: int) -> dict[str, str]:
    """Those of the destinations that get nothing, and why in words: the tenant itself has closed them."""
    bases = {destination: base_of(destination) for destination in destinations}
    rows = Address.objects.filter(
        address__in=set(bases.values()), domain__tenant=tenant_id, domain__removed_at=None
    ).select_related("mailbox", "alias")
    why = {address.address: word for address in rows if (word := _why_closed(address))}
    return {destination: why[base] for destination, base in bases.items() if base in why}


def _why_closed(address: Address) -> str:
    if address.kind == AddressKind.MAILBOX:
        return {MailboxState.DELETED: "the mailbox is deleted", MailboxState.OFF: "the mailbox is off"}.get(
            MailboxState(address.mailbox.state), ""
        )
    if address.kind == AddressKind.RESERVED:
        return "a mailbox gave the name up, and nobody has it"
    if address.kind == AddressKind.ALIAS and not address.alias.is_enabled:
        return "the alias is switched off"
    return ""


def _take_out_of(address: Address, gone: list[int], actor: Actor) -> None:
    before = list(address.targets.order_by("pk").values_list("destination", flat=True))
    address.targets.filter(pk__in=gone).delete()
    after = list(address.targets.order_by("pk").values_list("destination", flat=True))
    told: dict[str, object] = {"destinations": after}
    row: Alias | Mailbox
    if address.kind == AddressKind.ALIAS:
        kind, row = "alias", address.alias
        if not after and row.is_enabled:
            Alias.objects.filter(pk=row.pk).update(is_enabled=False)
            told["is_enabled"] = False
    else:
        kind, row = "mailbox", address.mailbox
        if after == [address.address]:
            # The copy alone is no forward.
            address.targets.all().delete()
    log.record(
        f"{kind}.edit",
        actor=actor,
        tenant_id=address.domain.tenant_id,
        obj=(kind, row.pk, address.address),
        before={"destinations": before},
        after=told,
    )
