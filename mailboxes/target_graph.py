"""The graph of targets as the database has it: fetched level by level, checked after a change."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Any

from django.db.models import Q

from domains.circles import lock_graph as lock_graph  # beside the checks that it belongs to
from domains.models import Domain
from mailboxes.models import Address, AddressKind, Target
from mailboxes.outranking import refuse_outranked_domain
from mailboxes.targets import (
    MAX_DEPTH,
    MAX_NODES,
    Node,
    TooManyNodes,
    base_of,
    explore,
    measure,
    neutral_refusal,
    refuse_loop,
    refuse_size,
)
from panel.lib.addresses import display_address, split_address
from panel.lib.errors import Refused
from panel.tenants.access import Access
from panel.tenants.models import Ancestry

# Names that always work (RFC 2142 5, RFC 5321 4.5.1), with or without a row of their own.
ROLE_LOCAL_PARTS = frozenset({"postmaster", "abuse"})
# How many rows above a changed one are measured again. Beyond it Postfix's own limit stands
# (virtual_alias_expansion_limit): a mailbox that thousands of aliases lead to stays editable.
MAX_ABOVE = 500
# Parameters in one statement: SQLite's builds differ in how many they take.
CHUNK = 500


def check_address(address: Address) -> None:
    """Raise `Refused` where the mail of `address`, as it now stands in the database, would go round in a
    circle, too far or to too many, or makes an address above it do so. Call it after writing the
    targets, under `lock_graph`; the refusal rolls the change back."""
    tenant_id = address.domain.tenant_id
    start = _nodes([address.address])[address.address]
    try:
        above = _above(start)
        graph = explore([start, *above], resolve)
    except TooManyNodes:
        raise neutral_refusal() from None
    refuse_loop(graph, start.key, tenant_id=tenant_id)
    for node in (start, *above):
        size = measure(graph, node.key, tenant_id=tenant_id)
        refuse_size(size, label=_label(node.key))


def check_alias_domain(domain: Domain, access: Access | None = None) -> None:
    """Raise `Refused` (targets_*) at `alias_of` where mail goes round in a circle, too far or to too many because every
    address of `domain` leads to the same one of `domain.alias_of`. A circle through it passes a row of
    that domain. And (outranked) where that gives `access` the mail of somebody who stands higher. Call it
    after the write, under `lock_graph`."""
    if access is not None:
        refuse_outranked_domain(access, domain)
    if not domain.is_proved:
        # A claim carries no mail: the way of its mail is looked at when it is proved.
        return
    rows = Address.objects.filter(domain=domain.alias_of_id, targets__isnull=False).distinct()
    below = list(rows.values_list("address", flat=True)[: MAX_NODES + 1])
    leading = Target.objects.filter(
        destination__endswith=f"@{domain.name}", address__domain__tenant=domain.tenant_id
    )
    above = sorted(set(leading.values_list("address__address", flat=True)[:MAX_ABOVE]))
    try:
        graph = explore(_nodes([*below, *above]).values(), resolve)
    except TooManyNodes:
        message = (
            f"{domain.name} cannot be an alias domain: too many aliases send mail on for all to be checked."
        )
        raise Refused(message, "targets_many", "alias_of") from None
    try:
        refuse_loop(graph, *sorted(below), tenant_id=domain.tenant_id)
        for key in above:
            refuse_size(measure(graph, key, tenant_id=domain.tenant_id), label=_label(key))
    except Refused as refused:
        raise refused.at("alias_of") from refused


def resolve(destinations: Collection[str]) -> dict[str, Node]:
    """The row that takes the mail of each address, as the mail servers see it: the address itself, else
    what its sub-address belongs to, else the contact for a role, else the catch-all; in an
    alias domain those of the domain behind it. What is outside or unknown is missing.

    Disabled aliases, suspended and removed domains count as if they worked, so that bringing them back
    needs no check.
    """
    places = {
        destination: canonical
        for chunk in _chunks(destinations)
        for destination, canonical in _local(chunk).items()
    }
    wanted = {name for base in places.values() for name in (base, _catch_all_of(base))}
    nodes = _nodes(wanted)
    found: dict[str, Node] = {}
    for destination, base in places.items():
        node = nodes.get(base) or (None if _is_role(base) else nodes.get(_catch_all_of(base)))
        if node is not None:
            found[destination] = node
    missing_roles = {base for base in places.values() if _is_role(base) and base not in nodes}
    if missing_roles:
        roles = _role_nodes(missing_roles)
        found |= {destination: roles[base] for destination, base in places.items() if base in roles}
    return found


def _local(destinations: list[str]) -> dict[str, str]:
    """Each destination in a proved domain, and the address that stands for it there: without its tag,
    and in the domain behind an alias domain."""
    by_domain = defaultdict(list)
    for destination in destinations:
        by_domain[split_address(destination)[1]].append(destination)
    names = (
        Domain.objects.filter(name__in=list(by_domain), proved_at__isnull=False)
        .order_by()
        .values_list("name", "alias_of__name")
    )
    places = {}
    for name, behind in names:
        for destination in by_domain[name]:
            local_part = split_address(base_of(destination))[0]
            places[destination] = f"{local_part}@{behind or name}"
    return places


def _nodes(addresses: Iterable[str]) -> dict[str, Node]:
    """The nodes of the rows with these addresses."""
    rows = [
        row
        for chunk in _chunks(addresses)
        for row in Address.objects.filter(address__in=chunk)
        .exclude(kind=AddressKind.RESERVED)
        .values_list("pk", "address", "kind", "domain__tenant_id")
    ]
    destinations: dict[int, list[str]] = defaultdict(list)
    for chunk in _chunks([pk for pk, *_ in rows]):
        targets = Target.objects.filter(address__in=chunk).order_by("pk")
        for pk, destination in targets.values_list("address_id", "destination"):
            destinations[pk].append(destination)
    return {
        key: Node(key, tenant_id, tuple(destinations[pk]), is_mailbox=kind == AddressKind.MAILBOX)
        for pk, key, kind, tenant_id in rows
    }


def _role_nodes(bases: Collection[str]) -> dict[str, Node]:
    """postmaster@ and abuse@ without a row: their mail goes to the contact of the nearest tenant above
    that named one. A contact that is itself such an address does not count: it could lead to itself."""
    names = {split_address(base)[1] for base in bases}
    owners = dict(
        Domain.objects.filter(name__in=names, proved_at__isnull=False).values_list("name", "tenant_id")
    )
    contacts: dict[int, str] = {}
    above = Ancestry.objects.filter(tenant__in=owners.values()).order_by("distance")
    for tenant_id, contact in above.values_list("tenant_id", "ancestor__contact_email"):
        if contact and not contact.startswith(("postmaster@", "abuse@")):
            contacts.setdefault(tenant_id, contact.lower())
    nodes = {}
    for base in bases:
        owner = owners.get(split_address(base)[1])
        if owner in contacts:
            nodes[base] = Node(base, owner, (contacts[owner],))
    return nodes


def _above(start: Node) -> list[Node]:
    """Rows of the same tenant whose mail may reach `start`, the nearest first."""
    seen = {start.key}
    found: list[Node] = []
    level = [start.key]
    for _step in range(MAX_DEPTH + 1):
        parents: dict[str, None] = {}
        for chunk in _chunks(level, 50):
            rows = Target.objects.filter(leads_to(chunk), address__domain__tenant=start.tenant_id)
            for key in rows.order_by("pk").values_list("address__address", flat=True)[:MAX_ABOVE]:
                if key not in seen:
                    parents[key] = None
        level = list(parents)[: MAX_ABOVE - len(found)]
        if not level:
            break
        seen.update(level)
        found.extend(_nodes(level).values())
    return found


def leads_to(keys: list[str]) -> Q:
    """Targets that are these addresses, a sub-address of them, or one of the two in an alias domain."""
    behind = {split_address(key)[1] for key in keys}
    aliases = Domain.objects.filter(alias_of__name__in=behind, proved_at__isnull=False)
    names: dict[str, list[str]] = {name: [name] for name in behind}
    for name, of in aliases.values_list("name", "alias_of__name"):
        names[of].append(name)
    leads = Q(pk__in=[])
    for key in keys:
        local_part, domain = split_address(key)
        for name in names[domain]:
            if local_part:
                # The sub-addresses as a range of the index: "," follows "+".
                tagged = Q(destination__gt=f"{local_part}+", destination__lt=f"{local_part},")
                leads |= Q(destination=f"{local_part}@{name}") | (
                    tagged & Q(destination__endswith=f"@{name}")
                )
            else:
                # Whatever the domain has no row for; what does have one leads elsewhere and is measured in vain.
                leads |= Q(destination__endswith=f"@{name}")
    return leads


def _catch_all_of(address: str) -> str:
    return f"@{split_address(address)[1]}"


def _is_role(address: str) -> bool:
    return split_address(address)[0] in ROLE_LOCAL_PARTS


def _label(key: str) -> str:
    return f"the catch-all of {key[1:]}" if key.startswith("@") else display_address(key)


def _chunks(items: Iterable[str] | Iterable[int], size: int = CHUNK) -> Iterator[list[Any]]:
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk
