"""The vacation reply in real Postfix and Dovecot, on both databases."""

import contextlib
import email
import email.policy
import json
import smtplib
import subprocess
import time
import uuid
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from tests.mailstack import MailStack
from tests.panel.mailserver.clients import has_arrived, imap, submit
from tests.panel.mailserver.managesieve import put_script
from tests.panel.mailserver.test_stack import queue

ANN, BOB, DOT = "ann@alder.example", "bob@alder.example", "dot@alder.example"
TEXT = 'Hello,\r\n\r\n.\r\nI am "away" until ${hex:41}.\\ Grüße\r\n";\r\ndiscard;\r\n.\r\n'
SEEN = 'Hello,\n\n.\nI am "away" until ${hex:41}.\\ Grüße\n";\ndiscard;\n.'


def set_reply(stack: MailStack, user: str, **changes: object) -> None:
    """Let `user` set a reply that is on since yesterday, with `changes`; returns once it is committed."""
    stack.as_worker(
        "from datetime import timedelta; from django.utils import timezone\n"
        "from mailboxes.actions.vacations import Reply, set_own_vacation; from mailboxes.models import Mailbox\n"
        "from panel.audit.actor import Actor, ActorKind\n"
        "today = timezone.now().date(); day = timedelta(days=1)\n"
        f"text = {TEXT!r}\n"
        "reply = dict(is_on=True, first_day=today - day, last_day=None, time_zone='UTC',"
        f" subject='Away ${{hex:0D 0A}}Bcc: x@y.example \"ü\"', message=text)\n"
        f"reply |= {changes!r}\n"
        f"mailbox = Mailbox.objects.select_related('address').get(address__address={user!r})\n"
        f"set_own_vacation(actor=Actor(ActorKind.MAILBOX, {user!r}), mailbox=mailbox, reply=Reply(**reply))"
    )


def switch_off(stack: MailStack) -> None:
    stack.as_worker("from mailboxes.models import Vacation; Vacation.objects.all().delete()")


@pytest.fixture(scope="module", autouse=True)
def _nobody_is_away_afterwards(stack: MailStack) -> Iterator[None]:
    yield
    switch_off(stack)


def write(stack: MailStack, sender: str, recipient: str, *, to: str = "", **headers: str) -> str:
    """A message from outside that names its recipient; the tag in its subject. `_` in a header is `-`."""
    tag = uuid.uuid4().hex
    lines = {"From": sender or "nobody@outside.example", "To": to or recipient, "Subject": tag}
    lines |= {name.replace("_", "-"): text for name, text in headers.items()}
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    with contextlib.closing(smtplib.SMTP("127.0.0.1", stack.port(25), timeout=30)) as client:
        client.sendmail(sender, [recipient], f"Message-ID: <{tag}@outside.example>\r\n{text}\r\nHello\r\n")
    return tag


def stranger() -> str:
    """Somebody who never wrote before."""
    return f"s{uuid.uuid4().hex[:12]}@outside.example"


def replies(stack: MailStack, to: str) -> list[EmailMessage]:
    """What waits in the queue for an outside address, with `X-Sender` for the envelope's."""
    found = []
    for line in queue(stack).splitlines():
        entry = json.loads(line)
        if to in [one["address"] for one in entry["recipients"]]:
            text = subprocess.run(
                ["postcat", "-c", str(stack.state / "config/postfix"), "-bhq", entry["queue_id"]],
                capture_output=True,
                check=True,
            ).stdout
            message = email.message_from_bytes(text, policy=email.policy.default)
            message["X-Sender"] = entry["sender"]
            found.append(message)
    return found


def answered(stack: MailStack, sender: str, tag: str, user: str = ANN) -> int:
    """How many replies there are once the message has come in: Dovecot sends before it stores."""
    assert has_arrived(stack, user, tag)
    return len(replies(stack, sender))


