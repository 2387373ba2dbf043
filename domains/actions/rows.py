"""What every action on a domain begins and ends with."""

from collections.abc import Mapping
from typing import Any

from django.http import Http404

from domains.models import Domain
from panel.audit import log
from panel.lib.addresses import display_domain
from panel.lib.errors import Refused
from panel.tenants.access import Access
from panel.tenants.roles import Permission


def lock_domain(access: Access, domain: Domain, permission: Permission) -> Domain:
    """The domain as it is now, locked, for somebody who may act on it; 404 for a stranger's.

    The lock lets addresses be added meanwhile (FOR NO KEY UPDATE), so that it never waits for somebody
    who holds a usage row.
    """
    access.require(permission)
    visible = Domain.objects.of(access).filter(pk=domain.pk).values("pk")
    locked = (
        Domain.objects.select_for_update(no_key=True, of=("self",))
        .select_related("tenant")
        .filter(pk__in=visible)
        .first()
    )
    if locked is None:
        raise Http404
    return locked


def refuse_removed(domain: Domain) -> None:
    if domain.is_removed:
        message = f"{display_domain(domain.name)} was removed. Bring it back first."
        raise Refused(message, "domain_removed")


def record(
    action: str,
    domain: Domain,
    access: Access,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    log.record(
        action,
        actor=access.actor,
        tenant_id=domain.tenant_id,
        obj=("domain", domain.pk, domain.name),
        before=before,
        after=after,
    )
