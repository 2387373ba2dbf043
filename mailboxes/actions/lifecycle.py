"""Switch mailboxes off and on, delete them and bring them back."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from mailboxes.actions.mailboxes import end_sign_ins, locked_mailbox, record
from mailboxes.actions.passwords import end_panel_sessions
from mailboxes.models import Mailbox, MailboxState
from mailboxes.target_graph import ROLE_LOCAL_PARTS
from panel.environment import environment
from panel.lib.addresses import display_address
from panel.lib.errors import Refused
from panel.tenants.access import Access

SETTABLE = (MailboxState.ACTIVE, MailboxState.RECEIVE_ONLY, MailboxState.OFF)


@transaction.atomic
def set_state(*, access: Access, mailbox: Mailbox, state: str) -> Mailbox:
    """Make it active, receiving only (nobody signs in or sends), or off (senders get 550 too).

    Raises `PermissionDenied`, and `Refused` (outranked, mailbox_deleted, state_unknown, role_stays_on).
    """
    if state not in SETTABLE:
        raise Refused("Choose one of the states.", "state_unknown", "state")
    mailbox = locked_mailbox(access, mailbox)
    if state == MailboxState.OFF:
        _refuse_role(mailbox)
    before, mailbox.state = mailbox.state, MailboxState(state)
    if before == state:
        return mailbox
    mailbox.save(update_fields=["state"])
    if before == MailboxState.ACTIVE:
        end_sign_ins(mailbox)
        end_panel_sessions(mailbox)
    record("mailbox.set_state", access, mailbox, before={"state": str(before)}, after={"state": str(state)})
    return mailbox


@transaction.atomic
def delete_mailbox(*, access: Access, mailbox: Mailbox) -> Mailbox:
    """Delete the mailbox; until `purge_at` it can be brought back with everything. The name stays
    reserved and the caps stay taken until then.

    Raises `PermissionDenied`, and `Refused` (outranked, mailbox_deleted, role_stays_on).
    """
    mailbox = locked_mailbox(access, mailbox)
    _refuse_role(mailbox)
    now = timezone.now()
    mailbox.state_before_deletion, mailbox.state = mailbox.state, MailboxState.DELETED
    mailbox.deleted_at, mailbox.purge_at = now, now + timedelta(days=environment.grace_days)
    mailbox.save(update_fields=["state", "state_before_deletion", "deleted_at", "purge_at"])
    end_sign_ins(mailbox)
    end_panel_sessions(mailbox)
    record("mailbox.delete", access, mailbox, before={"state": mailbox.state_before_deletion})
    return mailbox


@transaction.atomic
def undelete_mailbox(*, access: Access, mailbox: Mailbox) -> Mailbox:
    """Bring a deleted mailbox back as it was. Raises `PermissionDenied`, and `Refused` (outranked,
    mailbox_not_deleted, domain_removed)."""
    mailbox = locked_mailbox(access, mailbox, deleted=True)
    domain = mailbox.address.domain
    if domain.is_removed:
        raise Refused(f"{domain.name} is removed. Bring the domain back first.", "domain_removed")
    mailbox.state = MailboxState(mailbox.state_before_deletion or MailboxState.ACTIVE)
    mailbox.state_before_deletion, mailbox.deleted_at, mailbox.purge_at = "", None, None
    mailbox.save(update_fields=["state", "state_before_deletion", "deleted_at", "purge_at"])
    record("mailbox.undelete", access, mailbox, after={"state": str(mailbox.state)})
    return mailbox


def _refuse_role(mailbox: Mailbox) -> None:
    # RFC 5321 4.5.1, RFC 2142 5: mail to these names must always be taken, and while a name is reserved
    # nobody else gets it.
    address = mailbox.address
    if address.local_part in ROLE_LOCAL_PARTS:
        message = (
            f"{display_address(address.address)} must always take mail. Let it receive only,"
            " or forward its mail."
        )
        raise Refused(message, "role_stays_on")
