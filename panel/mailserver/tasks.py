"""Wakes the jobs of the mail side. What is due stands in the database."""

from celery import shared_task

from panel.mailserver.revocations import carry_out, due_ids


@shared_task
def sweep_revocations() -> None:
    """Do every revocation that is due."""
    for revocation_id in due_ids():
        carry_out(revocation_id)


@shared_task
def carry_out_revocation(revocation_id: int) -> None:
    """Do one at once; the sweep does it should this call get lost."""
    carry_out(revocation_id)
