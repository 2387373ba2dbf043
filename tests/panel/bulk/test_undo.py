"""What a job changed comes back as it was, unless somebody changed it since."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mailboxes.actions.lifecycle import delete_mailbox, set_state, undelete_mailbox
from mailboxes.actions.mailboxes import Protocols, edit_mailbox
from mailboxes.models import Mailbox
from panel.bulk import jobs
from panel.bulk.actions import resume_job, stop_job, undo_job
from panel.bulk.models import Job, JobItem
from panel.lib.errors import Refused
from panel.tenants.models import Usage
from tests.factories import GIB
from tests.panel.bulk.conftest import counts, finish, picks, start, states, told

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("act", "parameters"),
    [
        ("quota", {"quota_bytes": 9 * GIB}),
        ("quota", {"quota_bytes": None}),
        ("state", {"state": "off"}),
        ("protocols", {"imap": False, "pop3": False}),
        ("delete", {}),
    ],
)
def test_undo_gives_back_exactly_what_was(as_alder, alder, staff, act, parameters):
    edit_mailbox(
        access=as_alder,
        mailbox=staff[0],
        name="Ann",
        quota_bytes=3 * GIB,
        protocols=Protocols(pop3=False),
    )
    set_state(access=as_alder, mailbox=staff[1], state="receive_only")
    rows = list(Mailbox.objects.order_by("pk").values())
    used = list(Usage.objects.order_by("pk").values())
    job = finish(start(as_alder, act, picks(*staff), **parameters))
    assert list(Mailbox.objects.order_by("pk").values()) != rows
    undo = finish(undo_job(access=as_alder, job=job))
    assert counts(undo)[:4] == ("done", job.done, 0, 0)
    assert list(Mailbox.objects.order_by("pk").values()) == rows
    assert list(Usage.objects.order_by("pk").values()) == used


def test_undo_leaves_what_somebody_changed_since(as_alder, staff):
    job = finish(start(as_alder, "delete", picks(*staff)))
    undelete_mailbox(access=as_alder, mailbox=staff[0])
    undelete_mailbox(access=as_alder, mailbox=staff[1])
    delete_mailbox(access=as_alder, mailbox=staff[1])
    undo = finish(undo_job(access=as_alder, job=job))
    assert counts(undo) == ("done", 1, 2, 0, 3)
    assert states(staff) == ["active", "deleted", "active"]
    assert told(undo)["bob"] == ("skipped", "It was changed since, so it stays as it is.")


def test_what_was_left_alone_is_not_undone(as_alder, staff):
    set_state(access=as_alder, mailbox=staff[0], state="off")
    job = finish(start(as_alder, "state", picks(*staff), state="off"))
    finish(undo_job(access=as_alder, job=job))
    assert states(staff) == ["off", "active", "active"]


def test_undo_is_bound_by_caps_like_any_change(as_alder, alder, staff):
    job = finish(start(as_alder, "quota", picks(*staff), quota_bytes=GIB // 2))
    alder.max_storage_bytes = 2 * GIB
    alder.save()
    undo = finish(undo_job(access=as_alder, job=job))
    assert counts(undo) == ("done", 1, 0, 2, 3)


def test_undo_twice_is_one_undo_and_an_undo_is_not_undone(as_alder, staff):
    job = finish(start(as_alder, "state", picks(*staff), state="off"))
    undo = finish(undo_job(access=as_alder, job=job))
    assert undo_job(access=as_alder, job=job) == undo
    with pytest.raises(Refused) as refused:
        undo_job(access=as_alder, job=undo)
    assert refused.value.code == "undo_over"


def test_after_24_hours_nothing_is_undone_and_the_rows_are_forgotten(as_alder, staff):
    job = finish(start(as_alder, "state", picks(*staff), state="off"))
    Job.objects.update(undo_until=timezone.now() + timedelta(minutes=1))
    jobs.purge()
    assert JobItem.objects.count() == 3
    Job.objects.update(undo_until=timezone.now())
    with pytest.raises(Refused) as refused:
        undo_job(access=as_alder, job=job)
    assert refused.value.code == "undo_over"
    jobs.purge()
    assert (JobItem.objects.count(), Job.objects.count()) == (0, 1)
    Job.objects.update(ended_at=timezone.now() - timedelta(days=30))
    jobs.purge()
    assert Job.objects.count() == 0


def test_a_stopped_one_whose_rows_are_forgotten_does_not_go_on(as_alder, staff):
    job = start(as_alder, "state", picks(*staff), state="off")
    stop_job(access=as_alder, job=job)
    Job.objects.update(undo_until=timezone.now())
    jobs.purge()
    with pytest.raises(Refused) as refused:
        resume_job(access=as_alder, job=job)
    assert refused.value.code == "job_over"
