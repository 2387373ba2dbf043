"""The configuration profile that sets the mail program of an iPhone, iPad or Mac (Apple, "Configuration
Profile Reference", com.apple.mail.managed). It carries no password: the device asks for it."""

import plistlib
import uuid
from collections.abc import Sequence

from mailboxes.client_settings import Door
from mailboxes.models import Mailbox
from panel.lib.addresses import display_address

APPLE_TYPE = "application/x-apple-aspen-config"


def profile_of(mailbox: Mailbox, doors: Sequence[Door]) -> bytes | None:
    """The profile as an XML property list, or None where `doors` lack a way to read or a way to send: a
    profile needs both. The same mailbox always gets the same identifiers, so a new one replaces the old."""
    first = {door.protocol: door for door in reversed(doors)}
    incoming, outgoing = first.get("imap") or first.get("pop3"), first.get("smtp")
    if incoming is None or outgoing is None:
        return None
    address = mailbox.address.address
    # RFC 9562, 5.5: from a name, so that it needs no place to be kept.
    account = uuid.uuid5(uuid.NAMESPACE_URL, f"mailto:{address}#{mailbox.pk}@{incoming.host}")
    frame = {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{_reversed(incoming.host)}.mail.{mailbox.pk}",
        "PayloadUUID": str(uuid.uuid5(account, "profile")).upper(),
        "PayloadDisplayName": f"Mail for {display_address(address)}",
        "PayloadOrganization": mailbox.address.domain.tenant.name,
        "PayloadDescription": "Sets up reading and sending mail. It holds no password.",
        "PayloadContent": [_account(mailbox, incoming, outgoing, account)],
    }
    return plistlib.dumps(frame, sort_keys=False)


def _account(mailbox: Mailbox, incoming: Door, outgoing: Door, account: uuid.UUID) -> dict[str, object]:
    address = mailbox.address.address
    return {
        "PayloadType": "com.apple.mail.managed",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{_reversed(incoming.host)}.mail.{mailbox.pk}.account",
        "PayloadUUID": str(account).upper(),
        "PayloadDisplayName": display_address(address),
        "EmailAccountDescription": display_address(address),
        "EmailAccountName": mailbox.name or display_address(address),
        "EmailAccountType": "EmailTypeIMAP" if incoming.protocol == "imap" else "EmailTypePOP",
        "EmailAddress": address,
        **_server("Incoming", incoming, address),
        **_server("Outgoing", outgoing, address),
        "OutgoingPasswordSameAsIncomingPassword": True,
    }


def _server(side: str, door: Door, address: str) -> dict[str, object]:
    return {
        f"{side}MailServerAuthentication": "EmailAuthPassword",
        f"{side}MailServerHostName": door.host,
        f"{side}MailServerPortNumber": door.port,
        f"{side}MailServerUseSSL": True,
        f"{side}MailServerUsername": address,
    }


def _reversed(host: str) -> str:
    return ".".join(reversed(host.split(".")))
