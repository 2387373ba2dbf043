"""The pages of tenants and teams, as a browser meets them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from panel.accounts.models import User
from panel.tenants.access import command_access
from panel.tenants.actions import suspend_tenant
from panel.tenants.models import Membership, Tenant, TenantKind
from panel.tenants.roles import Role
from tests.factories import GIB, PASSWORD, make_tenant, make_user

pytestmark = pytest.mark.django_db


def page(name, tenant, *args):
    return reverse(f"tenants:{name}", args=[tenant.pk, *args])


def queries_of(client, url):
    client.get(url)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(url).status_code == 200
    return len(caught)


def everything(model, value):
    """Each column of a model as a form field, as an attacker would post it."""
    return {field.attname: value for field in model._meta.concrete_fields} | {
        field.name: value for field in model._meta.concrete_fields
    }


def row(thing, *but):
    return {
        key: value
        for key, value in type(thing).objects.filter(pk=thing.pk).values()[0].items()
        if key not in but
    }


@pytest.mark.parametrize("name", ["list", "team"])
def test_a_list_of_three_rows_takes_no_more_queries_than_one_of_one(name, operator, ops_admin, signed_in):
    lonely = make_tenant("Lonely", TenantKind.RESELLER, operator)
    crowded = make_tenant("Crowded", TenantKind.RESELLER, operator)
    for parent, count in ((lonely, 1), (crowded, 3)):
        for number in range(count):
            make_tenant(f"Client {number}", TenantKind.CLIENT, parent, max_mailboxes=5)
            make_user(f"p{number}@{parent.sort_name}.example", parent, Role.READ_ONLY)
    client = signed_in(ops_admin)
    assert queries_of(client, page(name, lonely)) == queries_of(client, page(name, crowded))


def test_the_list_shows_direct_children_with_use_and_limit(
    north, alder, birch, cedar, ann, north_admin, signed_in
):
    Tenant.objects.filter(pk=alder.pk).update(max_mailboxes=5, max_storage_bytes=10 * GIB)
    body = signed_in(north_admin).get(page("list", north)).content.decode()
    assert "1 of 5" in body
    assert "1 of 10 GB" in body
    assert birch.name in body
    assert cedar.name not in body


@pytest.mark.parametrize(
    ("q", "found"), [("ALD", True), ("%", False), ("_", False), ("lder", False), ("a\x00", True)]
)
def test_a_search_compares_from_the_first_letter_and_knows_no_wildcard(
    q, found, north, alder, north_admin, signed_in
):
    response = signed_in(north_admin).get(page("list", north), {"q": q})
    assert (alder in [row.tenant for row in response.context["rows"]]) == found


def test_a_new_client_comes_from_the_form_and_typed_values_stay_when_it_is_refused(
    north, alder, north_admin, signed_in
):
    client, typed = (
        signed_in(north_admin),
        {"name": "Alder and Finch", "kind": "client", "max_mailboxes": "7"},
    )
    refused = client.post(page("add", north), typed)
    assert refused.status_code == 422
    assert 'value="7"' in refused.content.decode()
    assert "There is one with this name already." in refused.content.decode()

    response = client.post(page("add", north), {**typed, "name": "Dune Cafe", "max_storage_bytes": "1.5"})
    made = Tenant.objects.get(name="Dune Cafe")
    assert response["Location"] == page("team", made)
    assert (made.parent, made.max_mailboxes, made.max_storage_bytes) == (north, 7, 3 * GIB // 2)
    assert not made.may_oversell


def test_no_column_of_a_tenant_can_be_smuggled_in_when_it_is_added(
    north, south, operator, north_admin, signed_in
):
    smuggled = everything(Tenant, str(south.pk)) | {
        "name": "Dune Cafe",
        "kind": "operator",
        "contact_email": "",
    }
    assert signed_in(north_admin).post(page("add", north), smuggled).status_code == 422
    signed_in(north_admin).post(page("add", north), smuggled | {"kind": "client"})
    made = Tenant.objects.get(name="Dune Cafe")
    assert (made.parent, made.kind, made.suspended_at, made.suspended_from) == (north, "client", None, None)


@pytest.mark.parametrize(("who", "of"), [("alder_admin", "alder"), ("north_admin", "north")])
def test_no_column_but_name_and_contact_changes_by_ones_own_settings(who, of, request, south, signed_in):
    tenant = request.getfixturevalue(of)
    Tenant.objects.filter(pk=tenant.pk).update(
        max_domains=3, max_mailboxes=3, max_aliases=3, max_storage_bytes=GIB
    )
    before = row(tenant, "name", "sort_name")
    smuggled = everything(Tenant, str(south.pk)) | {"name": "Renamed", "contact_email": tenant.contact_email}
    response = signed_in(request.getfixturevalue(who)).post(page("settings", tenant), smuggled)
    assert response.status_code == 302
    assert row(tenant, "name", "sort_name") == before
    assert Tenant.objects.get(pk=tenant.pk).name == "Renamed"


def test_limits_are_changed_from_above_and_untouched_storage_keeps_its_bytes(
    north, alder, north_admin, signed_in
):
    Tenant.objects.filter(pk=alder.pk).update(max_storage_bytes=GIB + 1)
    client = signed_in(north_admin)
    assert 'name="max_mailboxes"' in client.get(page("settings", alder)).content.decode()
    typed = {"name": alder.name, "contact_email": "", "max_mailboxes": "9", "max_storage_bytes": "1"}
    assert client.post(page("settings", alder), typed).status_code == 302
    alder.refresh_from_db()
    assert (alder.max_mailboxes, alder.max_storage_bytes) == (9, GIB + 1)


def test_the_own_settings_show_no_field_for_limits_and_a_reader_no_form(
    alder, alder_admin, alder_reader, signed_in
):
    body = signed_in(alder_admin).get(page("settings", alder)).content.decode()
    assert "max_mailboxes" not in body
    assert "Suspend" not in body
    assert (
        '<form class="stack-y"' not in signed_in(alder_reader).get(page("settings", alder)).content.decode()
    )


def test_suspending_and_lifting_in_the_browser(north, alder, ops_admin, north_admin, alder_admin, signed_in):
    client = signed_in(north_admin)
    client.post(page("suspend", alder), {"reason": "Invoice unpaid"})
    assert "Invoice unpaid" in client.get(page("team", alder)).content.decode()
    assert signed_in(alder_admin).get(page("team", alder)).status_code == 404
    client.post(page("unsuspend", alder))
    assert signed_in(alder_admin).get(page("team", alder)).status_code == 200


def test_a_suspension_is_noted_on_every_page_below_it(north, alder, ops_admin, signed_in):
    suspend_tenant(command_access(north), reason="Contract ended")
    body = signed_in(ops_admin).get(page("team", alder)).content.decode()
    assert "Northmoor Studio is suspended" in body
    assert "Contract ended" in body


def test_a_new_member_signs_in_with_the_password_that_was_shown_once(alder, alder_admin, signed_in):
    client = signed_in(alder_admin)
    response = client.post(page("member_add", alder), {"email": "nell@mail.example", "role": "read_only"})
    text = response.context["one_time_password"]
    assert text in response.content.decode()
    assert response["Cache-Control"] == "no-store"
    assert User.objects.get(email="nell@mail.example").check_password(text)
    assert text not in client.get(page("team", alder)).content.decode()
    again = client.post(page("member_add", alder), {"email": "nell@mail.example", "role": "read_only"})
    assert again.status_code == 422


@pytest.mark.parametrize("role", ["operator_admin", "operator_support", "reseller_admin", "", "owner"])
def test_a_role_that_is_not_offered_is_refused_at_its_field(
    role, alder, alder_admin, alder_reader, signed_in
):
    client, member = signed_in(alder_admin), Membership.objects.get(user=alder_reader)
    for url in (page("member_add", alder), page("member", alder, member.pk)):
        response = client.post(url, {"email": "nell@mail.example", "role": role})
        assert response.status_code == 422
        assert "role" in response.context["form"].errors
    member.refresh_from_db()
    assert member.role == "read_only"


def test_no_column_of_a_member_or_user_can_be_smuggled_in(
    alder, birch, alder_admin, alder_reader, birch_admin, signed_in
):
    client, member = signed_in(alder_admin), Membership.objects.get(user=alder_reader)
    smuggled = (
        everything(Membership, str(birch.pk))
        | everything(User, str(birch_admin.pk))
        | {"role": "tenant_admin"}
    )
    user_before = row(alder_reader)
    assert client.post(page("member", alder, member.pk), smuggled).status_code == 302
    assert row(member, "created_at") == {
        "id": member.pk, "user_id": alder_reader.pk, "tenant_id": alder.pk, "role": "tenant_admin",
    }  # fmt: skip
    assert row(alder_reader) == user_before
    smuggled |= {
        "email": "nell@mail.example",
        "name": "Nell",
        "password": PASSWORD,
        "is_active": "",
        "kind": "mailbox",
    }
    client.post(page("member_add", alder), smuggled)
    made = User.objects.get(email="nell@mail.example")
    assert (made.kind, made.is_active, made.must_change_password, made.check_password(PASSWORD)) == (
        "member", True, True, False,
    )  # fmt: skip
    assert Membership.objects.get(user=made).tenant == alder


@pytest.mark.parametrize("name", ["member", "member_remove", "member_reset"])
def test_the_key_of_a_member_elsewhere_is_nobody_here(name, alder, birch_admin, alder_admin, signed_in):
    foreign = Membership.objects.get(user=birch_admin)
    response = signed_in(alder_admin).post(page(name, alder, foreign.pk), {"role": "read_only"})
    assert response.status_code == 404
    foreign.refresh_from_db()
    assert foreign.role == "tenant_admin"


def test_a_refused_reset_says_why_and_changes_nothing(alder, alder_admin, birch_admin, signed_in):
    member = Membership.objects.create(user=birch_admin, tenant=alder, role=Role.READ_ONLY)
    response = signed_in(alder_admin).post(page("member_reset", alder, member.pk), follow=True)
    assert "does not belong to Alder and Finch alone" in response.content.decode()
    assert "Birch" not in response.content.decode().replace("Birch Admin", "")
    birch_admin.refresh_from_db()
    assert birch_admin.check_password(PASSWORD)


def test_a_removed_member_is_a_stranger_at_the_next_click(alder, alder_admin, alder_reader, signed_in):
    reader = signed_in(alder_reader)
    assert reader.get(page("team", alder)).status_code == 200
    member = Membership.objects.get(user=alder_reader)
    signed_in(alder_admin).post(page("member_remove", alder, member.pk))
    # The last membership is gone, and with it the session.
    assert reader.get(page("team", alder)).status_code == 302
