"""A worker that is killed in the middle of a bulk change does no row twice and leaves none out."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connections
from django.utils import timezone

from mailboxes.models import Mailbox
from panel.audit.models import AuditEntry
from panel.bulk import jobs
from panel.bulk.actions import undo_job
from panel.bulk.models import Job
from panel.tenants.models import Usage, UsageKind
from tests.factories import GIB, make_mailbox
from tests.panel.bulk.conftest import counts, finish, start

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[3]
MAILBOXES = 40
# Works until it dies: at the row that is named, after the mailbox was changed and before that was committed.
WORKER = """
import os, signal, sys
import django
django.setup()
from django.db import connections
from panel.bulk import acts, jobs
for alias, name in zip(sys.argv[3::2], sys.argv[4::2], strict=True):
    connections[alias].settings_dict["NAME"] = name
rows, change = iter(range(1, 1000)), acts.change

def dying(*arguments):
    changed = change(*arguments)
    if next(rows) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return changed

acts.change = dying
jobs.run(int(sys.argv[1]), seconds=600)
"""


def worker(job: Job, dies_at: int) -> "subprocess.Popen[bytes]":
    names = [str(part) for one in connections.all() for part in (one.alias, one.settings_dict["NAME"])]
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(job.pk), str(dies_at), *names],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "panel.settings"},
        stderr=subprocess.PIPE,
    )


@pytest.fixture
def job(as_alder, alder_domain) -> Job:
    for number in range(MAILBOXES):
        make_mailbox(f"m{number:02}", alder_domain)
    return start(as_alder, "quota", "all=1", quota_bytes=2 * GIB)


def passes() -> None:
    """The lease of the dead worker is over."""
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


def test_a_row_whose_worker_died_over_it_is_done_by_the_next_one_and_no_row_twice(job, alder, as_alder):
    with worker(job, dies_at=8) as dead:
        told = dead.communicate(timeout=60)[1].decode()
    assert dead.returncode == -signal.SIGKILL, told
    job.refresh_from_db()
    assert counts(job) == ("running", 7, 0, 0, MAILBOXES)
    assert Mailbox.objects.filter(quota_bytes=2 * GIB).count() == 7
    assert not jobs.run(job.pk)
    passes()
    assert counts(finish(job)) == ("done", MAILBOXES, 0, 0, MAILBOXES)
    assert AuditEntry.objects.filter(action="mailbox.edit").count() == MAILBOXES
    assert Usage.objects.get(tenant=alder, kind=UsageKind.STORAGE).used == MAILBOXES * 2 * GIB
    undo = finish(undo_job(access=as_alder, job=job))
    assert undo.done == MAILBOXES
    assert Usage.objects.get(tenant=alder, kind=UsageKind.STORAGE).used == MAILBOXES * GIB


def test_a_worker_killed_at_any_moment_leaves_whole_rows(job):
    deadline = time.monotonic() + 60
    with worker(job, dies_at=MAILBOXES + 1) as running:
        while Job.objects.get().done < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        running.kill()
    assert running.returncode == -signal.SIGKILL
    job.refresh_from_db()
    assert 3 <= job.done == Mailbox.objects.filter(quota_bytes=2 * GIB).count()
    assert job.done == job.items.filter(state="done").count()
    passes()
    assert counts(finish(job)) == ("done", MAILBOXES, 0, 0, MAILBOXES)
    assert AuditEntry.objects.filter(action="mailbox.edit").count() == MAILBOXES
