"""Real mail through real Postfix and Dovecot, on both databases."""

import contextlib
import imaplib
import poplib
import smtplib
import subprocess
import time

import pytest

from tests.factories import PASSWORD
from tests.mailstack import MAIL_HOST, MailStack
from tests.panel.mailserver.clients import TLS, dialogue, has_arrived, imap, receive, submit

ANN, BOB, CID = "ann@alder.example", "bob@alder.example", "cid@birch.example"


def refusal(call: object, *arguments: object, **keywords: object) -> tuple[int, bytes]:
    """The code and text with which the server refuses."""
    with pytest.raises(smtplib.SMTPException) as caught:
        call(*arguments, **keywords)  # type: ignore[operator]
    error = caught.value
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return next(iter(error.recipients.values()))
    assert isinstance(error, smtplib.SMTPResponseException)
    text = error.smtp_error
    return error.smtp_code, text.encode() if isinstance(text, str) else text


def test_a_submitted_message_is_read_over_imap(stack: MailStack) -> None:
    assert has_arrived(stack, BOB, submit(stack, ANN, BOB))


def test_a_received_message_is_read_over_pop3(stack: MailStack) -> None:
    tag = receive(stack, "friend@outside.example", "dot@alder.example")
    assert has_arrived(stack, "dot@alder.example", tag)
    with contextlib.closing(poplib.POP3_SSL("127.0.0.1", stack.port(995), context=TLS)) as client:
        client.user("dot@alder.example")
        client.pass_(PASSWORD)
        assert any(tag.encode() in line for line in client.retr(1)[1])


@pytest.mark.parametrize(
    ("written_to", "read_by"),
    [
        ("team@alder.example", BOB),
        ("bob+shop@alder.example", BOB),
        ("team+news@alder.example", ANN),
        ("bob@alder-alias.example", BOB),
        ("bob+shop@alder-alias.example", BOB),
        ("team@alder-alias.example", ANN),
        ("whoever@birch.example", CID),
        ("postmaster@birch.example", CID),
        ("BOB@Alder.Example", BOB),
        ("o'neil@alder.example", "o'neil@alder.example"),
    ],
)
def test_mail_finds_the_mailbox_behind_a_name(stack: MailStack, written_to: str, read_by: str) -> None:
    assert has_arrived(stack, read_by, receive(stack, "friend@outside.example", written_to))


@pytest.mark.parametrize(
    "nobody", ["nobody@alder.example", "off@alder.example", "off@alder-alias.example", "+x@alder.example"]
)
def test_an_unknown_or_closed_name_gets_550(stack: MailStack, nobody: str) -> None:
    code, text = refusal(receive, stack, "friend@outside.example", nobody)
    assert (code, text[:6]) == (550, b"5.1.1 ")


@pytest.mark.parametrize("tag", ["x,bob", "x bob", "x:bob;", "x<bob"])
def test_a_quoted_sub_address_is_one_recipient_or_none(stack: MailStack, tag: str) -> None:
    """What is rewritten goes to Postfix as text, where a comma would part it in two."""
    answers = dialogue(
        stack.port(25),
        b"EHLO probe\r\n",
        b"MAIL FROM:<f@outside.example>\r\n",
        f'RCPT TO:<"ann+{tag}"@alder-alias.example>\r\n'.encode(),
        f'RCPT TO:<"ann+{tag}"@alder.example>\r\n'.encode(),
    )
    assert [answer[:3] for answer in answers[-2:]] == [b"550", b"250"]


@pytest.mark.parametrize(
    "outside", ["x@outside.example", "x@claimed.example", "x%outside.example@claimed.example"]
)
def test_nothing_is_relayed_for_a_stranger(stack: MailStack, outside: str) -> None:
    assert refusal(receive, stack, "friend@outside.example", outside)[0] == 554


