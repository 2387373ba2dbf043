"""Start a bulk change, stop it, let it go on, undo it."""

from collections.abc import Iterable
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from mailboxes.quotas import check_quota
from panel.audit import log
from panel.bulk import acts, tasks
from panel.bulk.jobs import end
from panel.bulk.models import ItemState, Job, JobItem, JobState
from panel.bulk.running import title_of
from panel.bulk.selection import Selection
from panel.lib.errors import Refused
from panel.tenants.access import Access
from panel.tenants.roles import Permission

BATCH = 1000
# Of one person at a time.
MAX_RUNNING = 5


def start_job(  # noqa: PLR0913 -- what was asked for, and what the person saw when asking
    *, access: Access, key: UUID, act: str, parameters: dict[str, Any], selection: Selection, expected: int
) -> Job:
    """Freeze which mailboxes are meant and have the worker change them. With a `key` that was used before,
    the job that it started. `expected` is how many the person was told.

    Raises `PermissionDenied`, and `Refused` (selection_*, jobs_too_many, quota_*, state_unknown, protocols_none).
    """
    access.require(Permission.MAILBOX_EDIT)
    _check(act, parameters)
    try:
        with transaction.atomic():
            existing = started_with(access, key)
            if existing is not None:
                return existing
            _refuse_too_many(access)
            frozen = selection.freeze(access, act)
            _refuse_changed(len(frozen), expected)
            items = (JobItem(object_id=pk, label=address) for pk, address in frozen)
            job = Job(tenant=access.tenant, key=key, act=act, parameters=parameters)
            return _start(access, job, items, len(frozen))
    except IntegrityError:
        # The same form, sent twice in one moment: the other one started it.
        existing = started_with(access, key)
        if existing is None:
            raise
        return existing


def started_with(access: Access, key: UUID) -> Job | None:
    """The job that this person started with the key."""
    return Job.objects.of(access).filter(user_id=_person(access), key=key).first()


@transaction.atomic
def undo_job(*, access: Access, job: Job) -> Job:
    """The job that gives back what `job` changed, wherever nobody changed it since. What `job` has not done
    yet is left. Raises `PermissionDenied`, and `Refused` (job_running, undo_over)."""
    job = _locked(access, job)
    existing = Job.objects.filter(undo_of=job).first()
    if existing is not None:
        return existing
    if job.is_running:
        raise Refused("It is still running. Stop it first.", "job_running")
    if not job.is_undoable:
        raise Refused("This cannot be undone any more.", "undo_over")
    if job.is_stopped:
        job.state = JobState.DONE
        job.save(update_fields=["state"])
    done = job.items.filter(state=ItemState.DONE).order_by("pk").iterator(chunk_size=BATCH)
    items = (
        JobItem(object_id=item.object_id, label=item.label, before=item.before, after=item.after)
        for item in done
    )
    undo = Job(tenant=job.tenant, key=uuid4(), act=job.act, parameters=job.parameters, undo_of=job)
    return _start(access, undo, items, job.done)


@transaction.atomic
def stop_job(*, access: Access, job: Job) -> Job:
    """Once this returns, no further row is changed. Raises `PermissionDenied`, and `Refused` (job_over)."""
    job = _locked(access, job)
    if job.is_stopped:
        return job
    if not job.is_running:
        raise Refused("It is done already. What it did can be undone.", "job_over")
    end(job, JobState.STOPPED)
    _record("job.stop", access, job)
    return job


@transaction.atomic
def resume_job(*, access: Access, job: Job) -> Job:
    """Go on with a stopped job. It acts by the rights of who started it, so nobody else may.

    Raises `PermissionDenied`, and `Refused` (job_over, job_of_another).
    """
    job = _locked(access, job)
    if job.user_id != access.actor.id:
        raise Refused("Only who started it can let it go on. Start one of your own.", "job_of_another")
    if job.is_running:
        return job
    if not job.is_stopped:
        raise Refused("It is done already.", "job_over")
    job.state, job.ended_at, job.undo_until = JobState.RUNNING, None, None
    job.save(update_fields=["state", "ended_at", "undo_until"])
    _record("job.resume", access, job)
    _ring(job)
    return job


def _check(act: str, parameters: dict[str, Any]) -> None:
    if act == "quota":
        check_quota(parameters["quota_bytes"])
    if act == "state" and parameters["state"] not in acts.STATE_WORDS:
        raise Refused("Choose one of the states.", "state_unknown", "state")
    if act == "protocols" and not parameters:
        raise Refused("Choose at least one that changes.", "protocols_none")


def _refuse_too_many(access: Access) -> None:
    if Job.objects.filter(user_id=_person(access), state=JobState.RUNNING).count() >= MAX_RUNNING:
        raise Refused(
            f"{MAX_RUNNING} of your bulk changes are running. Wait until one is done.", "jobs_too_many"
        )


def _refuse_changed(count: int, expected: int) -> None:
    """Nobody changes more, or others, than the number that they agreed to."""
    if count != expected:
        message = (
            f"The list has changed: it was {expected:,} when you looked, and {count:,} now. Look again before you"
            " go on."
        )
        raise Refused(message, "selection_changed")


def _start(access: Access, job: Job, items: Iterable[JobItem], total: int) -> Job:
    actor = access.actor
    job.user_id, job.total = _person(access), total
    job.address, job.request_id = actor.address, actor.request_id
    job.save(force_insert=True)
    batch: list[JobItem] = []
    for item in items:
        item.job = job
        batch.append(item)
        if len(batch) == BATCH:
            JobItem.objects.bulk_create(batch)
            batch.clear()
    JobItem.objects.bulk_create(batch)
    _record("job.undo" if job.undo_of_id else "job.start", access, job)
    _ring(job)
    return job


def _person(access: Access) -> int:
    """Jobs go on with the rights of a person, so nobody else has any."""
    if access.actor.id is None:
        raise PermissionDenied
    return access.actor.id


def _ring(job: Job) -> None:
    transaction.on_commit(partial(tasks.ring, job.pk))


def _locked(access: Access, job: Job) -> Job:
    access.require(Permission.MAILBOX_EDIT)
    return Job.objects.of(access).select_for_update(of=("self",)).select_related("tenant").get(pk=job.pk)


def _record(action: str, access: Access, job: Job) -> None:
    log.record(action, actor=access.actor, tenant_id=job.tenant_id, obj=("job", job.pk, title_of(job)))
