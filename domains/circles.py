"""Mail that goes round in a circle, as far as domains can close one.

Where mail is sent on is known to the app above, which owns aliases and forwards. It lends its check by
name (settings.ALIAS_DOMAIN_CHECK), as sign-in lends its backends.
"""

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

from domains.models import Domain
from panel.tenants.access import Access

# The PostgreSQL advisory lock of the graph: any number that nothing else uses.
_LOCK_KEY = 0x506F7374


def lock_graph() -> None:
    """Let one change of targets or alias domains at a time look at the graph, until the transaction ends.

    Two changes that are harmless alone can make a circle together, across tenants too, so a row lock
    would not do. On SQLite a write transaction holds the only write lock from its start. Must come
    before any other lock of the action.
    """
    if not connection.in_atomic_block:
        message = "the graph of targets is locked inside a transaction"
        raise transaction.TransactionManagementError(message)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK_KEY])


def check_alias_domain(domain: Domain, access: Access | None = None) -> None:
    """Raise `Refused` (targets_loop, targets_depth, targets_recipients) about `alias_of` where mail goes
    round in a circle now that `domain`, as it stands in the database, is an alias domain; and (outranked)
    where it gives `access` the mail of somebody who stands higher. Call it under `lock_graph`; the refusal
    rolls the change back."""
    import_string(settings.ALIAS_DOMAIN_CHECK)(domain, access)
