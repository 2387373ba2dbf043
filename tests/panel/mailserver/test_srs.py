"""Forwarded mail, and only that, leaves under a rewritten sender, and its bounce finds back."""

import json
import subprocess
import time

import pytest

from tests.mailstack import MAIL_HOST, MailStack
from tests.panel.mailserver.clients import has_arrived, imap, receive, submit
from tests.panel.mailserver.test_stack import refusal

OUT = "out@alder.example"


def senders_to(stack: MailStack, recipient: str, wanted: int) -> list[str]:
    """The senders of what waits in the queue for `recipient`, as soon as there are enough."""
    deadline = time.monotonic() + 10
    while True:
        said = subprocess.run(
            ["postqueue", "-c", str(stack.state / "config/postfix"), "-j"],
            capture_output=True,
            text=True,
            check=True,
        )
        found = [
            entry["sender"]
            for entry in map(json.loads, said.stdout.splitlines())
            if recipient in [to["address"] for to in entry["recipients"]]
            and entry["queue_name"] == "deferred"
        ]
        if len(found) >= wanted or time.monotonic() > deadline:
            return sorted(found)
        time.sleep(0.2)


@pytest.fixture
def clean(stack: MailStack) -> MailStack:
    subprocess.run(
        ["postsuper", "-c", str(stack.state / "config/postfix"), "-d", "ALL"], capture_output=True, check=True
    )
    return stack


def test_a_forward_leaves_as_our_own_and_its_bounce_finds_back(clean: MailStack) -> None:
    receive(clean, "writer@elsewhere.example", OUT)
    [sender] = senders_to(clean, "friend@outside.example", 1)
    assert sender.startswith("SRS0=")
    assert sender.endswith(f"=elsewhere.example=writer@{MAIL_HOST}")
    receive(clean, "", sender)
    assert senders_to(clean, "writer@elsewhere.example", 1) == ["MAILER-DAEMON"]
    forged = sender.replace("elsewhere", "victim")
    assert refusal(receive, clean, "", forged)[0] == 550


def test_own_and_null_senders_stay_as_they_are(clean: MailStack) -> None:
    submit(clean, "ann@alder.example", OUT)
    receive(clean, "", OUT)
    assert senders_to(clean, "friend@outside.example", 2) == ["MAILER-DAEMON", "ann@alder.example"]


def test_mail_for_a_mailbox_here_keeps_its_sender(clean: MailStack) -> None:
    tag = receive(clean, "writer@elsewhere.example", "bob@alder.example")
    assert has_arrived(clean, "bob@alder.example", tag)
    with imap(clean, "bob@alder.example") as client:
        client.select()
        number = client.search(None, "SUBJECT", tag)[1][0].decode()
        part = client.fetch(number, "(BODY[HEADER.FIELDS (RETURN-PATH)])")[1][0]
    assert isinstance(part, tuple)
    assert part[1].strip() == b"Return-Path: <writer@elsewhere.example>"
