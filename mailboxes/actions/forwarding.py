"""Forwarding of a mailbox, by its admin and by its user."""

from collections.abc import Iterable

from django.db import transaction

from mailboxes.actions.aliases import replace_targets
from mailboxes.models import Mailbox, MailboxState
from mailboxes.outranking import refuse_outranked
from mailboxes.target_graph import check_address, lock_graph
from mailboxes.targets import MAX_DESTINATIONS, normalise_destinations
from panel.audit import log
from panel.audit.actor import Actor
from panel.lib.errors import Refused
from panel.tenants.access import Access
from panel.tenants.roles import Permission


@transaction.atomic
def set_forwarding(
    *, access: Access, mailbox: Mailbox, destinations: Iterable[str], keep_copy: bool
) -> Mailbox:
    """Send mail of the mailbox on to `destinations`, with a copy in the mailbox or without; none ends it.

    Raises `Refused` (outranked, mailbox_deleted, targets_*, and whatever a target is refused for).
    """
    access.require(Permission.MAILBOX_EDIT)
    lock_graph()
    found = Mailbox.objects.of(access).get(pk=mailbox.pk)
    refuse_outranked(access, found.address.address)
    return _set(access.actor, found.pk, destinations, keep_copy=keep_copy)


@transaction.atomic
def set_own_forwarding(
    *, actor: Actor, mailbox: Mailbox, destinations: Iterable[str], keep_copy: bool
) -> Mailbox:
    """The same, by the person who signed in with this very mailbox."""
    lock_graph()
    try:
        return _set(actor, mailbox.pk, destinations, keep_copy=keep_copy)
    except Refused as refused:
        if refused.code in _WORDS_FOR_USERS:
            raise Refused(_WORDS_FOR_USERS[refused.code], refused.code, refused.field) from refused
        raise


# A mailbox user sees nothing of the tenant's aliases, so these tell less than an admin is told.
_WORDS_FOR_USERS = {
    "targets_loop": "With these addresses mail could go round in a circle. Choose others.",
    "targets_depth": "Mail to these addresses would be sent on too often. Choose others.",
    "targets_recipients": "Mail to these addresses would go to too many people. Choose others.",
}


def forwarding_of(mailbox: Mailbox) -> tuple[list[str], bool]:
    """Where the mailbox's mail is sent on to, and whether a copy stays in it."""
    own = mailbox.address.address
    targets = list(mailbox.address.targets.order_by("pk").values_list("destination", flat=True))
    return [target for target in targets if target != own], not targets or own in targets


def _set(actor: Actor, mailbox_id: int, destinations: Iterable[str], *, keep_copy: bool) -> Mailbox:
    mailbox = (
        Mailbox.objects.select_for_update(of=("self",))
        .select_related("address__domain__tenant")
        .get(pk=mailbox_id)
    )
    own = mailbox.address.address
    if mailbox.state == MailboxState.DELETED:
        raise Refused("This mailbox is deleted. Bring it back first.", "mailbox_deleted")
    wanted = normalise_destinations(destinations)
    if own in wanted:
        message = f"{own} is this mailbox itself. Choose to keep a copy instead."
        raise Refused(message, "targets_self", "destinations")
    if len(wanted) >= MAX_DESTINATIONS and keep_copy:
        message = f"With the copy there are more than {MAX_DESTINATIONS} targets. Use one less."
        raise Refused(message, "destinations_too_many", "destinations")
    targets = (own, *wanted) if wanted and keep_copy else wanted
    before, after = replace_targets(mailbox.address, targets)
    if before != after:
        check_address(mailbox.address)
        log.record(
            "mailbox.set_forwarding" if after else "mailbox.clear_forwarding",
            actor=actor,
            tenant_id=mailbox.address.domain.tenant_id,
            obj=("mailbox", mailbox.pk, own),
            before=_told(before, own),
            after=_told(after, own),
        )
    return mailbox


def _told(targets: list[str], own: str) -> dict[str, object]:
    return {
        "destinations": [target for target in targets if target != own],
        "keep_copy": not targets or own in targets,
    }
