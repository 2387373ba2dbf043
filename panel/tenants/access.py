"""The one gate to every page and object."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from panel.accounts.models import User, UserKind
from panel.audit.actor import COMMAND, Actor, ActorKind
from panel.audit.middleware import client_address, request_id
from panel.tenants.models import Ancestry, Membership, Tenant, TenantKind
from panel.tenants.roles import RANK, Permission, Role
from panel.tenants.suspension import open_memberships, suspending


@dataclass(frozen=True)
class Access:
    """What a person may do in `tenant` and below: the strongest of their memberships in it or above.

    `membership` is None for a command run by the machine's administrator.
    """

    tenant: Tenant
    role: Role
    membership: Membership | None
    actor: Actor

    def may(self, permission: Permission) -> bool:
        return permission in self.role.permissions

    def require(self, permission: Permission) -> None:
        """Raise `PermissionDenied` (403) unless the role holds `permission`."""
        if not self.may(permission):
            raise PermissionDenied

    def tenant_ids(self) -> QuerySet[Ancestry, int] | list[int]:
        """For `__in`: the primary keys of this tenant and all below it. A client has nobody below, and one
        key lets a database walk its rows in the order of an index."""
        if self.tenant.kind == TenantKind.CLIENT:
            return [self.tenant.pk]
        return Ancestry.objects.filter(ancestor=self.tenant).values_list("tenant_id", flat=True)

    @property
    def sees_everything(self) -> bool:
        """Whether every tenant's rows are theirs to see: no condition is quicker than one that always holds."""
        return self.tenant.kind == TenantKind.OPERATOR and self.role is not Role.DOMAIN_MANAGER

    def outranks_or_equals(self, role: Role) -> bool:
        return RANK[self.role] >= RANK[role]

    @property
    def is_from_above(self) -> bool:
        """Whether the right comes from a tenant above: caps and suspension are for those alone."""
        return self.membership is None or self.membership.tenant_id != self.tenant.pk

    @property
    def seat_id(self) -> int | None:
        """The tenant in which the person is a member; None is the machine's administrator."""
        return None if self.membership is None else self.membership.tenant_id

    def at_seat(self) -> "Access":
        """The same person in the tenant of the membership, so over all that it covers."""
        if self.membership is None or self.membership.tenant_id == self.tenant.pk:
            return self
        return replace(self, tenant=self.membership.tenant)

    @cached_property
    def suspension(self) -> Tenant | None:
        """The suspended tenant at or above this one, for the note on its pages; None where all is open. A
        membership in this very tenant would not have let anybody in otherwise."""
        if self.membership is not None and self.membership.tenant_id == self.tenant.pk:
            return None
        return suspending(self.tenant.pk)

    def children(self) -> QuerySet[Tenant]:
        """The tenants directly below."""
        return Tenant.objects.filter(parent=self.tenant)

    def team(self) -> QuerySet[Membership]:
        """The memberships in this very tenant, with their users."""
        return Membership.objects.filter(tenant=self.tenant).select_related("user")


class TenantRequest(HttpRequest):
    """A request that passed the gate."""

    user: User
    access: Access


def find_access(user: User, tenant_id: int, *, actor: Actor) -> Access | None:
    """The strongest access of `user` to the tenant, or None for a stranger. A membership in a suspended
    tenant, or below one, opens nothing; one above it still does. At most two queries."""
    if not user.is_active or user.kind != UserKind.MEMBER:
        return None
    # Of two equal roles the one nearer the root wins: it may do more.
    memberships = (
        open_memberships(user)
        .filter(tenant__below__tenant_id=tenant_id)
        .select_related("tenant__parent")
        .order_by("tenant_id")
    )
    strongest = max(memberships, key=lambda found: RANK[Role(found.role)], default=None)
    if strongest is None:
        return None
    tenant = (
        strongest.tenant
        if strongest.tenant_id == tenant_id
        else Tenant.objects.select_related("parent").get(pk=tenant_id)
    )
    return Access(tenant=tenant, role=Role(strongest.role), membership=strongest, actor=actor)


def command_access(tenant: Tenant | None = None) -> Access:
    """The access of the machine's administrator at the command line to `tenant` (or the operator)."""
    return Access(
        tenant=tenant or Tenant.objects.get(kind=TenantKind.OPERATOR),
        role=Role.OPERATOR_ADMIN,
        membership=None,
        actor=COMMAND,
    )


def actor_of(request: HttpRequest) -> Actor:
    """The actor for the audit trail; anonymous when nobody is signed in."""
    user = request.user
    address, request_ = client_address(request), request_id()
    if not isinstance(user, User):
        return Actor(ActorKind.ANONYMOUS, "Anonymous", None, address, request_)
    kind = ActorKind.MEMBER if user.kind == UserKind.MEMBER else ActorKind.MAILBOX
    return Actor(kind, user.email, user.pk, address, request_)


View = Callable[..., HttpResponseBase]


def tenant_page(permission: Permission, *, post: Permission | None = None) -> Callable[[View], View]:
    """Guard a view at `/t/<int:tenant_id>/…`: the view gets a `TenantRequest` and the remaining URL
    arguments. Nobody signed in: to the sign-in page. A stranger or a mailbox user: 404. A member
    who may not: 403. With `post`, everything but GET and HEAD needs that permission instead. The
    permission is on the wrapped view as `permission`, for the test that walks all routes."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, tenant_id: int, **kwargs: Any) -> HttpResponseBase:
            if not isinstance(request.user, User):
                return redirect_to_login(request.get_full_path())
            access = find_access(request.user, tenant_id, actor=actor_of(request))
            if access is None:
                raise Http404
            is_reading = request.method in {"GET", "HEAD"}
            access.require(permission if is_reading else post or permission)
            request.access = access  # type: ignore[attr-defined]  # this is what makes it a TenantRequest
            return view(request, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]  # a function carries no declared attributes
        return guarded

    return decorate
