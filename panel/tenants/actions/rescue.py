"""A way in for an operator who is locked out: at the machine's command line, nowhere else."""

from django.db import transaction

from panel.accounts.actions import hand_out_password, make_member, set_active
from panel.accounts.models import User, UserKind
from panel.accounts.passwords import make_one_time_password
from panel.audit import log
from panel.audit.actor import Actor
from panel.lib.addresses import normalise_destination
from panel.lib.errors import Refused
from panel.tenants.models import Membership, Tenant, TenantKind
from panel.tenants.roles import Role


def rescue_operator(*, email: str = "", actor: Actor) -> tuple[str, str]:
    """Let `email`, or the first operator admin there is, in as an operator admin.

    Makes the member or the membership where there is none, and ends the old password, sessions and reset
    links. Returns the address and the one-time password to show once. Raises `Refused` (no_operator;
    no_admin and address codes at `email`).
    """
    tenant = Tenant.objects.filter(kind=TenantKind.OPERATOR).first()
    if tenant is None:
        raise Refused("There is no operator yet. deploy/up makes the first one.", "no_operator")
    address = _address(email) if email else _first_admin(tenant)
    one_time = make_one_time_password()
    with transaction.atomic():
        user = User.objects.filter(kind=UserKind.MEMBER, email=address).first()
        if user is None:
            user, _ = make_member(address, actor=actor, tenant_id=tenant.pk, one_time=one_time)
        else:
            set_active(user, active=True, actor=actor, tenant_id=tenant.pk)
            hand_out_password(user, actor=actor, tenant_id=tenant.pk, one_time=one_time)
        Membership.objects.update_or_create(user=user, tenant=tenant, defaults={"role": Role.OPERATOR_ADMIN})
        log.record(
            "member.rescue",
            actor=actor,
            tenant_id=tenant.pk,
            obj=("member", user.pk, user.email),
            after={"role": str(Role.OPERATOR_ADMIN)},
        )
    return address, one_time.text


def _address(email: str) -> str:
    try:
        return normalise_destination(email)
    except Refused as refused:
        raise refused.at("email") from refused


def _first_admin(tenant: Tenant) -> str:
    admins = Membership.objects.filter(tenant=tenant, role=Role.OPERATOR_ADMIN).select_related("user")
    first = admins.order_by("pk").first()
    if first is None:
        raise Refused("There is no operator admin. Name the address of one to be.", "no_admin", "email")
    return first.user.email
