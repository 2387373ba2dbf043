"""Roles and what they may do: pure data."""

from enum import StrEnum


class Permission(StrEnum):
    """`scope:action`. A page or call declares exactly one."""

    TENANT_READ = "tenant:read"
    TENANT_CREATE = "tenant:create"
    TENANT_EDIT = "tenant:edit"
    TENANT_SUSPEND = "tenant:suspend"
    MEMBER_READ = "member:read"
    MEMBER_EDIT = "member:edit"
    DOMAIN_READ = "domain:read"
    DOMAIN_ADD = "domain:add"
    DOMAIN_EDIT = "domain:edit"
    DOMAIN_SUSPEND = "domain:suspend"
    DOMAIN_REMOVE = "domain:remove"
    DOMAIN_VOUCH = "domain:vouch"
    MAILBOX_READ = "mailbox:read"
    MAILBOX_EDIT = "mailbox:edit"
    ALIAS_READ = "alias:read"
    ALIAS_EDIT = "alias:edit"
    AUDIT_READ = "audit:read"


class Role(StrEnum):
    """From the strongest to the weakest: nobody acts on a member whose role stands higher."""

    OPERATOR_ADMIN = "operator_admin"
    OPERATOR_SUPPORT = "operator_support"
    RESELLER_ADMIN = "reseller_admin"
    TENANT_ADMIN = "tenant_admin"
    DOMAIN_MANAGER = "domain_manager"
    READ_ONLY = "read_only"

    @property
    def label(self) -> str:
        return ROLE_LABELS[self]

    @property
    def permissions(self) -> frozenset[Permission]:
        return ROLE_PERMISSIONS[self]


ROLE_LABELS = {
    Role.OPERATOR_ADMIN: "Operator admin",
    Role.OPERATOR_SUPPORT: "Operator support",
    Role.RESELLER_ADMIN: "Reseller admin",
    Role.TENANT_ADMIN: "Admin",
    Role.DOMAIN_MANAGER: "Domain manager",
    Role.READ_ONLY: "Read only",
}

# What each may do, behind its name in a choice.
ROLE_DUTIES = {
    Role.OPERATOR_ADMIN: "may do everything, everywhere",
    Role.OPERATOR_SUPPORT: "sees everything, changes nothing",
    Role.RESELLER_ADMIN: "may do everything here and for all clients",
    Role.TENANT_ADMIN: "may do everything here",
    Role.DOMAIN_MANAGER: "sees and changes only the domains that you name",
    Role.READ_ONLY: "sees everything here, changes nothing",
}

_P = Permission
_READ = frozenset(
    {_P.TENANT_READ, _P.MEMBER_READ, _P.DOMAIN_READ, _P.MAILBOX_READ, _P.ALIAS_READ, _P.AUDIT_READ}
)
_TENANT = _READ | {
    _P.TENANT_EDIT,
    _P.MEMBER_EDIT,
    _P.DOMAIN_ADD,
    _P.DOMAIN_EDIT,
    _P.DOMAIN_SUSPEND,
    _P.DOMAIN_REMOVE,
    _P.MAILBOX_EDIT,
    _P.ALIAS_EDIT,
}
_RESELLER = _TENANT | {_P.TENANT_CREATE, _P.TENANT_SUSPEND}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OPERATOR_ADMIN: frozenset(Permission),
    # Reads all, changes nothing.
    Role.OPERATOR_SUPPORT: _READ,
    Role.RESELLER_ADMIN: _RESELLER,
    Role.TENANT_ADMIN: _TENANT,
    # Only in the domains granted to it: `domains.DomainGrant`.
    Role.DOMAIN_MANAGER: frozenset(
        {_P.DOMAIN_READ, _P.MAILBOX_READ, _P.ALIAS_READ, _P.DOMAIN_EDIT, _P.MAILBOX_EDIT, _P.ALIAS_EDIT}
    ),
    Role.READ_ONLY: _READ,
}

# Which roles a membership in a tenant of each kind may hold.
ROLES_BY_TENANT_KIND: dict[str, tuple[Role, ...]] = {
    "operator": (Role.OPERATOR_ADMIN, Role.OPERATOR_SUPPORT),
    "reseller": (Role.RESELLER_ADMIN, Role.DOMAIN_MANAGER, Role.READ_ONLY),
    "client": (Role.TENANT_ADMIN, Role.DOMAIN_MANAGER, Role.READ_ONLY),
}

RANK = {role: rank for rank, role in enumerate(reversed(Role))}
