"""What people do to domains: one module for each noun."""

from domains.actions.alias_domains import make_alias_domain, unmake_alias_domain
from domains.actions.claims import add_domain, request_check, vouch_for
from domains.actions.grants import grant_domain, revoke_grant
from domains.actions.removal import remove_domain, undelete_domain
from domains.actions.suspension import suspend_domain, unsuspend_domain

__all__ = [
    "add_domain",
    "grant_domain",
    "make_alias_domain",
    "remove_domain",
    "request_check",
    "revoke_grant",
    "suspend_domain",
    "undelete_domain",
    "unmake_alias_domain",
    "unsuspend_domain",
    "vouch_for",
]
