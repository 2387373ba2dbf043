"""Doorbells of mailboxes: the work is in `jobs`."""

from celery import shared_task

from mailboxes import jobs


@shared_task(ignore_result=True)
def purge_deleted_mailboxes() -> None:
    jobs.purge_deleted()


@shared_task(ignore_result=True)
def warn_full_mailboxes() -> None:
    jobs.warn_full()
