"""Mailboxes made, resized, purged and signed in to at once, with real threads on SQLite and PostgreSQL."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mailboxes import jobs
from mailboxes.actions.lifecycle import delete_mailbox, undelete_mailbox
from mailboxes.actions.mailboxes import Protocols, add_mailbox, edit_mailbox
from mailboxes.models import Address, Mailbox, MailUsage
from mailboxes.sign_in import MailboxBackend
from panel.accounts.models import User
from panel.audit.models import AuditEntry
from panel.lib.errors import Refused
from panel.tenants.models import Usage, UsageKind
from tests.factories import GIB, PASSWORD, make_mailbox
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 16


def used(tenant, kind):
    return Usage.objects.get(tenant=tenant, kind=kind).used


@pytest.fixture
def access(alder_admin, alder, access_of):
    return access_of(alder_admin, alder)


def adding(access, domain, local_part):
    return lambda: add_mailbox(
        access=access, domain=domain, local_part=local_part, quota_bytes=GIB, password=PASSWORD
    )


def test_one_address_created_by_all_at_once_is_one_row_and_clear_refusals(access, alder, alder_domain):
    ended = at_once([adding(access, alder_domain, "dora")] * THREADS)
    assert ended == {"done": 1, "address_taken": THREADS - 1}
    assert Address.objects.count() == Mailbox.objects.count() == 1
    assert AuditEntry.objects.filter(action="mailbox.add").count() == 1
    assert (used(alder, UsageKind.MAILBOXES), used(alder, UsageKind.STORAGE)) == (1, GIB)


def test_parallel_creations_at_a_cap_of_five_leave_exactly_five(access, north, alder, alder_domain):
    north.max_mailboxes = 5
    north.save()
    ended = at_once([adding(access, alder_domain, f"box-{number}") for number in range(THREADS)])
    assert ended == {"done": 5, "cap_reached": THREADS - 5}
    assert (
        Mailbox.objects.count() == used(alder, UsageKind.MAILBOXES) == used(north, UsageKind.MAILBOXES) == 5
    )


def test_parallel_creations_at_a_storage_cap_promise_no_byte_more(access, north, alder, alder_domain):
    north.max_storage_bytes = 3 * GIB
    north.save()
    ended = at_once([adding(access, alder_domain, f"box-{number}") for number in range(THREADS)])
    assert ended == {"done": 3, "cap_reached": THREADS - 3}
    assert (used(alder, UsageKind.MAILBOXES), used(alder, UsageKind.STORAGE)) == (3, 3 * GIB)


def test_parallel_resizes_lose_no_byte(access, alder, ann):
    acts = [
        lambda gib=gib: edit_mailbox(
            access=access, mailbox=ann, name="Ann", quota_bytes=gib * GIB, protocols=Protocols()
        )
        for gib in range(1, THREADS + 1)
    ]
    assert at_once(acts) == {"done": THREADS}
    ann.refresh_from_db()
    assert used(alder, UsageKind.STORAGE) == ann.quota_bytes


def test_an_undelete_and_a_purge_at_once_end_as_one_of_both(access, alder, alder_domain):
    mailboxes = [make_mailbox(f"box-{number}", alder_domain) for number in range(8)]
    for mailbox in mailboxes:
        delete_mailbox(access=access, mailbox=mailbox)
    Mailbox.objects.update(purge_at=timezone.now() - timedelta(seconds=1))

    def bring_back(mailbox):
        try:
            undelete_mailbox(access=access, mailbox=mailbox)
        except Mailbox.DoesNotExist as gone:
            raise Refused("gone", "gone") from gone

    acts = [lambda mailbox=mailbox: bring_back(mailbox) for mailbox in mailboxes]
    acts += [lambda mailbox=mailbox: jobs.purge_mailbox(mailbox.pk) for mailbox in mailboxes]
    ended = at_once(acts)
    left = Mailbox.objects.count()
    assert ended["gone"] == 8 - left
    assert Mailbox.objects.filter(state="active", purge_at=None).count() == left
    assert used(alder, UsageKind.MAILBOXES) == left
    assert used(alder, UsageKind.STORAGE) == left * GIB


def test_a_purge_run_by_many_workers_gives_back_once(access, alder, ann):
    delete_mailbox(access=access, mailbox=ann)
    Mailbox.objects.update(purge_at=timezone.now() - timedelta(seconds=1))
    assert at_once([jobs.purge_deleted] * 8) == {"done": 8}
    assert (used(alder, UsageKind.MAILBOXES), used(alder, UsageKind.STORAGE)) == (0, 0)
    assert AuditEntry.objects.filter(action="mailbox.purge").count() == 1


def test_two_first_sign_ins_at_once_make_one_principal(ann):
    sign_in = lambda: MailboxBackend().authenticate(None, "ann@alder.example", PASSWORD)  # noqa: E731 -- one line says it
    assert at_once([sign_in] * 8) == {"done": 8}
    assert User.objects.count() == 1


def test_a_warning_is_sent_once_by_many_workers(ann, mailoutbox):
    MailUsage.objects.create(username="ann@alder.example", used_bytes=GIB)
    assert at_once([jobs.warn_full] * 8) == {"done": 8}
    assert len(mailoutbox) == 1
