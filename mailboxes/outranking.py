"""Addresses that belong to a member who stands higher than the one who acts.

Whoever reads the mail of an address can have a new password sent to it: so an admin of a tenant who
resets the mailbox of the operator's staff, forwards it or catches its mail would become the operator.
"""

from django.db.models import Q

from domains.models import Domain
from mailboxes.models import Address
from panel.accounts.models import UserKind
from panel.lib.addresses import display_domain, split_address
from panel.lib.errors import Refused
from panel.tenants.access import Access
from panel.tenants.models import Ancestry, Membership
from panel.tenants.roles import RANK, Role


def refuse_outranked(access: Access, address: str) -> None:
    """Raise `Refused` (outranked) where mail to `address` reaches a member who stands higher than
    `access`, or who has a seat outside of what lies below the actor's. `address` is the normal form of an address of ours, `@domain` for a catch-all."""
    if _reaches_all(access):
        return
    local_part, domain = split_address(address)
    members = Membership.objects.filter(
        _out_of_reach(access), _signs_in_at(domain), user__kind=UserKind.MEMBER
    )
    emails = {email.lower() for email in members.values_list("user__email", flat=True)}
    reached = {_base(email) for email in emails}
    if not local_part:
        # A catch-all takes what has no row of its own.
        own = Address.objects.filter(address__in={f"{base}@{domain}" for base in reached})
        reached -= set(own.values_list("local_part", flat=True))
    if reached if not local_part else local_part in reached:
        raise Refused(
            "This address belongs to someone who may do more here than you. Ask them, or whoever runs"
            " this service, to make the change.",
            "outranked",
        )


def refuse_outranked_domain(access: Access, domain: Domain) -> None:
    """Raise `Refused` (outranked) at `alias_of` where an address of `domain`, which is to have the addresses of
    another one, belongs to such a member. Of a name that is only claimed nothing but the own team is told:
    anybody can claim any name."""
    if _reaches_all(access):
        return
    members = Membership.objects.filter(_out_of_reach(access), _at([domain.name]), user__kind=UserKind.MEMBER)
    if not domain.is_proved:
        members = members.filter(tenant=domain.tenant_id)
    if members.exists():
        raise Refused(
            f"Someone who may do more here than you signs in with an address in {display_domain(domain.name)}."
            " Ask them, or whoever runs this service, to make the change.",
            "outranked",
            "alias_of",
        )


def is_outranked(access: Access, address: str) -> bool:
    """Whether `refuse_outranked` would refuse: pages use it to show what can be done."""
    try:
        refuse_outranked(access, address)
    except Refused:
        return True
    return False


def _reaches_all(access: Access) -> bool:
    """Nobody stands higher, and every seat lies below."""
    return access.seat_id is None or access.role is Role.OPERATOR_ADMIN


def _out_of_reach(access: Access) -> Q:
    """Memberships that the actor may not act on. The machine's administrator may on all."""
    if access.seat_id is None:
        return Q(pk__in=[])
    higher = [role.value for role in Role if RANK[role] > RANK[access.role]]
    below = Ancestry.objects.filter(ancestor_id=access.seat_id).values("tenant_id")
    return Q(role__in=higher) | ~Q(tenant_id__in=below)


def _signs_in_at(domain: str) -> Q:
    """Members whose address is in the domain or one of its alias domains. Anybody can claim any name, so in
    one that is only claimed nobody but the own team is looked for: a refusal would tell who is here."""
    aliases = Domain.objects.filter(alias_of__name=domain).values_list("name", "proved_at", "tenant_id")
    at = _at([domain])
    for name, proved_at, tenant_id in aliases:
        at |= _at([name]) if proved_at else _at([name]) & Q(tenant_id=tenant_id)
    return at


def _at(names: list[str]) -> Q:
    at = Q()
    for name in names:
        at |= Q(user__email__iendswith=f"@{name}")
    return at


def _base(email: str) -> str:
    return split_address(email)[0].partition("+")[0]
