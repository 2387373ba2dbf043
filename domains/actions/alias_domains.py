"""A domain whose every address is the same one in another domain of its tenant."""

from django.db import transaction

from domains.actions.rows import lock_domain, record, refuse_removed
from domains.circles import check_alias_domain, lock_graph
from domains.models import Domain
from panel.lib.addresses import display_domain
from panel.lib.errors import Refused
from panel.tenants.access import Access
from panel.tenants.roles import Permission


@transaction.atomic
def make_alias_domain(*, access: Access, domain: Domain, target: Domain) -> Domain:
    """Let every address of `domain` lead to the same local part in `target`. Raises `Refused` about
    `alias_of` (alias_elsewhere, alias_unproved, alias_chain, alias_itself, alias_has_addresses,
    outranked, targets_*)."""
    lock_graph()
    # In the order of their keys, so that two of these never wait for each other.
    locked = {
        row.pk: lock_domain(access, row, Permission.DOMAIN_EDIT)
        for row in sorted((domain, target), key=lambda row: row.pk)
    }
    domain, target = locked[domain.pk], locked[target.pk]
    refuse_removed(domain)
    if domain.pk == target.pk:
        message = "A domain cannot be an alias of itself."
        raise Refused(message, "alias_itself", "alias_of")
    check_target(domain.tenant_id, target)
    if domain.alias_domains.exists():
        message = f"Other domains are aliases of {display_domain(domain.name)}, so it cannot be one itself."
        raise Refused(message, "alias_chain", "alias_of")
    # Names that are only kept free bind nobody here.
    if domain.addresses.exclude(kind="reserved").exists():
        message = f"{display_domain(domain.name)} has mailboxes or aliases of its own. Delete them first."
        raise Refused(message, "alias_has_addresses", "alias_of")
    before = domain.alias_of.name if domain.alias_of else None
    domain.alias_of = target
    domain.save(update_fields=["alias_of"])
    check_alias_domain(domain, access)
    record("domain.edit", domain, access, before={"alias_of": before}, after={"alias_of": target.name})
    return domain


@transaction.atomic
def unmake_alias_domain(*, access: Access, domain: Domain) -> Domain:
    """Let the domain stand for itself again: its addresses stop leading to the other domain."""
    domain = lock_domain(access, domain, Permission.DOMAIN_EDIT)
    refuse_removed(domain)
    if domain.alias_of is None:
        message = f"{display_domain(domain.name)} is no alias domain."
        raise Refused(message, "alias_none")
    before = domain.alias_of.name
    domain.alias_of = None
    domain.save(update_fields=["alias_of"])
    record("domain.edit", domain, access, before={"alias_of": before}, after={"alias_of": None})
    return domain


def check_target(tenant_id: int, target: Domain) -> None:
    """Raise `Refused` unless a domain of the tenant may be an alias of `target`."""
    name = display_domain(target.name)
    if target.tenant_id != tenant_id:
        message = f"{name} belongs to another tenant, so nothing can be an alias of it here."
        raise Refused(message, "alias_elsewhere", "alias_of")
    if not target.is_proved or target.is_removed:
        message = f"{name} does not carry mail yet. Prove it first."
        raise Refused(message, "alias_unproved", "alias_of")
    if target.alias_of_id is not None:
        message = f"{name} is an alias domain itself. Choose the domain that it leads to."
        raise Refused(message, "alias_chain", "alias_of")
