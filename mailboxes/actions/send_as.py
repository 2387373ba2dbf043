"""The right of a mailbox to send under another address."""

from django.db import transaction

from domains.models import Domain
from mailboxes.actions.mailboxes import record
from mailboxes.models import Mailbox, MailboxState, SendAs
from mailboxes.outranking import refuse_outranked
from panel.lib.addresses import display_address, normalise_address, split_address
from panel.lib.errors import Refused
from panel.tenants.access import Access
from panel.tenants.roles import Permission

MAX_RIGHTS = 100


@transaction.atomic
def grant_send_as(*, access: Access, mailbox: Mailbox, sender: str) -> SendAs:
    """Let the mailbox send as `sender`: an address, made already or not, in a proved domain of the
    mailbox's own tenant that `access` manages.

    Raises `Refused` (sender_domain, sender_own, sender_granted, sender_too_many, mailbox_deleted,
    outranked, and whatever an address is refused for), all at the field `sender`.
    """
    mailbox = _locked(access, mailbox)
    if mailbox.state == MailboxState.DELETED:
        raise Refused("This mailbox is deleted. Bring it back first.", "mailbox_deleted")
    try:
        wanted = normalise_address(sender)
        refuse_outranked(access, mailbox.address.address)
        domain = _own_domain(access, mailbox, wanted)
        refuse_outranked(access, f"{split_address(wanted)[0]}@{domain}")
    except Refused as refused:
        raise refused.at("sender") from refused
    _refuse_needless(mailbox, wanted)
    right = SendAs.objects.create(mailbox=mailbox, sender=wanted)
    record("send_as.grant", access, mailbox, before={}, after={"sender": wanted})
    return right


@transaction.atomic
def revoke_send_as(*, access: Access, mailbox: Mailbox, right_id: int) -> bool:
    """Take the right away: it ends at once, for Postfix asks at each message. A right that is gone
    already, or belongs to another mailbox, is left alone. Always true, for forms."""
    mailbox = _locked(access, mailbox)
    refuse_outranked(access, mailbox.address.address)
    right = SendAs.objects.filter(mailbox=mailbox, pk=right_id).first()
    if right is not None:
        record("send_as.revoke", access, mailbox, before={"sender": right.sender}, after={})
        right.delete()
    return True


def _locked(access: Access, mailbox: Mailbox) -> Mailbox:
    access.require(Permission.MAILBOX_EDIT)
    return (
        Mailbox.objects.of(access)
        .select_for_update(of=("self",))
        .select_related("address__domain__tenant")
        .get(pk=mailbox.pk)
    )


def _own_domain(access: Access, mailbox: Mailbox, sender: str) -> str:
    """The domain that has the addresses of the sender's: of an alias domain the one behind it. Who owns an
    address is decided by its domain alone, and an unknown domain is nobody's: the same answer for both tells
    nothing of other tenants."""
    domain = split_address(sender)[1]
    owned = Domain.objects.of(access).filter(
        name=domain,
        tenant_id=mailbox.address.domain.tenant_id,
        proved_at__isnull=False,
        removed_at__isnull=True,
    )
    found = owned.values_list("name", "alias_of__name").first()
    if found is None:
        message = f"{display_address(sender)} is not in a proved domain of this tenant that you manage."
        raise Refused(message, "sender_domain")
    name, behind = found
    return behind or name


def _refuse_needless(mailbox: Mailbox, sender: str) -> None:
    if sender == mailbox.address.address:
        raise Refused("A mailbox may always send as itself.", "sender_own", "sender")
    rights = SendAs.objects.filter(mailbox=mailbox)
    if rights.filter(sender=sender).exists():
        message = f"This mailbox may send as {display_address(sender)} already."
        raise Refused(message, "sender_granted", "sender")
    if rights.count() >= MAX_RIGHTS:
        message = f"A mailbox may send as at most {MAX_RIGHTS} other addresses."
        raise Refused(message, "sender_too_many", "sender")
