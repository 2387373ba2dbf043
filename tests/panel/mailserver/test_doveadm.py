"""Dovecot's doveadm service does what it is asked, or the caller hears that it did not."""

import imaplib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from panel.mailserver.doveadm import Doveadm, DoveadmError
from tests.mailstack import MailStack
from tests.panel.mailserver.clients import imap

ANN, BOB = "ann@alder.example", "bob@alder.example"


@pytest.fixture
def doveadm(stack: MailStack) -> Doveadm:
    return Doveadm(stack.port(24245), (stack.state / "secrets/doveadm").read_text().strip())


def is_open(session: imaplib.IMAP4) -> bool:
    try:
        return session.noop()[0] == "OK"
    except (imaplib.IMAP4.abort, OSError):
        return False


def test_a_cached_sign_in_is_forgotten_at_once(stack: MailStack, doveadm: Doveadm) -> None:
    with imap(stack, ANN):
        assert int(doveadm.command("auth cache flush", ANN, BOB)) > 0
    assert doveadm.command("auth cache flush", ANN, BOB) == "0"


def test_a_mask_ends_the_sessions_of_a_domain_and_no_others(stack: MailStack, doveadm: Doveadm) -> None:
    with imap(stack, ANN) as ann, imap(stack, BOB) as bob, imap(stack, "cid@birch.example") as cid:
        doveadm.kick("*@alder.example")
        deadline = time.monotonic() + 10
        while (is_open(ann) or is_open(bob)) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert [is_open(session) for session in (ann, bob, cid)] == [False, False, True]


def test_nobody_to_kick_is_no_failure(doveadm: Doveadm) -> None:
    doveadm.kick("nobody@alder.example")


def test_a_wrong_password_and_an_unknown_command_are_failures(stack: MailStack, doveadm: Doveadm) -> None:
    with pytest.raises(DoveadmError, match="password"):
        Doveadm(stack.port(24245), "wrong").kick(ANN)
    with pytest.raises(DoveadmError, match="refuses nonsense"):
        doveadm.command("nonsense")


@pytest.mark.parametrize("word", ["a\tkick", "a\n\t\tkick", "a\0", "a\x01t"])
def test_a_control_character_never_becomes_a_command(word: str) -> None:
    with pytest.raises(DoveadmError, match="control character"):
        Doveadm(1, "").kick(word)


@pytest.fixture(params=[b"", b"-\n", b"-\n+\n", b"-\n+\n\n", b"+\n"])
def broken(request: pytest.FixtureRequest) -> Iterator[int]:
    """A port where something says these bytes and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(request.param)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(4096):
                    pass

        thread = threading.Thread(target=answer)
        thread.start()
        yield server.getsockname()[1]
        thread.join(10)


def test_an_answer_that_breaks_off_is_a_failure(broken: int) -> None:
    with pytest.raises(DoveadmError):
        Doveadm(broken, "").kick(ANN)
