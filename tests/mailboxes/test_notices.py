"""A worker that dies over the notice of a full mailbox loses none: it is killed in a process of its own."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.db import connections
from django.utils import timezone

from mailboxes import jobs
from mailboxes.models import Mailbox, MailUsage
from panel.tenants.models import Tenant
from tests.factories import GIB
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parent.parent.parent
# Dies where the message is handed over: before it was taken, or after.
WORKER = """
import os, signal, sys
import django
django.setup()
from django.db import connections
from mailboxes import jobs
for alias, name in zip(sys.argv[2::2], sys.argv[3::2], strict=True):
    connections[alias].settings_dict["NAME"] = name

def die(*arguments):
    if sys.argv[1] == "after":
        open(os.environ["SENT"], "a").write("sent")
    os.kill(os.getpid(), signal.SIGKILL)

jobs.send_mail = die
jobs.warn_full()
"""


def full(ann: Mailbox) -> None:
    MailUsage.objects.create(username="ann@alder.example", used_bytes=GIB)


def passes(seconds: int) -> None:
    """The lease is that much older."""
    until = Mailbox.objects.get().quota_notice_lease_until
    assert until is not None
    Mailbox.objects.update(quota_notice_lease_until=until - timedelta(seconds=seconds))


@pytest.mark.parametrize(("when", "messages"), [("before", 1), ("after", 2)])
def test_a_worker_killed_before_or_after_the_message_leaves_it_to_the_next_beat(
    when, messages, ann, tmp_path
):
    full(ann)
    names = [str(part) for one in connections.all() for part in (one.alias, one.settings_dict["NAME"])]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "panel.settings", "SENT": str(tmp_path / "sent")}
    done = subprocess.run(
        [sys.executable, "-c", WORKER, when, *names],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    # Nothing is marked, and while the dead worker's lease runs nobody else writes.
    assert Mailbox.objects.get().quota_warned_percent == 0
    assert jobs.warn_full() == 0
    passes(301)
    assert jobs.warn_full() == 1
    assert jobs.warn_full() == 0
    assert len(mail.outbox) + (tmp_path / "sent").exists() == messages
    assert Mailbox.objects.get().quota_notice_lease_until is None


def test_eight_beats_at_once_write_one_message(ann):
    full(ann)
    assert at_once([jobs.warn_full] * 8) == {"done": 8}
    assert len(mail.outbox) == 1
    assert Mailbox.objects.get().quota_warned_percent == 95


def test_a_claim_that_is_held_is_left_alone_until_its_lease_is_over(ann):
    full(ann)
    Mailbox.objects.update(quota_notice_lease_until=timezone.now() + timedelta(seconds=30))
    assert jobs.warn_full() == 0
    passes(31)
    assert jobs.warn_full() == 1


def test_nobody_is_written_to_who_cannot_get_the_notice(ann: Mailbox, alder: Tenant, north: Tenant) -> None:
    """It would be refused, and tried again, minute by minute."""
    full(ann)
    domain, now = ann.address.domain, timezone.now()
    for row, closed, opened in (
        (ann, {"state": "off"}, {"state": "receive_only"}),
        (domain, {"suspended_at": now}, {"suspended_at": None}),
        (domain, {"removed_at": now}, {"removed_at": None}),
        (alder, {"suspended_at": now}, {"suspended_at": None}),
        (north, {"suspended_at": now}, {"suspended_at": None}),
    ):
        rows = type(row).objects.filter(pk=row.pk)
        rows.update(**closed)
        assert jobs.warn_full() == 0
        assert Mailbox.objects.get().quota_notice_lease_until is None
        rows.update(**opened)
    assert jobs.warn_full() == 1
    assert len(mail.outbox) == 1
