"""Stop a domain, and let it go on."""

from django.db import transaction
from django.utils import timezone

from domains.actions.rows import lock_domain, record, refuse_removed
from domains.models import Domain
from panel.lib.addresses import display_domain
from panel.lib.errors import Refused
from panel.tenants.access import Access
from panel.tenants.models import Revocation, RevocationKind
from panel.tenants.roles import Permission, Role

MAX_REASON = 200


@transaction.atomic
def suspend_domain(*, access: Access, domain: Domain, reason: str = "") -> Domain:
    """Nobody signs in, sends or receives in the domain until it is un-suspended. Raises `Refused`
    (domain_suspended, domain_removed)."""
    domain = lock_domain(access, domain, Permission.DOMAIN_SUSPEND)
    refuse_removed(domain)
    if domain.is_suspended:
        message = f"{display_domain(domain.name)} is suspended already."
        raise Refused(message, "domain_suspended")
    domain.suspended_at = timezone.now()
    domain.suspended_reason = reason.strip()[:MAX_REASON]
    domain.suspended_role = access.role
    domain.save(update_fields=["suspended_at", "suspended_reason", "suspended_role"])
    Revocation.objects.create(kind=RevocationKind.DOMAIN, subject=domain.name)
    record(
        "domain.suspend",
        domain,
        access,
        before={"suspended": False},
        after={"suspended": True, "reason": domain.suspended_reason},
    )
    return domain


@transaction.atomic
def unsuspend_domain(*, access: Access, domain: Domain) -> Domain:
    """All is as it was. Who suspended it must not stand higher. Raises `Refused` (domain_running,
    domain_suspended_above)."""
    domain = lock_domain(access, domain, Permission.DOMAIN_SUSPEND)
    if not domain.is_suspended:
        message = f"{display_domain(domain.name)} is not suspended."
        raise Refused(message, "domain_running")
    if not may_lift(access, domain):
        message = f"{display_domain(domain.name)} was suspended by your provider, who alone can lift it."
        raise Refused(message, "domain_suspended_above")
    before = {"suspended": True, "reason": domain.suspended_reason}
    domain.suspended_at, domain.suspended_reason, domain.suspended_role = None, "", ""
    domain.save(update_fields=["suspended_at", "suspended_reason", "suspended_role"])
    Revocation.objects.create(kind=RevocationKind.HELD, subject="")
    record("domain.unsuspend", domain, access, before=before, after={"suspended": False})
    return domain


def may_lift(access: Access, domain: Domain) -> bool:
    return not domain.suspended_role or access.outranks_or_equals(Role(domain.suspended_role))
