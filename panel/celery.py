"""The Celery application. The broker is a doorbell: what is due stands in the database."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "panel.settings")

app = Celery("posthouse")
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
