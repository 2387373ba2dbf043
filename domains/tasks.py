"""Doorbells of domains: a task carries a primary key at most, the work is in `jobs`."""

import logging

from celery import shared_task
from kombu.exceptions import KombuError

from domains import jobs

logger = logging.getLogger(__name__)

# A doorbell that nobody heard for a minute is rung again by the next sweep.
EXPIRES_SECONDS = 60


@shared_task(ignore_result=True)
def check_proof(pk: int) -> None:
    jobs.check_proof(pk)


@shared_task(ignore_result=True)
def sweep_proofs() -> None:
    """Checks that are due, claims that ran out, and notices that wait."""
    jobs.expire_claims()
    for pk in jobs.due_proofs():
        ring(pk)
    jobs.send_notices()


@shared_task(ignore_result=True)
def purge_removed_domains() -> None:
    jobs.purge_removed()


def ring(pk: int, *, delay_seconds: float = 0) -> None:
    """Ask a worker to check a claim, now or later. Without a broker the sweep finds it: that is no error to anybody."""
    try:
        check_proof.apply_async((pk,), countdown=delay_seconds, expires=EXPIRES_SECONDS, retry=False)
    except (KombuError, OSError) as error:
        logger.warning("no worker was told to check domain %s: %s", pk, type(error).__name__)
