"""Who belongs to a tenant's team, and with which role."""

from dataclasses import dataclass

from django.db import IntegrityError, transaction

from panel.accounts.actions import end_sessions, hand_out_password, make_member
from panel.accounts.models import User, UserKind
from panel.accounts.passwords import make_one_time_password
from panel.audit import log
from panel.audit.actor import ActorKind
from panel.lib.addresses import normalise_destination
from panel.lib.errors import Refused
from panel.tenants.access import Access
from panel.tenants.actions.texts import plain_text
from panel.tenants.models import Membership, Tenant, TenantKind
from panel.tenants.roles import RANK, ROLES_BY_TENANT_KIND, Permission, Role

MAX_NAME = 120


@dataclass(frozen=True)
class Welcome:
    """A new membership, and the one-time password to hand over where the person is new here."""

    membership: Membership
    one_time_password: str | None

    def __repr__(self) -> str:
        return f"Welcome({self.membership!r})"


def grantable_roles(access: Access) -> list[Role]:
    """The roles that a membership in `access.tenant` may hold and that `access` may give."""
    if not access.may(Permission.MEMBER_EDIT):
        return []
    return [role for role in ROLES_BY_TENANT_KIND[access.tenant.kind] if access.outranks_or_equals(role)]


def add_member(access: Access, *, email: str, role: Role, name: str = "") -> Welcome:
    """Give a person a role in `access.tenant` and all below it. A new person gets a one-time password, and
    so does one who belongs to no tenant any more. Someone who signs in here already keeps their password
    and name, unless nobody knows yet whether the address is theirs: then it is refused.

    Raises `PermissionDenied`, and `Refused` (address codes, name_*, role_not_here, already_member,
    member_unproved) at the field that it is about.
    """
    access.require(Permission.MEMBER_EDIT)
    try:
        address = normalise_destination(email)
    except Refused as refused:
        raise refused.at("email") from refused
    name = plain_text(name, MAX_NAME, "name", what="A name")
    _refuse_role(access, role)
    # A hash takes long: it is made before the transaction, and for a known person too, so that both answers
    # take the same time.
    one_time = make_one_time_password()
    with transaction.atomic():
        user = User.objects.select_for_update().filter(kind=UserKind.MEMBER, email=address).first()
        text = None
        if user is None:
            user, text = make_member(
                address, name, actor=access.actor, tenant_id=access.tenant.pk, one_time=one_time
            )
        elif not _is_trusted(access, user):
            text = hand_out_password(user, actor=access.actor, tenant_id=access.tenant.pk, one_time=one_time)
        membership = _join(access, user, role)
    return Welcome(membership, text)


@transaction.atomic
def change_role(access: Access, membership: Membership, *, role: Role) -> Membership:
    """Give a member of `access.tenant` another role. Raises `PermissionDenied`, and `Refused`
    (own_membership, outranked, last_operator; role_not_here at `role`)."""
    membership = _locked(access, membership)
    _refuse_role(access, role)
    if membership.role == role:
        return membership
    if membership.role == Role.OPERATOR_ADMIN:
        _refuse_last_operator(membership)
    before, membership.role = membership.role, role
    membership.save(update_fields=["role"])
    _record("member.change_role", access, membership.user, before={"role": before}, after={"role": str(role)})
    return membership


@transaction.atomic
def remove_member(access: Access, membership: Membership) -> User:
    """Take a person out of the team of `access.tenant`; it binds at their next request. Whoever belongs
    to no tenant afterwards is signed out. Raises `PermissionDenied`, and `Refused` (own_membership,
    outranked, last_operator)."""
    membership = _locked(access, membership)
    user = membership.user
    if membership.role == Role.OPERATOR_ADMIN:
        _refuse_last_operator(membership)
    role = membership.role
    membership.delete()
    if not Membership.objects.filter(user=user).exists():
        end_sessions(user, actor=access.actor, tenant_id=access.tenant.pk)
    _record("member.remove", access, user, before={"role": role})
    return user


