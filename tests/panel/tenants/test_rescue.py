"""Who is locked out gets in again at the machine itself."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from panel.accounts.models import User
from panel.audit.models import AuditEntry
from panel.tenants.models import Membership
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db


def rescue(*args):
    out = io.StringIO()
    call_command("rescue_operator", *args, stdout=out)
    return out.getvalue().strip().rpartition(" ")[2]


def sign_in(email, password):
    return Client().post("/sign-in/", {"email": email, "password": password}).status_code


def test_the_first_operator_admin_gets_a_one_time_password_and_the_old_one_ends(ops_admin, signed_in):
    browser = signed_in(ops_admin)
    text = rescue()
    assert sign_in(ops_admin.email, PASSWORD) == 422
    assert sign_in(ops_admin.email, text) == 302
    assert User.objects.get(pk=ops_admin.pk).must_change_password
    assert browser.get("/help/").wsgi_request.user.is_anonymous
    assert text not in str(list(AuditEntry.objects.values()))


def test_a_new_address_becomes_an_operator_admin(operator):
    text = rescue("New-Admin@harbourline.example")
    assert sign_in("new-admin@harbourline.example", text) == 302
    assert Membership.objects.get(user__email="new-admin@harbourline.example").role == "operator_admin"
    assert AuditEntry.objects.filter(action="member.rescue", tenant_id=operator.pk).count() == 1


def test_a_deactivated_support_person_is_let_in_and_raised(ops_support):
    User.objects.filter(pk=ops_support.pk).update(is_active=False)
    assert sign_in(ops_support.email, rescue(ops_support.email)) == 302
    assert Membership.objects.get(user=ops_support).role == "operator_admin"


@pytest.mark.parametrize("address", ["nobody", "a@b@c.example", "x\n@harbourline.example"])
def test_what_is_no_address_is_refused_in_words(operator, address):
    with pytest.raises(CommandError):
        rescue(address)


def test_without_an_operator_there_is_nobody_to_rescue(db):
    with pytest.raises(CommandError, match="no operator yet"):
        rescue()