@pytest.mark.parametrize(
    "recipient",
    [
        "x%outside.example@alder.example",
        "outside.example!x@alder.example",
        '"x@outside.example"@alder.example',
        "x@outside.example@alder.example",
        "@alder.example:x@outside.example",
        "x@[127.0.0.1]",
        "x%outside.example@[127.0.0.1]",
        "outside.example!x@[127.0.0.1]",
        "ann+x%outside.example@alder-alias.example",
        '"ann+x,victim@outside.example"@alder-alias.example',
        f"x@{MAIL_HOST}",
        "root",
    ],
)
def test_no_spelling_opens_a_relay(stack: MailStack, recipient: str) -> None:
    answers = dialogue(
        stack.port(25),
        b"EHLO probe\r\n",
        b"MAIL FROM:<f@outside.example>\r\n",
        f"RCPT TO:<{recipient}>\r\n".encode(),
    )
    assert answers[-1][:1] == b"5", answers


def test_a_sender_of_somebody_else_gets_553(stack: MailStack) -> None:
    for foreign in (BOB, CID, "ceo@outside.example", "team@alder.example"):
        assert refusal(submit, stack, foreign, CID, user=ANN)[0] == 553


def test_a_sub_address_and_the_alias_domain_are_ones_own_senders(stack: MailStack) -> None:
    for own in ("ann+news@alder.example", "ann@alder-alias.example"):
        assert has_arrived(stack, CID, submit(stack, own, CID, user=ANN))


def test_a_wrong_password_gets_535(stack: MailStack) -> None:
    assert refusal(submit, stack, ANN, BOB, password="wrong")[0] == 535


def test_a_receive_only_mailbox_takes_mail_and_lets_nobody_in(stack: MailStack) -> None:
    receive(stack, "friend@outside.example", "only@alder.example")
    assert refusal(submit, stack, "only@alder.example", BOB)[0] == 535
    with pytest.raises(imaplib.IMAP4.error), imap(stack, "only@alder.example"):
        pass


def test_a_password_is_not_taken_in_clear(stack: MailStack) -> None:
    answers = dialogue(stack.port(587), b"EHLO probe\r\n", b"AUTH PLAIN AGEAYgBj\r\n", b"MAIL FROM:<>\r\n")
    assert [answer[:3] for answer in answers[2:]] == [b"530", b"530"]
    # From the server's own address Dovecot takes a connection for secured: so ask from another one.
    login = f'a1 LOGIN {ANN} "{PASSWORD}"\r\n'.encode()
    said = dialogue(stack.port(143), login, source="127.0.0.2")
    assert said[0].startswith(b"* OK")
    # "Plaintext …" says 2.3, "cleartext …" 2.4.
    assert b"authentication not allowed" in said[1]


def test_submission_without_a_sign_in_is_refused(stack: MailStack) -> None:
    with contextlib.closing(smtplib.SMTP("127.0.0.1", stack.port(587), timeout=20)) as client:
        client.starttls(context=TLS)
        client.ehlo()
        assert client.mail(ANN)[0] == 554


def test_a_stranger_cannot_use_the_panels_own_door(stack: MailStack) -> None:
    answers = dialogue(stack.port(26), b"EHLO probe\r\n", f"MAIL FROM:<postmaster@{MAIL_HOST}>\r\n".encode())
    assert answers[-1][:3] in {b"553", b"554"}
    with contextlib.closing(smtplib.SMTP("127.0.0.1", stack.port(26), timeout=20)) as client:
        client.login(ANN, PASSWORD)
        assert client.mail(f"postmaster@{MAIL_HOST}")[0] == 553


def test_notices_of_the_panel_reach_people_here_and_outside(stack: MailStack) -> None:
    stack.as_worker(
        "from django.core.mail import send_mail\n"
        f"send_mail('notice-for-bob', 'Hello', None, ['{BOB}', 'notice@outside.example'])"
    )
    assert has_arrived(stack, BOB, "notice-for-bob")
    assert "notice@outside.example" in queue(stack)


