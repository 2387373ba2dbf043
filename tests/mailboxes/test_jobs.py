"""Warnings before a mailbox is full."""

import pytest
from django.core import mail

from mailboxes import jobs
from mailboxes.models import Mailbox, MailUsage
from mailboxes.quotas import warn_percent
from mailboxes.tasks import purge_deleted_mailboxes, warn_full_mailboxes
from tests.factories import GIB, make_mailbox

pytestmark = pytest.mark.django_db


def use(address, percent, quota=GIB):
    used = quota * percent // 100 + 1
    MailUsage.objects.update_or_create(username=address, defaults={"used_bytes": used})


def test_each_level_is_told_once_until_the_mailbox_falls_below_it(ann):
    told = []
    for percent in (79, 80, 85, 95, 99, 85, 96, 10, 81):
        use("ann@alder.example", percent)
        told.append(jobs.warn_full())
        assert jobs.warn_full() == 0
    assert told == [0, 1, 0, 1, 0, 0, 1, 0, 1]
    assert [message.subject for message in mail.outbox] == [
        f"Your mailbox is {percent}% full" for percent in (80, 95, 95, 80)
    ]


def test_the_message_goes_to_the_mailbox_as_plain_text_that_nobody_escaped(ann):
    Mailbox.objects.update(name="Ann & <Co> O'Hara")
    use("ann@alder.example", 95)
    jobs.warn_full()
    (message,) = mail.outbox
    assert message.to == ["ann@alder.example"]
    assert message.alternatives == []
    assert "Hello Ann & <Co> O'Hara," in message.body
    assert "holds 973 MB of 1 GB: 95%" in message.body


def test_a_mailbox_without_quota_without_figures_or_deleted_is_not_warned(ann, bob, alder_domain):
    make_mailbox("free", alder_domain, quota_bytes=None)
    Mailbox.objects.filter(pk=bob.pk).update(state="deleted")
    for address in ("free@alder.example", "bob@alder.example", "nobody@alder.example"):
        use(address, 99)
    MailUsage.objects.create(username="ann@alder.example")
    assert jobs.warn_full() == 0


def test_a_larger_quota_lowers_the_level(ann):
    use("ann@alder.example", 96)
    jobs.warn_full()
    Mailbox.objects.update(quota_bytes=10 * GIB)
    assert jobs.warn_full() == 0
    assert Mailbox.objects.get().quota_warned_percent == 0


def test_a_message_that_was_refused_is_tried_again(ann, settings):
    use("ann@alder.example", 96)
    good = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = (
        "django.core.mail.backends.smtp.EmailBackend",
        "127.0.0.1",
        1,
    )
    assert jobs.warn_full() == 0
    settings.EMAIL_BACKEND = good
    assert jobs.warn_full() == 1


def test_many_mailboxes_are_compared_in_batches(alder_domain, monkeypatch):
    monkeypatch.setattr(jobs, "USAGE_BATCH", 2)
    for name in ("a", "b", "c", "d", "e"):
        make_mailbox(name, alder_domain)
        use(f"{name}@alder.example", 96)
    assert jobs.warn_full() == 5


def test_the_tasks_that_beat_names_exist_and_run(ann):
    warn_full_mailboxes()
    purge_deleted_mailboxes()
    assert warn_full_mailboxes.name == "mailboxes.tasks.warn_full_mailboxes"
    assert purge_deleted_mailboxes.name == "mailboxes.tasks.purge_deleted_mailboxes"


@pytest.mark.parametrize(("used", "percent"), [(0, 0), (79, 0), (80, 80), (94, 80), (95, 95), (200, 95)])
def test_the_level_is_the_highest_one_reached(used, percent):
    assert warn_percent(used, 100) == percent
