"""The mailbox that a page is about, and how its state is told."""

from django.http import Http404

from mailboxes.models import Mailbox, MailboxState
from panel.tenants.access import TenantRequest

# Shape and word of each state.
BADGES = {
    MailboxState.ACTIVE: ("ok", "Active"),
    MailboxState.RECEIVE_ONLY: ("warn", "Receives only"),
    MailboxState.OFF: ("off", "Off"),
    MailboxState.DELETED: ("off", "Deleted"),
}


def find(request: TenantRequest, mailbox_id: int) -> Mailbox:
    """The mailbox through the gate, or 404."""
    found = (
        Mailbox.objects.of(request.access)
        .select_related("address__domain__tenant")
        .filter(pk=mailbox_id)
        .first()
    )
    if found is None:
        raise Http404
    return found


def badge_of(mailbox: Mailbox) -> tuple[str, str]:
    return BADGES[MailboxState(mailbox.state)]