def test_mail_to_the_outside_stays_in_the_queue(stack: MailStack) -> None:
    submit(stack, ANN, "friend@outside.example")
    receive(stack, "other@outside.example", "out@alder.example")
    time.sleep(1)
    assert queue(stack).count("friend@outside.example") >= 2


def test_over_quota_bounces_with_552(stack: MailStack) -> None:
    body = "\r\n".join(["x" * 70] * 500)
    submit(stack, ANN, "tiny@alder.example", body=body)
    assert has_arrived(stack, ANN, "552 5.2.2")


def test_a_bare_newline_ends_no_message(stack: MailStack) -> None:
    """CVE-2023-51764: what follows `\\n.\\n` is text of the one message, not a command."""
    answers = dialogue(
        stack.port(25),
        b"EHLO probe\r\n",
        b"MAIL FROM:<f@outside.example>\r\n",
        b"RCPT TO:<bob@alder.example>\r\n",
        b"DATA\r\n",
        b"Subject: smuggle\r\n\r\nx\n.\nMAIL FROM:<smuggled@outside.example>\r\n.\r\n",
        b"QUIT\r\n",
    )
    assert [answer[:3] for answer in answers[-2:]] == [b"250", b"221"]
    assert has_arrived(stack, BOB, "smuggled@outside.example")


def test_pipelining_before_it_is_offered_is_refused(stack: MailStack) -> None:
    answers = dialogue(stack.port(25), b"HELO probe\r\nMAIL FROM:<f@outside.example>\r\n")
    assert answers[-1][:3] in {b"554", b"503"}, answers


def test_a_null_sender_reaches_a_mailbox(stack: MailStack) -> None:
    assert has_arrived(stack, BOB, receive(stack, "", BOB))


