"""What people do to tenants and their teams."""

from panel.tenants.actions.suspension import suspend_tenant, unsuspend_tenant
from panel.tenants.actions.team import add_member, change_role, remove_member, reset_member_password
from panel.tenants.actions.tenants import Caps, add_tenant, edit_tenant

__all__ = [
    "Caps",
    "add_member",
    "add_tenant",
    "change_role",
    "edit_tenant",
    "remove_member",
    "reset_member_password",
    "suspend_tenant",
    "unsuspend_tenant",
]