def test_a_reply_goes_out_once_and_is_what_the_standards_ask(stack: MailStack) -> None:
    set_reply(stack, ANN)
    sender = stranger()
    first = write(stack, sender, ANN)
    assert answered(stack, sender, first) == 1
    [reply] = replies(stack, sender)
    # RFC 5230 5.1: no bounce comes back, and no loop begins.
    assert reply["X-Sender"] in {"", "MAILER-DAEMON"}
    assert str(reply["From"]) == "Ann <ann@alder.example>"
    assert reply["To"].addresses[0].addr_spec == sender
    assert reply["Subject"] == 'Away ${hex:0D 0A}Bcc: x@y.example "ü"'
    assert reply["Bcc"] is None
    assert str(reply["Auto-Submitted"]).startswith("auto-replied")
    assert (reply["In-Reply-To"], reply["References"]) == (f"<{first}@outside.example>",) * 2
    assert reply.get_content_type() == "text/plain"
    assert reply.get_content().rstrip("\n") == SEEN
    assert answered(stack, sender, write(stack, sender, ANN)) == 1
    other = stranger()
    assert answered(stack, other, write(stack, other, ANN)) == 1


def test_a_new_text_is_no_second_reply_within_four_days(stack: MailStack) -> None:
    set_reply(stack, ANN)
    sender = stranger()
    assert answered(stack, sender, write(stack, sender, ANN)) == 1
    set_reply(stack, ANN, message="Another text", subject="Another subject")
    assert answered(stack, sender, write(stack, sender, ANN)) == 1


NEVER = (
    {"List_Id": "<news.outside.example>"},
    {"List_Unsubscribe": "<https://outside.example/>"},
    {"Precedence": "bulk"},
    {"Precedence": "list"},
    {"Precedence": "junk"},
    {"Auto_Submitted": "auto-generated"},
    {"Auto_Submitted": "auto-replied (vacation)"},
    {"X_Auto_Response_Suppress": "DR, OOF, AutoReply"},
    {"X_Spam_Flag": "YES"},
    {"X_Spam": "Yes"},
    {"X_Spam_Status": "Yes, score=9.1"},
    {"Content_Type": "multipart/report; report-type=delivery-status; boundary=x"},
)


def test_lists_bulk_spam_and_machines_get_none(stack: MailStack) -> None:
    set_reply(stack, ANN)
    senders = {stranger(): headers for headers in NEVER}
    tags = [write(stack, sender, ANN, **headers) for sender, headers in senders.items()]
    assert all(has_arrived(stack, ANN, tag) for tag in tags)
    assert [headers for sender, headers in senders.items() if replies(stack, sender)] == []
    person = stranger()
    assert answered(stack, person, write(stack, person, ANN, Auto_Submitted="no", X_Spam_Flag="NO")) == 1


def test_bounces_machines_oneself_and_who_did_not_write_to_one_get_none(stack: MailStack) -> None:
    set_reply(stack, ANN)
    tags = [write(stack, "", ANN)]
    senders = [f"{name}@outside.example" for name in ("mailer-daemon", "noreply", "list-request", "owner-x")]
    tags += [write(stack, sender, ANN) for sender in senders]
    implicit = stranger()
    tags.append(write(stack, implicit, ANN, to="undisclosed-recipients:;"))
    tags.append(submit(stack, ANN, ANN))
    assert all(has_arrived(stack, ANN, tag) for tag in tags)
    assert [replies(stack, sender) for sender in (*senders, implicit)] == [[]] * 5
    with imap(stack, ANN) as client:
        client.select()
        assert client.search(None, "HEADER", "X-Sieve", "Pigeonhole")[1] == [b""]


def test_mail_to_an_alias_or_the_alias_domain_is_answered_from_the_own_address(stack: MailStack) -> None:
    set_reply(stack, ANN)
    for name in (
        "team@alder.example",
        "ann@alder-alias.example",
        "team@alder-alias.example",
        "ann+x@alder.example",
    ):
        sender = stranger()
        assert answered(stack, sender, write(stack, sender, name)) == 1, name
        assert [str(reply["From"]) for reply in replies(stack, sender)] == ["Ann <ann@alder.example>"]


