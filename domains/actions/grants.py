"""Which named domains a domain manager manages."""

from django.db import transaction

from domains.actions.rows import lock_domain, record, refuse_removed
from domains.models import Domain, DomainGrant
from panel.lib.errors import Refused
from panel.tenants.access import Access
from panel.tenants.models import Membership
from panel.tenants.roles import Permission, Role


@transaction.atomic
def grant_domain(*, access: Access, domain: Domain, membership: Membership) -> DomainGrant:
    """Let a domain manager of the domain's own tenant manage it. Raises `Refused` about `membership`
    (grant_elsewhere, grant_role)."""
    domain = lock_domain(access, domain, Permission.MEMBER_EDIT)
    refuse_removed(domain)
    if membership.tenant_id != domain.tenant_id:
        message = "Choose a domain manager of the tenant that the domain belongs to."
        raise Refused(message, "grant_elsewhere", "membership")
    if membership.role != Role.DOMAIN_MANAGER:
        message = "Only a domain manager gets single domains: every other role covers all of them."
        raise Refused(message, "grant_role", "membership")
    grant, is_new = DomainGrant.objects.get_or_create(membership=membership, domain=domain)
    if is_new:
        record("domain.grant", domain, access, after={"manager": membership.user.email})
    return grant


@transaction.atomic
def revoke_grant(*, access: Access, domain: Domain, membership: Membership) -> bool:
    """Take the domain away from a domain manager, from the next request on. Always true."""
    domain = lock_domain(access, domain, Permission.MEMBER_EDIT)
    gone, _ = DomainGrant.objects.filter(domain=domain, membership=membership).delete()
    if gone:
        record("domain.revoke_grant", domain, access, before={"manager": membership.user.email})
    return True
