"""Doorbells of bulk changes: the work is in `jobs`."""

import logging

from celery import shared_task
from kombu.exceptions import KombuError

from panel.bulk import jobs

logger = logging.getLogger(__name__)

# A doorbell that nobody heard for a minute is rung again by the next sweep.
EXPIRES_SECONDS = 60


@shared_task(ignore_result=True)
def run_job(pk: int) -> None:
    """One slice; the next one goes to the end of the queue, behind everybody else's work."""
    if jobs.run(pk):
        ring(pk)


@shared_task(ignore_result=True)
def sweep_jobs() -> None:
    for pk in jobs.due():
        ring(pk)


@shared_task(ignore_result=True)
def purge_jobs() -> None:
    jobs.purge()


def ring(pk: int) -> None:
    """Ask a worker to go on with a job. Without a broker the sweep finds it: that is no error to anybody."""
    try:
        run_job.apply_async((pk,), expires=EXPIRES_SECONDS, retry=False)
    except (KombuError, OSError) as error:
        logger.warning("no worker was told of bulk change %s: %s", pk, type(error).__name__)
