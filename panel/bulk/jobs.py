"""What the worker does for bulk changes: row by row, in slices, so that nobody waits behind a large one."""

import logging
import time
from datetime import timedelta

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from mailboxes.models import Mailbox
from panel.audit.actor import Actor, ActorKind
from panel.bulk import acts
from panel.bulk.models import ItemState, Job, JobItem, JobState
from panel.lib.errors import Refused
from panel.tenants.access import Access, find_access
from panel.tenants.roles import Permission

logger = logging.getLogger(__name__)

SLICE_SECONDS = 2.0
# Far longer than one row takes; renewed between rows.
LEASE = timedelta(seconds=30)
# SQLite has one lock for all who write, and who waits for it only looks now and then.
SQLITE_PAUSE_SECONDS = 0.004
# How long what was done can be undone, and how long its summary is kept.
UNDO = timedelta(hours=24)
KEPT = timedelta(days=30)
BATCH = 2000

# Refusals that mean: there was nothing to do.
_NOTHING_TO_DO = {"mailbox_deleted", "mailbox_not_deleted", "changed_since"}
_GONE = "It is gone, or no longer yours to change."
_NO_RIGHT = "The person who asked for it may not change mailboxes here any more."
_FAILED = "It failed on our side; the log says why. Try it again alone."


def run(pk: int, *, seconds: float = SLICE_SECONDS) -> bool:
    """Work on a job for about `seconds`; whether it has more to do. One worker at a time holds it by a
    lease. Nothing depends on the lease: each row is checked under the lock of the job, so that of two
    workers, or of one that died and its heir, one does it."""
    if not _claim(pk):
        return False
    end = time.monotonic() + seconds
    try:
        while step(pk):
            if time.monotonic() >= end:
                return True
            if connection.vendor == "sqlite":
                time.sleep(SQLITE_PAUSE_SECONDS)
    finally:
        Job.objects.filter(pk=pk).update(lease_until=None)
    return False


def due() -> list[int]:
    """Jobs that no worker is at."""
    return list(_free().order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def step(pk: int) -> bool:
    """Do one row; False where none is left or the job does not run."""
    job = Job.objects.select_for_update(of=("self",)).select_related("user", "undo_of").get(pk=pk)
    if not job.is_running:
        return False
    item = job.items.filter(state=ItemState.WAITING).order_by("pk").first()
    if item is None:
        end(job, JobState.DONE)
        return False
    access = access_of(job)
    if access is None or not access.may(Permission.MAILBOX_EDIT):
        _refuse_rest(job)
        return True
    _do(job, item, access)
    item.save(update_fields=["state", "reason", "before", "after"])
    counter = str(item.state)
    renewed = {"lease_until": timezone.now() + LEASE}
    Job.objects.filter(pk=pk).update(**{counter: F(counter) + 1}, **renewed)
    return True


def access_of(job: Job) -> Access | None:
    """What the person who asked for it may do now; None for somebody who lost it, or was suspended."""
    user = job.user
    actor = Actor(ActorKind.MEMBER, user.email, user.pk, job.address, job.request_id)
    return find_access(user, job.tenant_id, actor=actor)


def end(job: Job, state: JobState) -> None:
    """Stopped or done: from now on it can be undone for a while. The caller holds the row."""
    job.state, job.ended_at = state, timezone.now()
    job.undo_until = job.ended_at + UNDO
    job.save(update_fields=["state", "ended_at", "undo_until"])


def purge() -> None:
    """Forget the rows of jobs that cannot be undone any more, and, after a month, the jobs."""
    now = timezone.now()
    for pk in list(Job.objects.filter(undo_until__lte=now).values_list("pk", flat=True)[:BATCH]):
        _forget_rows(pk)
    Job.objects.filter(undo_until=None, ended_at__lte=now - KEPT).delete()


def _free() -> QuerySet[Job]:
    free = Q(lease_until=None) | Q(lease_until__lte=timezone.now())
    return Job.objects.filter(free, state=JobState.RUNNING)


def _claim(pk: int) -> bool:
    return bool(_free().filter(pk=pk).update(lease_until=timezone.now() + LEASE))


def _do(job: Job, item: JobItem, access: Access) -> None:
    """Bring the row to what became of it. An action that refuses has undone what it began."""
    try:
        with transaction.atomic():
            item.state = _act(job, item, access)
            item.reason = "" if item.state == ItemState.DONE else "It is so already."
    except Refused as refused:
        is_nothing = refused.code in _NOTHING_TO_DO
        item.state = ItemState.SKIPPED if is_nothing else ItemState.REFUSED
        item.reason = refused.message[:300]
    except Mailbox.DoesNotExist:
        item.state, item.reason = ItemState.SKIPPED, _GONE
    except (OperationalError, InterfaceError):
        # The database is away or chose us to end a deadlock: the row is tried again.
        raise
    except Exception:
        logger.exception("row %s of bulk change %s failed", item.pk, job.pk)
        item.state, item.reason = ItemState.REFUSED, _FAILED


def _act(job: Job, item: JobItem, access: Access) -> ItemState:
    if job.undo_of_id is not None:
        acts.restore(access, item.object_id, job.act, item.before or {}, item.after or {})
        return ItemState.DONE
    changed = acts.change(access, item.object_id, job.act, job.parameters)
    if changed is None:
        return ItemState.SKIPPED
    item.before, item.after = changed
    return ItemState.DONE


def _refuse_rest(job: Job) -> None:
    rest = job.items.filter(state=ItemState.WAITING)
    refused = rest.update(state=ItemState.REFUSED, reason=_NO_RIGHT)
    Job.objects.filter(pk=job.pk).update(refused=F("refused") + refused)


@transaction.atomic
def _forget_rows(pk: int) -> None:
    """In one go with the end of what can be undone: an undo that begins meanwhile has all rows or none."""
    job = Job.objects.select_for_update().filter(pk=pk, undo_until__lte=timezone.now()).first()
    if job is None:
        return
    JobItem.objects.filter(job=job).delete()
    job.undo_until, job.state = None, JobState.DONE
    job.save(update_fields=["undo_until", "state"])
