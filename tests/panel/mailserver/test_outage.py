"""PostgreSQL goes away under load: mail waits, nobody hears that a password or an address is wrong."""

import time
from collections.abc import Iterator

import pytest

from tests.load import Load
from tests.mailstack import MailStack
from tests.panel.mailserver.clients import receive, submit
from tests.panel.mailserver.conftest import SEED
from tests.postgres import PostgreSQL

BEFORE_SECONDS, AWAY_SECONDS, BACK_WITHIN_SECONDS = 3, 10, 15


@pytest.fixture
def alone() -> Iterator[MailStack]:
    with PostgreSQL() as server, MailStack(server.create("posthouse")) as running:
        running.server = server
        running.python(SEED)
        yield running


def test_a_database_that_is_away_for_ten_seconds_only_delays(alone: MailStack) -> None:
    assert alone.server is not None
    with Load(
        lambda: submit(alone, "ann@alder.example", "bob@alder.example"),
        lambda: receive(alone, "friend@outside.example", "bob@alder.example"),
    ) as load:
        time.sleep(BEFORE_SECONDS)
        alone.server.stop()
        time.sleep(AWAY_SECONDS)
        alone.server.start()
        back = load.now()
        time.sleep(BACK_WITHIN_SECONDS + 3)
    assert load.codes <= {250, 451, 454}, load.codes
    assert 451 in load.codes
    assert load.refused_after(back + BACK_WITHIN_SECONDS) == []
    assert _delivered(alone, len(load.accepted)) == len(load.accepted)


def _delivered(stack: MailStack, wanted: int) -> int:
    """How many messages lie in all mailboxes, as soon as there are enough or a minute has passed."""
    deadline = time.monotonic() + 60
    while True:
        found = len(list(stack.state.glob("mail/*/*/Maildir/new/*")))
        if found >= wanted or time.monotonic() > deadline:
            return found
        time.sleep(0.5)
