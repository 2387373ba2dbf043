"""Bulk changes that meet each other, a stop, or their own form, with real threads on SQLite and PostgreSQL."""

import uuid

import pytest

from mailboxes.models import Mailbox
from panel.audit.models import AuditEntry
from panel.bulk import jobs
from panel.bulk.actions import stop_job, undo_job
from panel.bulk.models import Job
from panel.tenants.models import Usage, UsageKind
from tests.factories import GIB, make_mailbox
from tests.panel.bulk.conftest import as_alder as as_alder
from tests.panel.bulk.conftest import counts, finish, start
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

MAILBOXES = 12


@pytest.fixture
def many(alder_domain):
    return [make_mailbox(f"m{number:02}", alder_domain) for number in range(MAILBOXES)]


def test_eight_workers_at_one_job_do_each_row_once(as_alder, alder, many):
    job = start(as_alder, "quota", "all=1", quota_bytes=2 * GIB)

    def work():
        # Without the lease, which a slow worker may have lost.
        while jobs.step(job.pk):
            pass

    assert at_once([work] * 8) == {"done": 8}
    job.refresh_from_db()
    assert counts(job) == ("done", MAILBOXES, 0, 0, MAILBOXES)
    assert AuditEntry.objects.filter(action="mailbox.edit").count() == MAILBOXES
    assert Usage.objects.get(tenant=alder, kind=UsageKind.STORAGE).used == 2 * GIB * MAILBOXES


def test_two_jobs_at_once_on_the_same_rows_leave_each_row_as_one_of_them_says(as_alder, alder, many):
    small = start(as_alder, "quota", "all=1", quota_bytes=2 * GIB)
    large = start(as_alder, "quota", "all=1", quota_bytes=3 * GIB)
    assert at_once([lambda: finish(small), lambda: finish(large)]) == {"done": 2}
    quotas = list(Mailbox.objects.values_list("quota_bytes", flat=True))
    assert set(quotas) <= {2 * GIB, 3 * GIB}
    assert Usage.objects.get(tenant=alder, kind=UsageKind.STORAGE).used == sum(quotas)


def test_a_form_sent_eight_times_at_once_starts_one_job(as_alder, many):
    key = uuid.uuid4()
    acts = [lambda: start(as_alder, "delete", "all=1", key=key, expected=MAILBOXES)] * 8
    assert at_once(acts) == {"done": 8}
    assert Job.objects.count() == 1


def test_an_undo_asked_for_eight_times_at_once_is_one_job(as_alder, many):
    job = finish(start(as_alder, "state", "all=1", state="off"))
    assert at_once([lambda: undo_job(access=as_alder, job=job)] * 8) == {"done": 8}
    assert Job.objects.count() == 2


def test_after_a_stop_has_returned_no_row_changes(as_alder, many):
    job = start(as_alder, "state", "all=1", state="off")
    seen = []

    def stop():
        stop_job(access=as_alder, job=job)
        seen.append(Mailbox.objects.filter(state="off").count())

    ends = at_once([lambda: jobs.run(job.pk, seconds=60), stop])
    if ends == {"done": 2}:
        assert seen == [Mailbox.objects.filter(state="off").count()]
        assert Job.objects.get().state == "stopped"
    else:
        assert ends == {"done": 1, "job_over": 1}
