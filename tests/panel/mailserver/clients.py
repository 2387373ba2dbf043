"""Mail clients that say what they were answered."""

import contextlib
import imaplib
import smtplib
import socket
import ssl
import time
import uuid
from collections.abc import Iterator

from tests.factories import PASSWORD
from tests.mailstack import MailStack

# The certificate is of the installation's own making.
TLS = ssl._create_unverified_context()  # noqa: S323 -- see above


def submit(
    stack: MailStack,
    sender: str,
    *recipients: str,
    user: str = "",
    body: str = "Hello",
    password: str = PASSWORD,
) -> str:
    """Send over the submission port; the tag that the message bears in its subject. Raises smtplib's errors."""
    tag = uuid.uuid4().hex
    with contextlib.closing(smtplib.SMTP("127.0.0.1", stack.port(587), timeout=30)) as client:
        client.starttls(context=TLS)
        client.login(user or sender, password)
        client.sendmail(sender, recipients, f"Subject: {tag}\r\n\r\n{body}\r\n")
    return tag


def receive(stack: MailStack, sender: str, recipient: str) -> str:
    """Send from outside over port 25."""
    tag = uuid.uuid4().hex
    with contextlib.closing(smtplib.SMTP("127.0.0.1", stack.port(25), timeout=30)) as client:
        client.sendmail(sender, [recipient], f"Subject: {tag}\r\n\r\nHello\r\n")
    return tag


@contextlib.contextmanager
def imap(stack: MailStack, user: str, password: str = PASSWORD) -> Iterator[imaplib.IMAP4_SSL]:
    client = imaplib.IMAP4_SSL("127.0.0.1", stack.port(993), ssl_context=TLS, timeout=30)
    try:
        client.login(user, password)
        yield client
    finally:
        client.shutdown()


def has_arrived(stack: MailStack, user: str, text: str, seconds: float = 10) -> bool:
    """Whether a message with `text` in it comes into the inbox in time."""
    deadline = time.monotonic() + seconds
    with imap(stack, user) as client:
        while time.monotonic() < deadline:
            client.select()
            if client.search(None, "TEXT", f'"{text}"')[1][0]:
                return True
            time.sleep(0.2)
    return False


def dialogue(port: int, *lines: bytes, source: str = "127.0.0.1") -> list[bytes]:
    """Say the lines to an SMTP server, one after the answer to the other; the last line of each answer."""
    answers = []
    with (
        socket.create_connection(("127.0.0.1", port), 20, source_address=(source, 0)) as connection,
        connection.makefile("rb") as file,
    ):
        for line in (b"", *lines):
            connection.sendall(line)
            while (answer := file.readline())[3:4] == b"-":
                pass
            answers.append(answer.rstrip())
    return answers
