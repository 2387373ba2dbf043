"""A revocation is done once, or tried again until it is; and never by two at a time."""

from datetime import timedelta

import pytest
from django.utils import timezone

from domains.models import Domain
from mailboxes.models import Mailbox
from panel.mailserver import revocations
from panel.mailserver.layout import Layout
from panel.tenants.models import Revocation, Tenant
from tests.factories import make_domain

pytestmark = pytest.mark.django_db


@pytest.fixture
def _no_dovecot(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port at which nothing answers: outside this process, so it may be stood in for."""
    monkeypatch.setattr(Layout, "port", lambda *_: 1)


@pytest.mark.usefixtures("_no_dovecot")
def test_a_failure_is_written_down_and_due_again_later() -> None:
    row = Revocation.objects.create(kind="sign_in", subject="ann@alder.example")
    assert revocations.carry_out(row.pk) is False
    row.refresh_from_db()
    assert (row.done_at, row.attempts, row.lease_until) == (None, 1, None)
    assert row.last_error.startswith("doveadm does not answer")
    assert row.due_at > timezone.now()
    assert revocations.due_ids() == []


@pytest.mark.usefixtures("_no_dovecot")
def test_the_pause_grows_to_a_minute() -> None:
    row = Revocation.objects.create(kind="sign_in", subject="ann@alder.example", attempts=50)
    revocations.carry_out(row.pk)
    row.refresh_from_db()
    assert timedelta(seconds=50) < row.due_at - timezone.now() <= timedelta(seconds=60)


def test_what_somebody_is_at_or_has_done_is_left_alone() -> None:
    now = timezone.now()
    Revocation.objects.create(kind="reload", lease_until=now + timedelta(seconds=30))
    Revocation.objects.create(kind="reload", done_at=now)
    free = Revocation.objects.create(kind="reload", lease_until=now - timedelta(seconds=1))
    assert revocations.due_ids() == [free.pk]


def test_a_subject_that_means_nothing_is_an_error_not_a_deletion() -> None:
    row = Revocation.objects.create(kind="files", subject="../db")
    assert revocations.carry_out(row.pk) is False
    row.refresh_from_db()
    assert row.last_error == "not a mail folder: '../db'"


def test_who_signed_in_with_a_main_name_that_became_an_alias_domain_is_forgotten_too(
    alder: Tenant, ann: Mailbox, cid: Mailbox
) -> None:
    make_domain("before.example", alder, alias_of=ann.address.domain)
    domains = Domain.objects.filter(name="before.example")
    assert revocations._former_users(domains) == ["ann@before.example"]  # noqa: SLF001 -- what is asked of doveadm
