"""Suspending a tenant with everything below it, and lifting that again."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from panel.audit import log
from panel.lib.errors import Refused
from panel.tenants.access import Access
from panel.tenants.actions.texts import plain_text
from panel.tenants.models import Ancestry, Revocation, RevocationKind, Tenant, TenantKind
from panel.tenants.roles import Permission

MAX_REASON = 200


@transaction.atomic
def suspend_tenant(access: Access, *, reason: str) -> Tenant:
    """Suspend `access.tenant`, and with it all below. Only from above: nobody suspends themselves.

    Someone higher may take over a suspension, so that those below cannot lift it. Raises
    `PermissionDenied`, and `Refused` (operator_stays, already_suspended; reason_* at `reason`).
    """
    tenant = _locked(access)
    reason = plain_text(reason, MAX_REASON, "reason", what="A reason")
    if not reason:
        raise Refused("Type the reason: those who ask why will be told.", "reason_empty", "reason")
    if tenant.suspended_at is not None and not _stands_higher(access, tenant):
        raise Refused(f"{tenant.name} is suspended already: {tenant.suspended_reason}", "already_suspended")
    before = tenant.suspended_reason
    tenant.suspended_at = tenant.suspended_at or timezone.now()
    tenant.suspended_reason, tenant.suspended_from_id = reason, _seat(access)
    tenant.save(update_fields=["suspended_at", "suspended_reason", "suspended_from"])
    Revocation.objects.create(kind=RevocationKind.TENANT, subject=str(tenant.pk))
    log.record(
        "tenant.suspend",
        actor=access.actor,
        tenant_id=tenant.pk,
        obj=("tenant", tenant.pk, tenant.name),
        before={"reason": before} if before else None,
        after={"reason": reason},
    )
    return tenant


@transaction.atomic
def unsuspend_tenant(access: Access) -> Tenant:
    """Lift the suspension. What was suspended below it by itself stays so: nothing was copied.

    Raises `PermissionDenied`, and `Refused` (operator_stays, not_suspended, suspended_from_above).
    """
    tenant = _locked(access)
    if tenant.suspended_at is None:
        raise Refused(f"{tenant.name} is not suspended.", "not_suspended")
    if not may_lift(access, tenant):
        raise Refused(
            f"{tenant.name} was suspended by someone above you, who alone can lift it.",
            "suspended_from_above",
        )
    reason = tenant.suspended_reason
    tenant.suspended_at, tenant.suspended_reason, tenant.suspended_from = None, "", None
    tenant.save(update_fields=["suspended_at", "suspended_reason", "suspended_from"])
    Revocation.objects.create(kind=RevocationKind.HELD, subject="")
    log.record(
        "tenant.unsuspend",
        actor=access.actor,
        tenant_id=tenant.pk,
        obj=("tenant", tenant.pk, tenant.name),
        before={"reason": reason},
    )
    return tenant


def may_lift(access: Access, tenant: Tenant) -> bool:
    """Whether the person stands at least as high as whoever suspended the tenant."""
    return (
        tenant.suspended_from_id is None
        or Ancestry.objects.filter(tenant_id=tenant.suspended_from_id, ancestor_id=_seat(access)).exists()
    )


def _stands_higher(access: Access, tenant: Tenant) -> bool:
    return tenant.suspended_from_id != _seat(access) and may_lift(access, tenant)


def _seat(access: Access) -> int:
    """Where the person is a member; the machine's administrator acts for the operator."""
    return access.seat_id or Tenant.objects.values_list("pk", flat=True).get(kind=TenantKind.OPERATOR)


def _locked(access: Access) -> Tenant:
    access.require(Permission.TENANT_SUSPEND)
    if not access.is_from_above:
        raise PermissionDenied
    tenant = Tenant.objects.select_for_update(of=("self",), no_key=True).get(pk=access.tenant.pk)
    if tenant.kind == TenantKind.OPERATOR:
        raise Refused("The operator stands above all and cannot be suspended.", "operator_stays")
    return tenant
