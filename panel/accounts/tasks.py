"""Doorbells of accounts: a task carries a primary key, the work is in `jobs`."""

import logging

from celery import shared_task
from kombu.exceptions import KombuError

from panel.accounts import jobs

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def send_reset_link(pk: int) -> None:
    jobs.send_link(pk)


def ring(pk: int) -> None:
    """Ask a worker to mail a link. Without a broker the sweep finds it: that is no error to anybody."""
    try:
        send_reset_link.apply_async((pk,), retry=False)
    except (KombuError, OSError) as error:
        logger.warning("no worker was told to mail link %s: %s", pk, type(error).__name__)


@shared_task(ignore_result=True)
def sweep_reset_links() -> None:
    """Links whose doorbell was lost, or whose mail was refused."""
    for pk in jobs.due_links():
        jobs.send_link(pk)


@shared_task(ignore_result=True)
def purge_expired() -> None:
    jobs.purge_expired()
