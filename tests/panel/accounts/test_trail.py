"""What the trail says of a try to sign in."""

import pytest
from django.test import Client

from panel.audit.models import AuditEntry

pytestmark = pytest.mark.django_db


def test_a_password_typed_into_the_address_field_never_enters_the_trail():
    Client().post("/sign-in/", {"email": "hunter2 is my secret", "password": "x"})
    entry = AuditEntry.objects.get(action="session.refuse")
    assert (entry.object_label, entry.actor_label) == ("no address", "no address")


def test_a_failed_sign_in_belongs_to_no_tenant_and_names_address_and_network(alder_admin):
    Client().post("/sign-in/", {"email": alder_admin.email, "password": "wrong"})
    entry = AuditEntry.objects.get(action="session.refuse")
    assert (entry.tenant_id, entry.object_label, entry.address) == (None, alder_admin.email, "127.0.0.1")
