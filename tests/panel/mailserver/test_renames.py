"""After a rename real servers know the new name, keep the mail, and refuse the old sign-in within seconds."""

import imaplib
import smtplib
import time

import pytest

from tests.mailstack import MailStack
from tests.panel.mailserver.clients import has_arrived, imap, receive, submit
from tests.panel.mailserver.test_stack import refusal

WRITER = "friend@outside.example"
CAST = """
from tests.factories import *
from mailboxes.models import SendAs
from panel.tenants.models import Tenant
alder = Tenant.objects.get(name="Alder and Finch")
{domain} = make_domain("{domain}.example", alder)
make_domain("{domain}-new.example", alder, alias_of={domain})
make_mailbox("ann", {domain})
bob = make_mailbox("bob", {domain})
make_alias("team", {domain}, "ann+desk@{domain}.example")
make_alias("", {domain}, "bob@{domain}.example")
SendAs.objects.create(mailbox=bob, sender="ann@{domain}.example")
"""
# As the worker does it: the act, then what must follow it outside of the database.
ACT = """
from domains.models import Domain
from mailboxes.actions.domain_renames import rename_domain
from mailboxes.actions.renames import rename_mailbox
from mailboxes.models import Mailbox
from panel.mailserver.revocations import carry_out, due_ids
from panel.tenants.access import command_access
{act}
assert all([carry_out(pk) for pk in due_ids()])
"""
RENAME_MAILBOX = (
    "mailbox = Mailbox.objects.get(address__address='{old}')\n"
    "rename_mailbox(access=command_access(mailbox.address.domain.tenant), mailbox=mailbox,"
    " local_part='{new}', keep_old={keep_old})"
)
RENAME_DOMAIN = (
    "alias = Domain.objects.get(name='{name}')\n"
    "rename_domain(access=command_access(alias.tenant), domain=alias, keep_old={keep_old})"
)


def act(stack: MailStack, text: str) -> None:
    stack.as_worker(ACT.format(act=text))


def is_shut(stack: MailStack, user: str) -> bool:
    try:
        with imap(stack, user):
            return False
    except imaplib.IMAP4.error:
        return True


def assert_shut_within_seconds(stack: MailStack, user: str, session: imaplib.IMAP4_SSL) -> None:
    """New sign-ins are refused, and the session that was open is over."""
    deadline = time.monotonic() + 5
    while not is_shut(stack, user):
        assert time.monotonic() < deadline, f"{user} still signs in"
        time.sleep(0.2)
    with pytest.raises((imaplib.IMAP4.abort, imaplib.IMAP4.error, OSError)):
        for _ in range(25):
            session.noop()
            time.sleep(0.2)
    with pytest.raises(smtplib.SMTPAuthenticationError):
        submit(stack, user, WRITER)


def test_a_renamed_mailbox_has_its_mail_its_rights_and_both_addresses(stack: MailStack) -> None:
    stack.as_worker(CAST.format(domain="rowan"))
    old, new, bob = "ann@rowan.example", "ann.holt@rowan.example", "bob@rowan.example"
    before = receive(stack, WRITER, old)
    assert has_arrived(stack, old, before)
    with imap(stack, old) as session:
        act(stack, RENAME_MAILBOX.format(old=old, new="ann.holt", keep_old=True))
        assert_shut_within_seconds(stack, old, session)
    assert has_arrived(stack, new, before)
    for recipient in (
        new,
        old,
        "ann+news@rowan.example",
        "team@rowan.example",
        "ann@rowan-new.example",
        "ann.holt@rowan-new.example",
    ):
        assert has_arrived(stack, new, receive(stack, WRITER, recipient)), recipient
    for sender in (new, old, "ann+news@rowan.example"):
        assert has_arrived(stack, bob, submit(stack, sender, bob, user=new)), sender
    for sender in (new, old):
        assert has_arrived(stack, new, submit(stack, sender, new, user=bob)), sender


def test_an_address_that_was_given_up_is_nobodys_and_no_catch_all_takes_its_mail(stack: MailStack) -> None:
    stack.as_worker(CAST.format(domain="sorbus"))
    old, new = "ann@sorbus.example", "eve@sorbus.example"
    act(stack, RENAME_MAILBOX.format(old=old, new="eve", keep_old=False))
    assert refusal(lambda: receive(stack, WRITER, old))[0] == 550
    assert has_arrived(stack, new, receive(stack, WRITER, "team@sorbus.example"))
    with pytest.raises(smtplib.SMTPException):
        submit(stack, old, WRITER, user=new)
    assert has_arrived(stack, new, submit(stack, new, new, user="bob@sorbus.example"))


def test_a_domain_with_another_main_name_has_its_mail_its_rights_and_both_names(stack: MailStack) -> None:
    stack.as_worker(CAST.format(domain="tilia"))
    old, new, bob = "ann@tilia.example", "ann@tilia-new.example", "bob@tilia-new.example"
    before = receive(stack, WRITER, old)
    assert has_arrived(stack, old, before)
    with imap(stack, old) as session:
        act(stack, RENAME_DOMAIN.format(name="tilia-new.example", keep_old=True))
        assert_shut_within_seconds(stack, old, session)
    assert has_arrived(stack, new, before)
    for recipient in (new, old, "team@tilia.example", "team@tilia-new.example", "ann+x@tilia.example"):
        assert has_arrived(stack, new, receive(stack, WRITER, recipient)), recipient
    assert has_arrived(stack, bob, receive(stack, WRITER, "whoever@tilia.example"))
    for sender in (new, old):
        assert has_arrived(stack, bob, submit(stack, sender, bob, user=new)), sender
        assert has_arrived(stack, new, submit(stack, sender, new, user=bob)), sender


def test_the_old_name_of_a_domain_that_was_removed_takes_no_mail(stack: MailStack) -> None:
    stack.as_worker(CAST.format(domain="ulmus"))
    act(stack, RENAME_DOMAIN.format(name="ulmus-new.example", keep_old=False))
    deadline = time.monotonic() + 10
    while True:  # Postfix forgets a name of ours when it reloads
        code = refusal(lambda: receive(stack, WRITER, "ann@ulmus.example"))[0]
        if code in {550, 554} or time.monotonic() > deadline:
            break
    assert code in {550, 554}
    assert has_arrived(stack, "ann@ulmus-new.example", receive(stack, WRITER, "team@ulmus-new.example"))
