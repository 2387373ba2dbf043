"""Mail that comes all the time, and what each message was answered."""

import smtplib
import threading
import time
from collections.abc import Callable
from typing import Self

PAUSE_SECONDS = 0.3


class Load:
    """Sends through every door all the time. A door sends one message and returns its tag, or raises
    what smtplib raises. `answers` holds (seconds since the start, code), `accepted` the tags; code 0 is a
    connection that failed."""

    def __init__(self, *doors: Callable[[], str]) -> None:
        self.answers: list[tuple[float, int]] = []
        self.accepted: list[str] = []
        self.began = time.monotonic()
        self._stopping = threading.Event()
        self._senders: list[threading.Thread] = []
        self._doors = [threading.Thread(target=self._keep, args=(door,)) for door in doors]

    def __enter__(self) -> Self:
        for door in self._doors:
            door.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in (*self._doors, *self._senders):
            thread.join()

    @property
    def codes(self) -> set[int]:
        return {code for _, code in self.answers}

    def now(self) -> float:
        return time.monotonic() - self.began

    def refused_after(self, moment: float) -> list[tuple[float, int]]:
        return [(at, code) for at, code in self.answers if code != 250 and at > moment]

    def _keep(self, send: Callable[[], str]) -> None:
        while not self._stopping.wait(PAUSE_SECONDS):
            thread = threading.Thread(target=self._note, args=(send,))
            self._senders.append(thread)
            thread.start()

    def _note(self, send: Callable[[], str]) -> None:
        try:
            self.accepted.append(send())
            code = 250
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0]
        except smtplib.SMTPResponseException as error:
            code = error.smtp_code
        except (smtplib.SMTPServerDisconnected, OSError):
            code = 0
        self.answers.append((self.now(), code))
