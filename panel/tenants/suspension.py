"""What a suspension binds: the tenant and everything below it. A state that is joined, never copied."""

from django.db.models import Exists, OuterRef, QuerySet

from panel.accounts.models import User
from panel.tenants.models import Ancestry, Membership, Tenant


def is_suspended(tenant_id: int) -> bool:
    """Whether the tenant or one above it is suspended. One query."""
    return Ancestry.objects.filter(tenant_id=tenant_id, ancestor__suspended_at__isnull=False).exists()


def suspending(tenant_id: int) -> Tenant | None:
    """The suspended tenant at or above this one that is nearest to the root, or None."""
    suspended = Tenant.objects.filter(below__tenant_id=tenant_id, suspended_at__isnull=False)
    return suspended.order_by("pk").first()


def suspended_filter(tenant: str = "pk") -> Exists:
    """A condition for any query: true for rows whose tenant is suspended, by itself or from above.
    `tenant` is the path to the tenant's primary key, such as `domain__tenant_id`."""
    return Exists(Ancestry.objects.filter(tenant_id=OuterRef(tenant), ancestor__suspended_at__isnull=False))


def open_memberships(user: User) -> QuerySet[Membership]:
    """The memberships that let the person in: those of tenants that no suspension binds."""
    return Membership.objects.filter(~suspended_filter("tenant_id"), user=user)


def why_shut_out(user: User) -> str:
    """What a member who gave the right password is told when nothing is open to them; else empty. The reason
    of a suspension is for the tenant that it was given to, not for those below it."""
    if not user.is_active:
        return "Your password is right, but this account is closed. Ask whoever runs your mail."
    member_of = user.memberships.select_related("tenant__parent").order_by("pk").first()
    if member_of is None or open_memberships(user).exists():
        return ""
    tenant = member_of.tenant
    # The operator, who has no parent, is never suspended.
    asked = tenant.parent or tenant
    reason = f": {tenant.suspended_reason}" if tenant.suspended_at and tenant.suspended_reason else ""
    return (
        f"Your password is right, but {tenant.name} is suspended{reason.rstrip('.')}. Nobody signs in there "
        f"until that is lifted. Ask {asked.name}{f' at {asked.contact_email}' if asked.contact_email else ''}."
    )
