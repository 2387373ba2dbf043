"""Whoever gives the right password learns why nothing is open; nobody else learns anything."""

import pytest
from django.test import Client
from django.utils import timezone

from mailboxes.models import MailboxState
from panel.accounts import throttle
from panel.accounts.models import SignInFailure, User
from panel.audit.models import AuditEntry
from tests.factories import PASSWORD, make_mailbox, make_user

pytestmark = pytest.mark.django_db


def suspend(tenant, reason=""):
    tenant.suspended_at, tenant.suspended_reason = timezone.now(), reason
    tenant.save()


def try_to_sign_in(client, email, password=PASSWORD):
    response = client.post("/sign-in/", {"email": email, "password": password})
    form = response.context["form"] if response.context else None
    return response.status_code, form.non_field_errors() if form else []


def test_a_suspended_member_is_told_why_and_whom_to_ask(alder_admin, alder):
    suspend(alder, "Invoice 118 is open")
    client = Client()
    assert try_to_sign_in(client, alder_admin.email) == (
        422,
        [
            (
                "Your password is right, but Alder and Finch is suspended: Invoice 118 is open. Nobody signs in "
                "there until that is lifted. Ask Northmoor Studio at hello@northmoor.example."
            )
        ],
    )
    assert "_auth_user_id" not in client.session
    assert "device" not in client.cookies


def test_a_suspension_from_above_keeps_its_reason_to_itself(alder_admin, north):
    suspend(north, "Invoice 7 of Northmoor")
    assert try_to_sign_in(Client(), alder_admin.email) == (
        422,
        [
            (
                "Your password is right, but Alder and Finch is suspended. Nobody signs in there until that is "
                "lifted. Ask Northmoor Studio at hello@northmoor.example."
            )
        ],
    )


def test_a_wrong_password_for_a_suspended_or_closed_account_looks_like_an_unknown_address(
    alder_admin, alder, alder_reader, ann, bob
):
    suspend(alder, "Invoice 118 is open")
    User.objects.filter(pk=alder_reader.pk).update(is_active=False)
    emails = [alder_admin.email, alder_reader.email, ann.address.address, "nobody@mail.example"]
    answers = [try_to_sign_in(Client(), email, "a wrong password") for email in emails]
    assert answers[1:] == answers[:-1]
    assert answers[0][0] == 422


def test_a_member_whose_account_is_closed_is_told_so(alder_admin):
    User.objects.filter(pk=alder_admin.pk).update(is_active=False)
    status, errors = try_to_sign_in(Client(), alder_admin.email)
    assert (status, errors) == (
        422,
        ["Your password is right, but this account is closed. Ask whoever runs your mail."],
    )


@pytest.mark.parametrize("what", ["tenant", "domain", "off", "receive_only"])
def test_a_mailbox_user_is_told_that_the_mailbox_is_closed(ann, alder, what):
    if what == "tenant":
        suspend(alder, "Invoice 118 is open")
    elif what == "domain":
        ann.address.domain.suspended_at = timezone.now()
        ann.address.domain.save()
    else:
        ann.state = MailboxState(what)
        ann.save()
    assert try_to_sign_in(Client(), "ann@alder.example") == (
        422,
        ["Your password is right, but this mailbox is closed for now. Ask whoever runs your mail."],
    )


def test_a_deleted_mailbox_is_as_good_as_none(ann):
    ann.state = MailboxState.DELETED
    ann.save()
    assert "is not right" in try_to_sign_in(Client(), "ann@alder.example")[1][0]


def test_a_member_with_another_membership_that_is_open_comes_in_and_starts_there(alder_admin, alder, birch):
    alder_admin.memberships.create(tenant=birch, role="read_only")
    suspend(alder)
    client = Client()
    assert try_to_sign_in(client, alder_admin.email)[0] == 302
    assert client.get("/")["Location"] == f"/t/{birch.pk}/"


def test_of_one_address_the_mailbox_is_open_while_the_membership_is_suspended(
    alder_domain, birch, birch_domain
):
    """With one password for both the open one of the two principals is meant."""
    make_mailbox("both", alder_domain)
    make_user("both@alder.example", birch, "tenant_admin")
    suspend(birch)
    client = Client()
    assert try_to_sign_in(client, "both@alder.example")[0] == 302
    assert client.get("/")["Location"] == "/me/"


def test_being_told_is_neither_a_failure_nor_an_entry(alder_admin, alder):
    suspend(alder)
    for _ in range(7):
        assert try_to_sign_in(Client(), alder_admin.email)[0] == 422
    assert not SignInFailure.objects.filter(failures__gt=0).exists()
    assert not AuditEntry.objects.exists()


def test_a_guesser_who_is_throttled_does_not_learn_that_the_password_was_right(alder_admin, alder):
    suspend(alder)
    for counter in throttle.counters_of_sign_in(alder_admin.email, "127.0.0.1", None):
        SignInFailure.objects.create(
            key=counter.key, failures=counter.limit.failures, window_started_at=timezone.now()
        )
    status, errors = try_to_sign_in(Client(), alder_admin.email)
    assert status == 429
    assert errors[0].startswith("Too many tries.")


def test_an_open_session_of_a_suspended_member_reads_the_same_at_home(alder_admin, alder, signed_in):
    client = signed_in(alder_admin)
    suspend(alder, "Invoice 118 is open")
    response = client.get("/")
    assert response.status_code == 403
    assert "Alder and Finch is suspended: Invoice 118 is open." in response.content.decode()
    assert client.get(f"/t/{alder.pk}/").status_code == 404


def test_a_member_without_a_membership_is_led_to_the_page_that_says_so_and_nowhere_else(operator, alder):
    make_user("lost@mail.example")
    client = Client()
    response = client.post(
        "/sign-in/", {"email": "lost@mail.example", "password": PASSWORD, "next": f"/t/{alder.pk}/"}
    )
    assert response["Location"] == "/"
    home = client.get("/")
    assert home.status_code == 403
    assert "belong to no tenant" in home.content.decode()
    assert client.get(f"/t/{alder.pk}/").status_code == 404
    assert AuditEntry.objects.get().action == "session.start"
