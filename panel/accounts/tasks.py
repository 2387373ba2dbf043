"""Doorbells of accounts: a task carries a primary key, the work is in `jobs`."""

from celery import shared_task

from panel.accounts import jobs


@shared_task(ignore_result=True)
def send_reset_link(pk: int) -> None:
    jobs.send_link(pk)


@shared_task(ignore_result=True)
def sweep_reset_links() -> None:
    """Links whose doorbell was lost, or whose mail was refused."""
    for pk in jobs.due_links():
        jobs.send_link(pk)


@shared_task(ignore_result=True)
def purge_expired() -> None:
    jobs.purge_expired()