def test_a_colleague_gets_the_reply_into_the_inbox(stack: MailStack) -> None:
    set_reply(stack, ANN, subject="Away, dear colleague")
    write(stack, "cid@birch.example", ANN)
    assert has_arrived(stack, "cid@birch.example", "Away, dear colleague")


def test_the_users_own_script_still_runs_and_stays_as_it_is(stack: MailStack) -> None:
    script = 'require ["fileinto"]; fileinto "Archive"; keep;'
    put_script(stack, DOT, script)
    folder = next(stack.state.glob("mail/*/*/sieve/test.sieve"), None)
    set_reply(stack, DOT)
    sender = stranger()
    tag = write(stack, sender, DOT)
    assert answered(stack, sender, tag, DOT) == 1
    with imap(stack, DOT) as client:
        client.select("Archive")
        assert client.search(None, "SUBJECT", tag)[1][0]
    assert folder is None or folder.read_text() == script
    put_script(stack, DOT, 'require ["vacation"]; vacation :subject "Their own" "Mine";')
    sender = stranger()
    assert answered(stack, sender, write(stack, sender, DOT), DOT) == 1
    assert replies(stack, sender)[0]["Subject"] != "Their own"
    switch_off(stack)
    sender = stranger()
    assert answered(stack, sender, write(stack, sender, DOT), DOT) == 1
    assert replies(stack, sender)[0]["Subject"] == "Their own"
    put_script(stack, DOT, "keep;")


def test_it_binds_within_seconds_and_ends_by_itself(stack: MailStack) -> None:
    set_reply(stack, ANN)
    before, after = stranger(), stranger()
    assert answered(stack, before, write(stack, before, ANN)) == 1
    # The end of the last day is two seconds away.
    stack.as_worker(
        "from datetime import timedelta; from django.utils import timezone; from mailboxes.models import Vacation\n"
        "now = timezone.now().replace(microsecond=0)\n"
        "Vacation.objects.update(ends_at=now + timedelta(seconds=2))"
    )
    time.sleep(3)
    assert answered(stack, after, write(stack, after, ANN)) == 0
    switch_off(stack)


def is_stored(stack: MailStack, tag: str, seconds: float = 15) -> bool:
    """Whether the message comes into a mailbox that nobody can sign in to."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if any(
            tag in file.read_text("utf-8", "replace") for file in stack.state.glob("mail/*/*/Maildir/new/*")
        ):
            return True
        time.sleep(0.2)
    return False


def test_a_suspended_mailbox_and_a_switched_off_reply_answer_nobody(stack: MailStack) -> None:
    set_reply(stack, ANN)
    of_ann = f"Mailbox.objects.filter(address__address={ANN!r})"
    for stop, go in (
        (f"{of_ann}.update(state='receive_only')", f"{of_ann}.update(state='active')"),
        ("Vacation.objects.update(is_on=False)", "Vacation.objects.update(is_on=True)"),
    ):
        stack.as_worker("from mailboxes.models import *\n" + stop)
        sender = stranger()
        assert is_stored(stack, write(stack, sender, ANN))
        assert replies(stack, sender) == []
        stack.as_worker("from mailboxes.models import *\n" + go)
    sender = stranger()
    assert answered(stack, sender, write(stack, sender, ANN)) == 1


def test_ten_thousand_characters_arrive_whole(stack: MailStack) -> None:
    message = ('Zeile „ü“ $ \\ " ' * 700)[:9_999].strip()
    set_reply(stack, ANN, message=message)
    sender = stranger()
    assert answered(stack, sender, write(stack, sender, ANN)) == 1
    [reply] = replies(stack, sender)
    assert " ".join(reply.get_content().split()) == " ".join(message.split())
    assert max(len(line) for line in reply.as_bytes().splitlines()) < 998