def reset_member_password(access: Access, membership: Membership) -> str:
    """A one-time password for a member who is locked out. It opens everything that the person may do, so
    it is refused where that is more than what lies below `access.tenant`.

    Raises `PermissionDenied`, and `Refused` (own_membership, outranked, member_elsewhere).
    """
    one_time = make_one_time_password()
    with transaction.atomic():
        membership = _locked(access, membership)
        user = membership.user
        others = Membership.objects.filter(user=user)
        if others.exclude(tenant_id__in=access.tenant_ids()).exists():
            raise Refused(
                f"{user.email} does not belong to {access.tenant.name} alone, so only the person can change the"
                " password: by “Forgot your password?” on the sign-in page.",
                "member_elsewhere",
            )
        _record("member.reset", access, user)
        return hand_out_password(user, actor=access.actor, tenant_id=access.tenant.pk, one_time=one_time)


def may_act_on(access: Access, membership: Membership) -> bool:
    """Whether the buttons for this member make sense; the acts themselves decide."""
    is_own = access.actor.kind is ActorKind.MEMBER and access.actor.id == membership.user_id
    return (
        access.may(Permission.MEMBER_EDIT) and not is_own and access.outranks_or_equals(Role(membership.role))
    )


def _is_trusted(access: Access, user: User) -> bool:
    """Whether the password of somebody who is known here already may open `access.tenant` too.

    Another tenant's admin could have added the address of a person who is to come, kept the one-time
    password, and waited. So it may where the person has set it by a mailed link, or where it opens this
    tenant anyway. False where it opens nothing, so that a new one harms nobody; else raises `Refused`.
    """
    if (
        user.has_proved_address
        or Membership.objects.filter(user=user, tenant__below__tenant=access.tenant).exists()
    ):
        return True
    if not Membership.objects.filter(user=user).exists():
        return False
    raise Refused(
        f"{user.email} signs in here already, with a password that another team may have handed out. Ask the"
        " person to set a new one by “Forgot your password?” on the sign-in page, then add them.",
        "member_unproved",
        "email",
    )


def _join(access: Access, user: User, role: Role) -> Membership:
    already = Refused(
        f"{user.email} is in this team already. Change the role there instead.", "already_member", "email"
    )
    if Membership.objects.filter(user=user, tenant=access.tenant).exists():
        raise already
    try:
        with transaction.atomic():
            membership = Membership.objects.create(user=user, tenant=access.tenant, role=role)
    except IntegrityError as error:
        raise already from error
    _record("member.add", access, user, after={"role": str(role)})
    return membership


def _locked(access: Access, membership: Membership) -> Membership:
    """The member's row as it is now, after the checks that all acts on a member share."""
    access.require(Permission.MEMBER_EDIT)
    # Everyone who acts on this team waits here: of two who remove each other one comes second.
    Tenant.objects.select_for_update(of=("self",), no_key=True).get(pk=access.tenant.pk)
    found = access.team().filter(pk=membership.pk).first()
    if found is None:
        raise Refused("This person is no longer in the team.", "member_gone")
    if access.actor.kind is ActorKind.MEMBER and access.actor.id == found.user_id:
        raise Refused("Nobody changes their own role or membership. Ask another admin.", "own_membership")
    highest = max(RANK[Role(role)] for role in _roles(found.user))
    if highest > RANK[access.role]:
        raise Refused("This person may do more here than you. Ask someone above you.", "outranked")
    return found


def _roles(user: User) -> list[str]:
    return list(Membership.objects.filter(user=user).values_list("role", flat=True))


def _refuse_role(access: Access, role: Role) -> None:
    if role not in ROLES_BY_TENANT_KIND[access.tenant.kind]:
        raise Refused("This role does not exist in this tenant. Choose another one.", "role_not_here", "role")
    if not access.outranks_or_equals(role):
        raise Refused(
            "You cannot give more rights than you have. Choose another role.", "role_not_here", "role"
        )


def _refuse_last_operator(membership: Membership) -> None:
    others = Membership.objects.filter(
        role=Role.OPERATOR_ADMIN, tenant__kind=TenantKind.OPERATOR, user__is_active=True
    )
    if not others.exclude(pk=membership.pk).exists():
        raise Refused("This is the last operator admin. Make somebody else one first.", "last_operator")


def _record(
    action: str,
    access: Access,
    user: User,
    *,
    before: dict[str, str] | None = None,
    after: dict[str, str] | None = None,
) -> None:
    log.record(
        action,
        actor=access.actor,
        tenant_id=access.tenant.pk,
        obj=("member", user.pk, user.email),
        before=before,
        after=after,
    )
