"""A submitted message does not tell where its writer sits; a received one tells who brought it."""

import contextlib
import smtplib
import ssl
import uuid

from tests.factories import PASSWORD
from tests.mailstack import MAIL_HOST, MailStack
from tests.panel.mailserver.clients import TLS, has_arrived, imap, receive

ANN, BOB = "ann@alder.example", "bob@alder.example"
NESTED = (
    f"Received: from old.home.example (old [192.0.2.9])\r\n\tby {MAIL_HOST} (Postfix) with ESMTPSA id X\r\n"
)


def text_of(stack: MailStack, user: str, tag: str) -> str:
    """The message with `tag` in it, with unfolded headers, as soon as it is there."""
    assert has_arrived(stack, user, tag)
    with imap(stack, user) as client:
        client.select()
        number = client.search(None, "TEXT", f'"{tag}"')[1][0].split()[-1].decode()
        part = client.fetch(number, "(BODY.PEEK[])")[1][0]
    assert isinstance(part, tuple)
    return part[1].decode().replace("\r\n\t", " ")


def submit_from(stack: MailStack, port: int, context: ssl.SSLContext, message: str) -> None:
    implicit = port == 465
    client = (
        smtplib.SMTP_SSL("127.0.0.1", stack.port(port), "laptop.home.example", timeout=20, context=context)
        if implicit
        else smtplib.SMTP("127.0.0.1", stack.port(port), "laptop.home.example", timeout=20)
    )
    with contextlib.closing(client):
        if not implicit:
            client.starttls(context=context)
        client.login(ANN, PASSWORD)
        client.sendmail(ANN, [BOB], message)


def test_a_submitted_message_names_neither_address_nor_greeting_nor_sign_in(stack: MailStack) -> None:
    for port in (587, 465):
        tag = uuid.uuid4().hex
        submit_from(stack, port, TLS, f"Subject: {tag}\r\n\r\nHello\r\n")
        head = text_of(stack, BOB, tag).partition("\r\n\r\n")[0]
        lines = [line for line in head.splitlines() if line.startswith("Received: by ")]
        assert len(lines) == 1, head
        # What RFC 5321 4.4 asks of a trace line is still there: by whom, with what, id and date.
        assert f"by {MAIL_HOST} (Postfix) with ESMTPSA id " in lines[0]
        assert ";" in lines[0]
        for secret in ("laptop.home.example", "127.0.0.1", "Authenticated", "using TLS"):
            assert secret not in head


def test_what_lies_inside_a_submitted_message_is_not_touched(stack: MailStack) -> None:
    tag = uuid.uuid4().hex
    message = (
        f"Subject: {tag}\r\nMIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n\r\n"
        f"{NESTED}Subject: inner\r\n\r\nHello\r\n"
    )
    submit_from(stack, 587, TLS, message)
    assert "Received: from old.home.example (old [192.0.2.9])" in text_of(stack, BOB, tag)


def test_a_received_message_says_who_brought_it(stack: MailStack) -> None:
    tag = receive(stack, "friend@outside.example", BOB)
    assert "([127.0.0.1])" in text_of(stack, BOB, tag).replace("unknown [", "([").replace("localhost [", "([")
