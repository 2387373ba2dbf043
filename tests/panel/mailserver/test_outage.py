"""PostgreSQL goes away under load: mail waits, nobody hears that a password or an address is wrong."""

import smtplib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Self

import pytest

from tests.mailstack import MailStack
from tests.panel.mailserver.clients import receive, submit
from tests.panel.mailserver.conftest import SEED
from tests.postgres import PostgreSQL

BEFORE_SECONDS, AWAY_SECONDS, BACK_WITHIN_SECONDS = 3, 10, 15
PAUSE_SECONDS = 0.3


@pytest.fixture
def alone() -> Iterator[MailStack]:
    with PostgreSQL() as server, MailStack(server.create("posthouse")) as running:
        running.server = server
        running.python(SEED)
        yield running


class Load:
    """Sends all the time, over both doors; `answers` holds (seconds since the start, code)."""

    def __init__(self, stack: MailStack) -> None:
        self.stack = stack
        self.answers: list[tuple[float, int]] = []
        self.began = time.monotonic()
        self.stopping = threading.Event()
        self.senders: list[threading.Thread] = []
        self.doors = [
            threading.Thread(target=self._keep, args=(self._submit,)),
            threading.Thread(target=self._keep, args=(self._receive,)),
        ]

    def __enter__(self) -> Self:
        for door in self.doors:
            door.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        for thread in (*self.doors, *self.senders):
            thread.join()

    def now(self) -> float:
        return time.monotonic() - self.began

    def _submit(self) -> None:
        submit(self.stack, "ann@alder.example", "bob@alder.example")

    def _receive(self) -> None:
        receive(self.stack, "friend@outside.example", "bob@alder.example")

    def _keep(self, send: Callable[[], None]) -> None:
        while not self.stopping.wait(PAUSE_SECONDS):
            thread = threading.Thread(target=self._note, args=(send,))
            self.senders.append(thread)
            thread.start()

    def _note(self, send: Callable[[], None]) -> None:
        try:
            send()
            code = 250
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0]
        except smtplib.SMTPResponseException as error:
            code = error.smtp_code
        except (smtplib.SMTPServerDisconnected, OSError):
            code = 0
        self.answers.append((self.now(), code))


def test_a_database_that_is_away_for_ten_seconds_only_delays(alone: MailStack) -> None:
    assert alone.server is not None
    with Load(alone) as load:
        time.sleep(BEFORE_SECONDS)
        alone.server.stop()
        time.sleep(AWAY_SECONDS)
        alone.server.start()
        back = load.now()
        time.sleep(BACK_WITHIN_SECONDS + 3)
    codes = {code for _, code in load.answers}
    assert codes <= {250, 451, 454}, codes
    assert 451 in codes
    late = [moment for moment, code in load.answers if code != 250 and moment > back + BACK_WITHIN_SECONDS]
    assert late == []
    accepted = sum(code == 250 for _, code in load.answers)
    assert _delivered(alone, accepted) == accepted


def _delivered(stack: MailStack, wanted: int) -> int:
    """How many messages lie in all mailboxes, as soon as there are enough or a minute has passed."""
    deadline = time.monotonic() + 60
    while True:
        found = len(list(stack.state.glob("mail/*/*/Maildir/new/*")))
        if found >= wanted or time.monotonic() > deadline:
            return found
        time.sleep(0.5)
