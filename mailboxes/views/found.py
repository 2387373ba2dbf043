"""The mailbox that a page is about, and how its state is told."""

from typing import Any

from django.http import Http404

from mailboxes.actions.forwarding import forwarding_of
from mailboxes.actions.vacations import reply_from
from mailboxes.figures import figures_of
from mailboxes.models import Mailbox, MailboxState
from mailboxes.outranking import is_outranked
from mailboxes.views.standing import standing_of
from panel.environment import environment
from panel.tenants.access import TenantRequest
from panel.tenants.roles import Permission

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
        .select_related("address__domain__tenant", "vacation")
        .filter(pk=mailbox_id)
        .first()
    )
    if found is None:
        raise Http404
    return found


def badge_of(mailbox: Mailbox) -> tuple[str, str]:
    return BADGES[MailboxState(mailbox.state)]


def about(request: TenantRequest, mailbox: Mailbox, tab: str) -> dict[str, Any]:
    """What every page of one mailbox shows."""
    address = mailbox.address.address
    destinations, keeps_copy = forwarding_of(mailbox)
    outranked = is_outranked(request.access, address)
    return {
        "mailbox": mailbox,
        "address": address,
        "badge": badge_of(mailbox),
        "figures": figures_of([address])[address],
        "tab": tab,
        "is_outranked": outranked,
        "may_edit": request.access.may(Permission.MAILBOX_EDIT) and not outranked,
        "grace_days": environment.grace_days,
        "destinations": destinations,
        "keeps_copy": keeps_copy,
        "standing": standing_of(reply_from(getattr(mailbox, "vacation", None))),
    }
