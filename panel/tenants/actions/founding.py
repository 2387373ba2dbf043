"""The first operator."""

from django.db import transaction

from panel.accounts.actions import check_policy, make_member, set_password
from panel.accounts.models import User
from panel.accounts.passwords import OneTimePassword, hash_password, make_one_time_password
from panel.audit import log
from panel.audit.actor import Actor
from panel.lib.addresses import normalise_destination
from panel.lib.errors import Refused
from panel.tenants.models import Ancestry, Membership, Tenant, TenantKind, Usage, UsageKind
from panel.tenants.roles import Role


def found_operator(*, email: str, password: str = "", name: str = "Operator", actor: Actor) -> str | None:
    """The operator's tenant and its first admin, if there is no operator yet.

    Returns the one-time password to show once; empty if `password` was given, and None if there was an
    operator already. Raises `Refused` (address codes at `email`, password_* at `new`).
    """
    if Tenant.objects.filter(kind=TenantKind.OPERATOR).exists():
        return None
    try:
        address = normalise_destination(email)
    except Refused as refused:
        raise refused.at("email") from refused
    if password:
        check_policy(password, User(email=address, name=""))
    one_time = OneTimePassword(password, hash_password(password)) if password else make_one_time_password()
    with transaction.atomic():
        # Two starts at once: the database knows one operator, and the second start fails here.
        tenant = Tenant.objects.create(
            kind=TenantKind.OPERATOR, name=name, sort_name=name.casefold(), contact_email=address
        )
        Ancestry.objects.create(tenant=tenant, ancestor=tenant, distance=0)
        Usage.objects.bulk_create([Usage(tenant=tenant, kind=kind) for kind in UsageKind])
        user, text = make_member(address, actor=actor, tenant_id=tenant.pk, one_time=one_time)
        if password:
            set_password(user, one_time.hashed, must_change=False)
        Membership.objects.create(user=user, tenant=tenant, role=Role.OPERATOR_ADMIN)
        log.record(
            "tenant.found",
            actor=actor,
            tenant_id=tenant.pk,
            obj=("tenant", tenant.pk, tenant.name),
            after={"name": tenant.name, "kind": str(tenant.kind), "admin": address},
        )
    return "" if password else text
