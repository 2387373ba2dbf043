"""What a mail program is set to: the page, the QR code and the profile for Apple's devices."""

import plistlib
from typing import Any

import pytest
from django.test import Client

from mailboxes.actions.mailboxes import Protocols
from mailboxes.apple_profile import APPLE_TYPE, profile_of
from mailboxes.client_settings import doors
from mailboxes.models import Mailbox
from mailboxes.sign_in import MailboxBackend
from tests.factories import PASSWORD


@pytest.fixture
def anns(ann: Mailbox) -> Client:
    client = Client()
    user = MailboxBackend().authenticate(None, ann.address.address, PASSWORD)
    assert user is not None
    client.force_login(user, backend="mailboxes.sign_in.MailboxBackend")
    return client


def download(client: Client) -> Any:
    return client.get("/me/settings/apple.mobileconfig")


def test_the_profile_sets_reading_and_sending_for_the_own_mailbox(anns: Client, ann: Mailbox) -> None:
    response = download(anns)
    assert response["Content-Type"] == APPLE_TYPE
    assert "no-store" in response["Cache-Control"]
    (account,) = plistlib.loads(response.content)["PayloadContent"]
    assert account["EmailAddress"] == account["IncomingMailServerUsername"] == ann.address.address
    assert (account["IncomingMailServerPortNumber"], account["OutgoingMailServerPortNumber"]) == (2993, 2465)
    assert account["IncomingMailServerUseSSL"] is account["OutgoingMailServerUseSSL"] is True


def test_the_profile_holds_no_secret(anns: Client) -> None:
    content = download(anns).content
    assert b"argon2" not in content.lower()
    (account,) = plistlib.loads(content)["PayloadContent"]
    assert "IncomingPassword" not in account
    assert "OutgoingPassword" not in account


def test_the_same_mailbox_gets_the_same_identifiers(anns: Client) -> None:
    assert download(anns).content == download(anns).content


@pytest.mark.parametrize("closed", ["smtp_enabled", "imap_enabled"])
def test_without_a_way_to_read_or_to_send_there_is_no_profile(
    anns: Client, ann: Mailbox, closed: str
) -> None:
    Mailbox.objects.filter(pk=ann.pk).update(**{closed: False, "pop3_enabled": False})
    assert download(anns).status_code == 404
    assert "apple.mobileconfig" not in anns.get("/me/settings/").content.decode()


def test_where_imap_is_closed_the_profile_reads_by_pop3(anns: Client, ann: Mailbox) -> None:
    Mailbox.objects.filter(pk=ann.pk).update(imap_enabled=False)
    (account,) = plistlib.loads(download(anns).content)["PayloadContent"]
    assert account["EmailAccountType"] == "EmailTypePOP"
    assert account["IncomingMailServerPortNumber"] == 2995


@pytest.mark.parametrize("name", ["<key>PayloadRemovalDisallowed</key>", "]]>&amp;", "Zoë 💥", '"\\'])
def test_a_name_cannot_break_out_of_the_profile(ann: Mailbox, name: str) -> None:
    ann.name = name
    ways = Protocols.of(ann)
    written = profile_of(ann, doors(imap=ways.imap, pop3=ways.pop3, smtp=ways.smtp, sieve=ways.sieve))
    assert written is not None
    read = plistlib.loads(written)
    assert read["PayloadContent"][0]["EmailAccountName"] == name
    assert "PayloadRemovalDisallowed" not in read


def test_the_page_draws_a_code_that_leads_to_itself_and_styles_nothing_inline(anns: Client) -> None:
    page = anns.get("/me/settings/").content.decode()
    assert '<svg viewBox="' in page
    assert "style=" not in page