def test_vrfy_and_old_tls_are_off(stack: MailStack) -> None:
    assert dialogue(stack.port(25), b"VRFY bob@alder.example\r\n")[-1][:3] == b"502"
    old = subprocess.run(
        [
            "openssl",
            "s_client",
            "-connect",
            f"127.0.0.1:{stack.port(993)}",
            "-tls1_1",
            "-cipher",
            "ALL@SECLEVEL=0",
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=20,
    )
    assert old.returncode != 0


def test_a_sieve_script_goes_in_and_files_mail(stack: MailStack) -> None:
    from tests.panel.mailserver.managesieve import put_script  # noqa: PLC0415 -- used here alone

    put_script(stack, "dot@alder.example", 'require "fileinto"; if true { fileinto "Archive"; } ')
    tag = receive(stack, "friend@outside.example", "dot@alder.example")
    deadline = time.monotonic() + 10
    found = b""
    while not found and time.monotonic() < deadline:
        with imap(stack, "dot@alder.example") as client:
            if client.select("Archive")[0] == "OK":
                found = client.search(None, "SUBJECT", tag)[1][0]
        time.sleep(0.2)
    assert found


def test_what_a_script_redirects_leaves_through_our_own_postfix(stack: MailStack) -> None:
    from tests.panel.mailserver.managesieve import put_script  # noqa: PLC0415 -- see above

    put_script(stack, "o'neil@alder.example", 'redirect "far@outside.example";')
    receive(stack, "friend@elsewhere.example", "o'neil@alder.example")
    # It stands there under its first sender for a moment, before it has gone through SRS.
    deadline = time.monotonic() + 20
    while "=elsewhere.example=friend@" not in (told := queue(stack)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert "far@outside.example" in told
    assert "=elsewhere.example=friend@" in told
    put_script(stack, "o'neil@alder.example", "keep;")


def test_a_script_that_sends_notices_is_refused(stack: MailStack) -> None:
    """They would leave under whatever sender it names, past the rights to send."""
    from tests.panel.mailserver.managesieve import put_script  # noqa: PLC0415 -- see above

    script = 'require "enotify"; notify :from "cid@birch.example" "mailto:far@outside.example";'
    with pytest.raises(AssertionError, match="enotify"):
        put_script(stack, ANN, script)


def test_only_scripts_may_use_their_door(stack: MailStack) -> None:
    with contextlib.closing(smtplib.SMTP("127.0.0.1", stack.port(1023), timeout=20)) as client:
        client.ehlo()
        assert client.mail("friend@elsewhere.example")[0] == 554
        client.login(ANN, PASSWORD)
        assert client.mail("friend@elsewhere.example")[0] == 554


def test_a_null_sender_has_one_recipient(stack: MailStack) -> None:
    with contextlib.closing(smtplib.SMTP("127.0.0.1", stack.port(25), timeout=20)) as client:
        client.ehlo()
        client.mail("")
        for name in (ANN, BOB):
            client.rcpt(name)
        assert client.docmd("DATA")[0] == 550


def test_sign_ins_and_used_bytes_are_written_down(stack: MailStack) -> None:
    assert has_arrived(stack, BOB, receive(stack, "friend@outside.example", BOB))
    time.sleep(1)
    said = stack.python(
        "from mailboxes.models import MailUsage\n"
        f"u = MailUsage.objects.get(username='{BOB}'); print(u.last_sign_in, u.used_bytes, u.used_messages)"
    ).split()
    assert time.time() - int(said[0]) < 60
    assert int(said[1]) > 0
    assert int(said[2]) > 0


def test_a_suspension_binds_at_every_door_and_lifts_again(stack: MailStack) -> None:
    with imap(stack, CID) as session:
        suspend = (
            "from panel.tenants.models import *; from django.utils import timezone\n"
            "t = Tenant.objects.get(name='Birch Dental'); t.suspended_at = timezone.now(); t.save()\n"
            "Revocation.objects.create(kind='tenant', subject=str(t.pk))\n"
            "from panel.mailserver.tasks import sweep_revocations; sweep_revocations()\n"
            "assert Revocation.objects.filter(done_at=None).count() == 0"
        )
        began = time.monotonic()
        stack.as_worker(suspend)
        with pytest.raises(imaplib.IMAP4.error):
            wait_for_the_end(session)
        assert time.monotonic() - began < 10
    assert refusal(submit, stack, CID, BOB)[0] == 535
    with pytest.raises(imaplib.IMAP4.error), imap(stack, CID):
        pass
    code, text = refusal(receive, stack, "friend@outside.example", CID)
    assert (code, text[:5]) == (450, b"4.2.1")
    stack.as_worker("from panel.tenants.models import *; Tenant.objects.update(suspended_at=None)")
    assert has_arrived(stack, BOB, submit(stack, CID, BOB))
    assert has_arrived(stack, CID, receive(stack, "friend@outside.example", CID))


def test_the_keeper_removes_mail_and_reloads_postfix(stack: MailStack) -> None:
    folder = stack.state / "mail" / "900" / "901" / "Maildir"
    folder.mkdir(parents=True)
    stack.as_worker(
        "from panel.tenants.models import *\n"
        "Revocation.objects.create(kind='files', subject='900/901'); Revocation.objects.create(kind='reload')\n"
        "from panel.mailserver.tasks import sweep_revocations; sweep_revocations()\n"
        "assert Revocation.objects.filter(done_at=None).count() == 0"
    )
    assert not folder.parent.exists()
    assert folder.parent.parent.exists()
    assert "reload -- version" in (stack.state / "log/postfix.log").read_text()


def wait_for_the_end(session: imaplib.IMAP4) -> None:
    """Raises when the server has ended the session; returns after 15 seconds."""
    for _ in range(75):
        session.noop()
        time.sleep(0.2)


def queue(stack: MailStack) -> str:
    return subprocess.run(
        ["postqueue", "-c", str(stack.state / "config/postfix"), "-j"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
