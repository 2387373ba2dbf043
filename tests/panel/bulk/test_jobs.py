"""One act on many mailboxes: done by the single action, row by row, and given back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mailboxes.actions.lifecycle import delete_mailbox, set_state
from mailboxes.actions.mailboxes import Protocols
from mailboxes.models import Mailbox
from panel.audit.models import AuditEntry
from panel.bulk import jobs
from panel.bulk.actions import resume_job, stop_job, undo_job
from panel.bulk.models import Job
from panel.lib.errors import Refused
from panel.tenants.actions import suspend_tenant
from panel.tenants.models import Membership, Revocation, Usage, UsageKind
from tests.factories import GIB
from tests.panel.bulk.conftest import counts, finish, fresh, picks, start, states, told

pytestmark = pytest.mark.django_db


def storage(tenant):
    return Usage.objects.get(tenant=tenant, kind=UsageKind.STORAGE).used


def test_a_quota_reaches_all_that_were_picked_and_no_other(as_alder, alder, staff):
    job = finish(start(as_alder, "quota", picks(*staff[:2]), quota_bytes=2 * GIB))
    assert counts(job) == ("done", 2, 0, 0, 2)
    assert [fresh(mailbox).quota_bytes for mailbox in staff] == [2 * GIB, 2 * GIB, GIB]
    assert storage(alder) == 5 * GIB


def test_each_row_is_in_the_audit_log_as_the_persons_own_act_from_where_they_asked(as_alder, staff):
    finish(start(as_alder, "state", picks(*staff), state="off"))
    entries = AuditEntry.objects.filter(action="mailbox.set_state").order_by("pk")
    assert [(entry.object_label, entry.actor_label, entry.address) for entry in entries] == [
        (f"{name}@alder.example", "alder-admin@mail.example", "192.0.2.7") for name in ("ann", "bob", "eve")
    ]
    began = AuditEntry.objects.get(action="job.start")
    assert began.object_label == "“Off” for 3 mailboxes"


def test_a_row_that_loses_its_sign_in_has_it_ended_at_the_mail_servers(as_alder, staff):
    finish(start(as_alder, "state", picks(*staff), state="receive_only"))
    assert sorted(Revocation.objects.values_list("kind", "subject")) == [
        ("sign_in", f"{name}@alder.example") for name in ("ann", "bob", "eve")
    ]


def test_protocols_that_were_not_chosen_stay_as_they_are_for_each(as_alder, staff):
    Mailbox.objects.filter(pk=staff[0].pk).update(pop3_enabled=False)
    finish(start(as_alder, "protocols", picks(*staff), imap=False))
    assert [Protocols.of(fresh(mailbox)) for mailbox in staff] == [
        Protocols(imap=False, pop3=False),
        Protocols(imap=False),
        Protocols(imap=False),
    ]


def test_what_is_so_already_is_left_alone_and_says_so(as_alder, staff):
    set_state(access=as_alder, mailbox=staff[1], state="off")
    job = finish(start(as_alder, "state", picks(*staff), state="off"))
    assert counts(job) == ("done", 2, 1, 0, 3)
    assert told(job)["bob"] == ("skipped", "It is so already.")
    assert AuditEntry.objects.filter(action="mailbox.set_state").count() == 3


def test_a_cap_refuses_the_rows_beyond_it_with_its_sentence(as_alder, alder, staff):
    alder.max_storage_bytes = 5 * GIB
    alder.save()
    job = finish(start(as_alder, "quota", picks(*staff), quota_bytes=2 * GIB))
    assert counts(job) == ("done", 2, 0, 1, 3)
    state, reason = told(job)["eve"]
    assert state == "refused"
    assert "5 GB" in reason
    assert storage(alder) == 5 * GIB


def test_an_address_of_somebody_who_may_do_more_is_refused_alone(as_alder, staff, north_admin):
    north_admin.email = "bob@alder.example"
    north_admin.save()
    job = finish(start(as_alder, "delete", picks(*staff)))
    assert states(staff) == ["deleted", "active", "deleted"]
    assert told(job)["bob"][0] == "refused"


def test_deleted_ones_are_brought_back_together(as_alder, staff):
    finish(start(as_alder, "delete", picks(*staff)))
    job = finish(start(as_alder, "undelete", "all=1&state=deleted"))
    assert counts(job) == ("done", 3, 0, 0, 3)
    assert states(staff) == ["active"] * 3


def test_a_row_that_went_meanwhile_is_left_alone(as_alder, staff):
    job = start(as_alder, "state", picks(*staff), state="off")
    delete_mailbox(access=as_alder, mailbox=staff[0])
    Mailbox.objects.filter(pk=staff[1].pk).delete()
    finish(job)
    assert counts(job) == ("done", 1, 2, 0, 3)
    assert told(job)["bob"] == ("skipped", "It is gone, or no longer yours to change.")


def test_somebody_who_lost_the_membership_gets_the_rest_refused(as_alder, alder_admin, staff):
    job = start(as_alder, "state", picks(*staff), state="off")
    assert jobs.run(job.pk, seconds=0)
    Membership.objects.filter(user=alder_admin).delete()
    finish(job)
    assert states(staff) == ["off", "active", "active"]
    assert counts(job) == ("done", 1, 0, 2, 3)
    assert told(job)["eve"] == (
        "refused",
        "The person who asked for it may not change mailboxes here any more.",
    )


def test_somebody_who_may_only_read_by_now_gets_the_rest_refused(as_alder, alder_admin, staff):
    job = start(as_alder, "state", picks(*staff), state="off")
    Membership.objects.filter(user=alder_admin).update(role="read_only")
    assert counts(finish(job)) == ("done", 0, 0, 3, 3)


def test_a_suspension_refuses_the_rest(as_alder, access_of, north_admin, alder, staff):
    job = start(as_alder, "delete", picks(*staff))
    assert jobs.run(job.pk, seconds=0)
    suspend_tenant(access_of(north_admin, alder), reason="unpaid")
    assert counts(finish(job)) == ("done", 1, 0, 2, 3)


def test_a_domain_manager_who_lost_the_domain_changes_nothing_more_in_it(
    access_of, alder_manager, alder, staff
):
    job = start(access_of(alder_manager, alder), "state", picks(*staff), state="off")
    assert jobs.run(job.pk, seconds=0)
    Membership.objects.get(user=alder_manager).domain_grants.all().delete()
    assert counts(finish(job)) == ("done", 1, 2, 0, 3)
    assert states(staff) == ["off", "active", "active"]


def test_once_it_is_stopped_no_further_row_changes_until_it_goes_on(as_alder, staff):
    job = start(as_alder, "state", picks(*staff), state="off")
    assert jobs.run(job.pk, seconds=0)
    stop_job(access=as_alder, job=job)
    assert not jobs.run(job.pk)
    assert states(staff) == ["off", "active", "active"]
    resume_job(access=as_alder, job=job)
    assert counts(finish(job)) == ("done", 3, 0, 0, 3)
    assert list(
        AuditEntry.objects.filter(object_kind="job").order_by("pk").values_list("action", flat=True)
    ) == [
        "job.start",
        "job.stop",
        "job.resume",
    ]


def test_only_who_started_it_lets_it_go_on(as_alder, access_of, ops_admin, operator, staff):
    """It would act by the rights of who started it."""
    above = access_of(ops_admin, operator)
    job = start(above, "state", picks(*staff), state="off")
    Job.objects.update(tenant=as_alder.tenant)
    stop_job(access=as_alder, job=job)
    with pytest.raises(Refused) as refused:
        resume_job(access=as_alder, job=job)
    assert refused.value.code == "job_of_another"


def test_a_stopped_one_is_undone_as_far_as_it_came_and_stays_ended(as_alder, staff):
    job = start(as_alder, "state", picks(*staff), state="off")
    assert jobs.run(job.pk, seconds=0)
    with pytest.raises(Refused) as refused:
        undo_job(access=as_alder, job=job)
    assert refused.value.code == "job_running"
    stop_job(access=as_alder, job=job)
    undo = finish(undo_job(access=as_alder, job=job))
    assert counts(undo) == ("done", 1, 0, 0, 1)
    assert states(staff) == ["active"] * 3
    with pytest.raises(Refused) as refused:
        resume_job(access=as_alder, job=job)
    assert refused.value.code == "job_over"


def test_two_jobs_on_the_same_rows_end_as_the_later_one_says_and_the_first_undo_leaves_that(as_alder, staff):
    first = start(as_alder, "state", picks(*staff), state="off")
    second = start(as_alder, "state", picks(*staff), state="receive_only")
    for _ in staff:
        assert jobs.run(first.pk, seconds=0)
        assert jobs.run(second.pk, seconds=0)
    finish(first)
    finish(second)
    assert states(staff) == ["receive_only"] * 3
    assert counts(finish(undo_job(access=as_alder, job=first))) == ("done", 0, 3, 0, 3)
    finish(undo_job(access=as_alder, job=second))
    assert states(staff) == ["off"] * 3


def test_rows_that_fail_on_our_side_do_not_hold_the_job_up_for_ever(as_alder, staff, caplog):
    job = start(as_alder, "quota", picks(*staff), quota_bytes=GIB)
    Job.objects.update(parameters={"quota_bytes": "no number"})
    assert counts(finish(job)) == ("done", 0, 0, 3, 3)
    assert told(job)["ann"] == ("refused", "It failed on our side; the log says why. Try it again alone.")
    assert "of bulk change" in caplog.text


def test_a_worker_that_holds_it_keeps_others_away_until_its_lease_ends(as_alder, staff):
    job = start(as_alder, "state", picks(*staff), state="off")
    Job.objects.update(lease_until=timezone.now() + timedelta(seconds=30))
    assert jobs.due() == []
    assert not jobs.run(job.pk)
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert jobs.due() == [job.pk]
    assert counts(finish(job)) == ("done", 3, 0, 0, 3)


def test_a_slice_ends_in_time_and_gives_the_job_back(as_alder, staff):
    job = start(as_alder, "state", picks(*staff), state="off")
    assert jobs.run(job.pk, seconds=0)
    assert jobs.due() == [job.pk]
    assert Job.objects.get().handled == 1
