"""Writing the audit trail."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from panel.audit import chain
from panel.audit.actor import Actor
from panel.audit.models import AuditEntry

# A key that contains one of these words is a programming mistake in the caller, caught by its test.
SECRET_WORDS = ("password", "secret", "token", "hash", "digest", "private")


def record(  # noqa: PLR0913 -- an entry has this many parts, and each caller names them
    action: str,
    *,
    actor: Actor,
    tenant_id: int | None,
    obj: tuple[str, int | None, str],
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Write one entry in the transaction of the act that it tells of, as the last lock that the act takes:
    the end of the tenant's chain is locked until the act is done.

    `action` is `noun.verb`; `obj` is (kind, primary key, label). `before` and `after` hold the
    changed fields alone, JSON-ready and without secrets. Raises `TransactionManagementError`
    outside a transaction and `ValueError` for a key that names a secret.
    """
    if not transaction.get_connection().in_atomic_block:
        message = "an audit entry belongs into the transaction of its act"
        raise transaction.TransactionManagementError(message)
    _refuse_secrets((*(before or {}), *(after or {})))
    kind, pk, label = obj
    return chain.append(
        AuditEntry(
            action=action,
            tenant_id=tenant_id,
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor_label=actor.label[:320],
            object_kind=kind,
            object_id=pk,
            object_label=label[:320],
            before=dict(before or {}),
            after=dict(after or {}),
            address=actor.address,
            request_id=actor.request_id,
        )
    )


def _refuse_secrets(keys: Iterable[str]) -> None:
    for key in keys:
        if any(word in key for word in SECRET_WORDS):
            message = f"the audit trail never holds secrets: {key}"
            raise ValueError(message)
