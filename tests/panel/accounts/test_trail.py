"""What the trail says of signing in and out, and what it is spared."""

import logging

import pytest
from django.test import Client

from panel.audit.models import AuditEntry
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db


def guess(email, number, **more):
    return Client(**more).post("/sign-in/", {"email": email, "password": f"guess number {number}"})


def test_single_wrong_passwords_are_for_the_log_and_not_for_the_trail(alder_admin, caplog):
    with caplog.at_level(logging.INFO, "panel.accounts.door"):
        for number in range(4):
            guess(alder_admin.email, number)
    assert not AuditEntry.objects.exists()
    assert caplog.messages.count(f"Sign-in refused: {alder_admin.email} from 127.0.0.1") == 4


def test_a_throttle_that_closes_is_one_entry_however_long_it_is_hammered(alder_admin):
    for number in range(30):
        guess(alder_admin.email, number)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.tenant_id, entry.actor_kind) == ("session.throttle", None, "anonymous")
    assert (entry.object_label, entry.address) == (alder_admin.email, "127.0.0.1")
    assert entry.after == {"counted_by": ["pair"]}


def test_a_network_that_tries_a_new_address_each_time_leaves_one_entry():
    for number in range(70):
        guess(f"person-{number}@mail.example", number)
    assert AuditEntry.objects.get().after == {"counted_by": ["network"]}


def test_a_password_typed_into_the_address_field_enters_neither_trail_nor_log(caplog):
    with caplog.at_level(logging.INFO):
        for number in range(5):
            guess("hunter2 is my secret", number)
    entry = AuditEntry.objects.get()
    assert (entry.object_label, entry.actor_label) == ("no address", "no address")
    assert "hunter2" not in caplog.text


def test_a_sign_in_after_wrong_passwords_says_how_many(alder_admin):
    for number in range(3):
        guess(alder_admin.email, number)
    Client().post("/sign-in/", {"email": alder_admin.email, "password": PASSWORD})
    assert AuditEntry.objects.get().after == {"failures_before": 3}


def test_signing_in_and_out_stand_in_the_trail_of_the_persons_tenant(alder_admin, alder):
    client = Client()
    client.post("/sign-in/", {"email": alder_admin.email, "password": PASSWORD})
    client.post("/sign-out/")
    found = AuditEntry.objects.order_by("pk").values_list("action", "tenant_id", "actor_id", "object_label")
    who = (alder.pk, alder_admin.pk, alder_admin.email)
    assert list(found) == [("session.start", *who), ("session.end", *who)]


def test_a_mailbox_users_session_stands_in_the_trail_of_the_domains_tenant(ann, alder):
    client = Client()
    client.post("/sign-in/", {"email": "ann@alder.example", "password": PASSWORD})
    client.post("/sign-out/")
    found = AuditEntry.objects.order_by("pk").values_list("action", "tenant_id", "actor_kind")
    assert list(found) == [("session.start", alder.pk, "mailbox"), ("session.end", alder.pk, "mailbox")]


def test_nobody_signing_out_is_nothing_to_tell():
    assert Client().post("/sign-out/").status_code == 302
    assert not AuditEntry.objects.exists()


def test_a_change_of_ones_own_password_stands_in_the_trail_of_the_tenant(alder_admin, alder):
    client, new = Client(), "a much better sentence"
    client.post("/sign-in/", {"email": alder_admin.email, "password": PASSWORD})
    client.post("/password/change/", {"old": PASSWORD, "new": new, "again": new})
    assert AuditEntry.objects.get(action="member.change_password").tenant_id == alder.pk
