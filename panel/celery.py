"""The Celery application. The broker is a doorbell: what is due stands in the database."""

import logging
import os
from typing import Any

from celery import Celery, Task
from django.db import InterfaceError, OperationalError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "panel.settings")

logger = logging.getLogger(__name__)


class SweepingTask(Task):  # type: ignore[misc]  # Celery has no types
    """A database that is away is no mistake of a task: one line tells of it, and the next sweep does the work."""

    throws = (OperationalError, InterfaceError)

    def on_failure(self, exc: Exception, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:  # noqa: PLR0913, PLR0917 -- Celery's shape
        if isinstance(exc, self.throws):
            logger.warning("%s waits for the database: %s", self.name, str(exc).partition("\n")[0])
        super().on_failure(exc, task_id, args, kwargs, einfo)


app = Celery("posthouse", task_cls=SweepingTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Each entry wakes a sweep that finds its own work in the database; a missed beat costs its interval.
app.conf.beat_schedule = {
    "sweep-domain-proofs": {"task": "domains.tasks.sweep_proofs", "schedule": 15.0},
    "sweep-revocations": {"task": "panel.mailserver.tasks.sweep_revocations", "schedule": 2.0},
    "purge-domains": {"task": "domains.tasks.purge_removed_domains", "schedule": 3600.0},
    "purge-mailboxes": {"task": "mailboxes.tasks.purge_deleted_mailboxes", "schedule": 3600.0},
    "warn-full-mailboxes": {"task": "mailboxes.tasks.warn_full_mailboxes", "schedule": 60.0},
    "sweep-bulk-changes": {"task": "panel.bulk.tasks.sweep_jobs", "schedule": 10.0},
    "purge-bulk-changes": {"task": "panel.bulk.tasks.purge_jobs", "schedule": 600.0},
    "sweep-reset-links": {"task": "panel.accounts.tasks.sweep_reset_links", "schedule": 30.0},
    "purge-sign-in-records": {"task": "panel.accounts.tasks.purge_expired", "schedule": 3600.0},
}
