"""Bulk changes of a small tenant, worked off in the test's own process."""

import uuid

import pytest
from django.http import QueryDict

from mailboxes.models import Mailbox
from panel.bulk import jobs
from panel.bulk.actions import start_job
from panel.bulk.selection import Selection
from tests.factories import make_mailbox


@pytest.fixture
def as_alder(access_of, alder_admin, alder):
    return access_of(alder_admin, alder)


@pytest.fixture
def staff(alder_domain):
    return [make_mailbox(name, alder_domain) for name in ("ann", "bob", "eve")]


def selection(access, query):
    return Selection.read(access, QueryDict(query))


def picks(*mailboxes):
    return "&".join(f"pick={mailbox.pk}" for mailbox in mailboxes)


def start(access, act, query, *, expected=None, key=None, **parameters):
    """A job about what the query string selects, as a person who looked first starts it."""
    chosen = selection(access, query)
    return start_job(
        access=access,
        key=key or uuid.uuid4(),
        act=act,
        parameters=parameters,
        selection=chosen,
        expected=chosen.count(access, act) if expected is None else expected,
    )


def finish(job):
    """What a worker does, to the end."""
    while jobs.run(job.pk, seconds=60):
        pass
    job.refresh_from_db()
    return job


def told(job):
    """What became of each row."""
    return {item.label.partition("@")[0]: (item.state, item.reason) for item in job.items.order_by("pk")}


def fresh(mailbox):
    return Mailbox.objects.get(pk=mailbox.pk)


def counts(job):
    return job.state, job.done, job.skipped, job.refused, job.total


def states(mailboxes):
    return [fresh(mailbox).state for mailbox in mailboxes]
