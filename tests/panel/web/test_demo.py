"""The example fills every kind of page, by acts that leave a whole trail, and never beside real work."""

from collections.abc import Iterator
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from domains.models import Domain
from mailboxes.models import Mailbox, MailboxState
from panel.accounts.models import User
from panel.audit.chain import breaks, chains
from panel.tenants.models import Tenant, TenantKind, Usage, UsageKind
from tests.factories import make_tenant

pytestmark = pytest.mark.django_db


def demo() -> str:
    out = StringIO()
    call_command("demo", stdout=out)
    return out.getvalue()


def test_beside_real_work_it_refuses_and_leaves_nothing(operator: Tenant) -> None:
    make_tenant("A customer", TenantKind.CLIENT, operator)
    with pytest.raises(CommandError, match="empty installation only"):
        demo()
    assert not Domain.objects.exists()


@pytest.fixture(scope="module")
def told(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """What the command said; the example stands for all tests of this module, and goes with them."""
    figures = settings.USAGE_DATABASE
    with django_db_blocker.unblock(), transaction.atomic(), transaction.atomic(using=figures):
        make_tenant("Harbourline Mail", TenantKind.OPERATOR)
        yield demo()
        transaction.set_rollback(True)
        transaction.set_rollback(True, using=figures)


def test_it_holds_three_resellers_a_dozen_clients_and_forty_domains_some_of_them_failing(told: str) -> None:
    kinds = list(Tenant.objects.values_list("kind", flat=True))
    assert (kinds.count(TenantKind.RESELLER), kinds.count(TenantKind.CLIENT)) == (3, 12)
    assert Domain.objects.count() == 40
    assert Domain.objects.filter(proved_at=None).exclude(proof_result="").count() == 10
    assert Domain.objects.exclude(suspended_at=None).exists()
    assert Domain.objects.exclude(removed_at=None).exists()
    assert Domain.objects.exclude(alias_of=None).exists()
    assert Tenant.objects.exclude(suspended_at=None).exists()
    for state in (MailboxState.ACTIVE, MailboxState.RECEIVE_ONLY, MailboxState.OFF):
        assert Mailbox.objects.filter(state=state).exists()


def test_its_usage_is_what_it_made_and_its_trail_is_whole(told: str) -> None:
    operator = Tenant.objects.get(kind=TenantKind.OPERATOR)
    assert Usage.objects.get(tenant=operator, kind=UsageKind.MAILBOXES).used == Mailbox.objects.count()
    assert Usage.objects.get(tenant=operator, kind=UsageKind.DOMAINS).used == Domain.objects.count()
    assert [one for chain in chains() for one in breaks(chain)] == []


def test_the_people_that_it_names_sign_in_with_the_password_that_it_shows(told: str) -> None:
    password = told.splitlines()[2].strip()
    for line in told.splitlines()[3:]:
        browser = Client()
        address = line.rsplit(" ", 1)[1]
        response = browser.post("/sign-in/", {"email": address, "password": password})
        assert response.status_code == 302, line
        assert browser.get(response["Location"], follow=True).status_code == 200, line


def test_no_two_examples_share_a_password(told: str) -> None:
    hashes = set(User.objects.exclude(password="").values_list("password", flat=True))
    assert len(hashes) > 30
    assert "argon2" in hashes.pop()


def test_a_second_run_changes_nothing_and_shows_nothing(told: str) -> None:
    before = Mailbox.objects.count()
    assert demo() == ""
    assert Mailbox.objects.count() == before
