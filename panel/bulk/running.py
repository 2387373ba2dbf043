"""The job that the sidebar shows."""

from dataclasses import dataclass

from panel.bulk import acts
from panel.bulk.models import Job, JobState
from panel.tenants.access import Access


@dataclass(frozen=True)
class Running:
    pk: int
    title: str
    handled: int
    total: int


def title_of(job: Job) -> str:
    return acts.title(job.act, job.parameters, job.total, is_undo=job.undo_of_id is not None)


def running_job(access: Access | None, path: str) -> Running | None:
    """The newest running job of this very person in the tenant or below, but not on its own page, which
    shows it larger. One query."""
    if access is None or access.actor.id is None:
        return None
    found = (
        Job.objects.filter(user_id=access.actor.id, state=JobState.RUNNING, tenant_id__in=access.tenant_ids())
        .order_by("-pk")
        .first()
    )
    if found is None or path.endswith(f"/jobs/{found.pk}/"):
        return None
    return Running(found.pk, title_of(found), found.handled, found.total)
