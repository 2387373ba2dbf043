"""Teams: nobody gives more than they have, nobody acts on who stands higher."""

from functools import partial

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import call_command

from panel.accounts.models import User
from panel.audit.actor import SYSTEM
from panel.audit.models import AuditEntry
from panel.lib.errors import Refused
from panel.tenants.access import command_access, find_access
from panel.tenants.actions import add_member, change_role, remove_member, reset_member_password
from panel.tenants.models import Membership
from panel.tenants.roles import RANK, ROLE_PERMISSIONS, ROLES_BY_TENANT_KIND, Permission, Role
from tests.factories import make_user

pytestmark = pytest.mark.django_db

NEW = "new@mail.example"


def code_of(act):
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.code


def in_team(user, tenant):
    return Membership.objects.get(user=user, tenant=tenant)


@pytest.mark.parametrize("permission", list(Permission))
@pytest.mark.parametrize("role", list(Role))
def test_an_access_may_do_what_its_role_holds_and_nothing_else(role, permission, alder, access_of):
    access = access_of(make_user("x@mail.example", alder, role), alder)
    if permission in ROLE_PERMISSIONS[role]:
        access.require(permission)
    else:
        with pytest.raises(PermissionDenied):
            access.require(permission)


def test_a_new_person_gets_a_password_that_must_be_changed(alder, alder_admin, access_of):
    welcome = add_member(
        access_of(alder_admin, alder), email=" New@Mail.example ", role=Role.READ_ONLY, name="Nell"
    )
    user = welcome.membership.user
    assert (user.email, user.name, user.must_change_password) == (NEW, "Nell", True)
    assert user.check_password(welcome.one_time_password)
    assert welcome.one_time_password not in repr(welcome)
    assert all(welcome.one_time_password not in str(entry.__dict__) for entry in AuditEntry.objects.all())


def test_a_person_who_signs_in_already_keeps_password_and_name(alder, alder_admin, south_admin, access_of):
    User.objects.update(has_proved_address=True)
    before = (south_admin.password, south_admin.name)
    welcome = add_member(
        access_of(alder_admin, alder), email=south_admin.email, role=Role.READ_ONLY, name="Mallory"
    )
    assert welcome.one_time_password is None
    south_admin.refresh_from_db()
    assert (south_admin.password, south_admin.name) == before


def test_a_password_that_another_tenant_handed_out_opens_nothing_else(
    alder, birch, alder_admin, birch_admin, access_of
):
    """An admin adds the address of a stranger, keeps the one-time password and waits for the stranger to be
    given a role elsewhere."""
    planted = add_member(access_of(alder_admin, alder), email=NEW, role=Role.READ_ONLY).membership
    add = partial(add_member, access_of(birch_admin, birch), email=NEW, role=Role.TENANT_ADMIN)
    assert code_of(add) == "member_unproved"
    assert not Membership.objects.filter(user=planted.user, tenant=birch).exists()
    User.objects.filter(pk=planted.user_id).update(has_proved_address=True)
    assert add().one_time_password is None


def test_who_belongs_to_no_tenant_gets_a_new_password_with_the_next_one(
    alder, birch, alder_admin, birch_admin, access_of
):
    in_alder = access_of(alder_admin, alder)
    first = add_member(in_alder, email=NEW, role=Role.READ_ONLY)
    user = remove_member(in_alder, first.membership)
    second = add_member(access_of(birch_admin, birch), email=NEW, role=Role.READ_ONLY)
    user.refresh_from_db()
    assert user.check_password(second.one_time_password)
    assert not user.check_password(first.one_time_password)


def test_a_password_from_above_opens_what_lies_below(alder, north, north_admin, alder_admin, access_of):
    add_member(access_of(north_admin, north), email=NEW, role=Role.READ_ONLY)
    welcome = add_member(access_of(alder_admin, alder), email=NEW, role=Role.READ_ONLY)
    assert welcome.one_time_password is None


def test_nobody_brings_a_password_from_below_to_a_reseller(alder, north, north_admin, alder_admin, access_of):
    add_member(access_of(alder_admin, alder), email=NEW, role=Role.READ_ONLY)
    add = partial(add_member, access_of(north_admin, north), email=NEW, role=Role.RESELLER_ADMIN)
    assert code_of(add) == "member_unproved"


def test_a_handed_out_password_is_no_proof_of_the_address(alder, alder_admin, north_admin, access_of):
    User.objects.filter(pk=alder_admin.pk).update(has_proved_address=True)
    reset_member_password(access_of(north_admin, alder), in_team(alder_admin, alder))
    alder_admin.refresh_from_db()
    assert not alder_admin.has_proved_address


def test_nobody_is_in_a_team_twice(alder, alder_admin, alder_reader, access_of):
    access = access_of(alder_admin, alder)
    assert (
        code_of(lambda: add_member(access, email=alder_reader.email, role=Role.TENANT_ADMIN))
        == "already_member"
    )


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(
    ("who", "of"), [("alder_admin", "alder"), ("north_admin", "north"), ("ops_admin", "operator")]
)
def test_a_role_is_given_where_it_exists_and_by_those_who_have_it(who, of, role, request, access_of):
    tenant = request.getfixturevalue(of)
    access = access_of(request.getfixturevalue(who), tenant)
    if role in ROLES_BY_TENANT_KIND[tenant.kind] and RANK[role] <= RANK[access.role]:
        assert add_member(access, email=NEW, role=role).membership.role == role
    else:
        assert code_of(lambda: add_member(access, email=NEW, role=role)) == "role_not_here"
        assert not User.objects.filter(email=NEW).exists()


@pytest.mark.parametrize("who", ["alder_reader", "alder_manager", "ops_support"])
def test_who_only_reads_adds_and_changes_nobody(who, request, alder, alder_admin, access_of):
    access, admin = access_of(request.getfixturevalue(who), alder), in_team(alder_admin, alder)
    for act in (
        lambda: add_member(access, email=NEW, role=Role.READ_ONLY),
        lambda: change_role(access, admin, role=Role.READ_ONLY),
        lambda: remove_member(access, admin),
        lambda: reset_member_password(access, admin),
    ):
        with pytest.raises(PermissionDenied):
            act()


def test_nobody_changes_removes_or_resets_themselves(alder, alder_admin, access_of):
    access, own = access_of(alder_admin, alder), in_team(alder_admin, alder)
    assert code_of(lambda: change_role(access, own, role=Role.READ_ONLY)) == "own_membership"
    assert code_of(lambda: remove_member(access, own)) == "own_membership"
    assert code_of(lambda: reset_member_password(access, own)) == "own_membership"


@pytest.mark.parametrize("higher", ["ops_admin", "ops_support", "north_admin"])
def test_an_admin_does_nothing_to_someone_who_stands_higher_anywhere(
    higher, request, alder, alder_admin, access_of
):
    person = request.getfixturevalue(higher)
    Membership.objects.create(user=person, tenant=alder, role=Role.READ_ONLY)
    access, member = access_of(alder_admin, alder), in_team(person, alder)
    assert code_of(lambda: change_role(access, member, role=Role.DOMAIN_MANAGER)) == "outranked"
    assert code_of(lambda: remove_member(access, member)) == "outranked"
    assert code_of(lambda: reset_member_password(access, member)) == "outranked"


def test_a_password_is_not_reset_where_it_opens_more_than_the_admin_sees(
    alder, birch_admin, alder_admin, access_of
):
    Membership.objects.create(user=birch_admin, tenant=alder, role=Role.READ_ONLY)
    access, member = access_of(alder_admin, alder), in_team(birch_admin, alder)
    assert code_of(lambda: reset_member_password(access, member)) == "member_elsewhere"
    assert remove_member(access, member) == birch_admin


def test_a_reseller_resets_the_password_of_a_clients_admin(alder, alder_admin, north_admin, access_of):
    stamp = alder_admin.stamp
    text = reset_member_password(access_of(north_admin, alder), in_team(alder_admin, alder))
    alder_admin.refresh_from_db()
    assert alder_admin.check_password(text)
    assert alder_admin.must_change_password
    assert alder_admin.stamp != stamp


def test_a_member_of_another_team_is_not_there(alder, birch, alder_admin, birch_admin, access_of):
    access, foreign = access_of(alder_admin, alder), in_team(birch_admin, birch)
    assert code_of(lambda: remove_member(access, foreign)) == "member_gone"
    assert code_of(lambda: change_role(access, foreign, role=Role.READ_ONLY)) == "member_gone"
    assert code_of(lambda: reset_member_password(access, foreign)) == "member_gone"


def test_a_removed_right_is_gone_at_once_and_the_last_one_ends_the_sessions(
    alder, alder_admin, alder_reader, access_of
):
    stamp = alder_reader.stamp
    remove_member(access_of(alder_admin, alder), in_team(alder_reader, alder))
    assert find_access(alder_reader, alder.pk, actor=SYSTEM) is None
    alder_reader.refresh_from_db()
    assert alder_reader.stamp != stamp


def test_a_removed_right_leaves_the_sessions_of_who_belongs_elsewhere(
    alder, cedar, alder_admin, alder_reader, access_of
):
    Membership.objects.create(user=alder_reader, tenant=cedar, role=Role.READ_ONLY)
    stamp = alder_reader.stamp
    remove_member(access_of(alder_admin, alder), in_team(alder_reader, alder))
    alder_reader.refresh_from_db()
    assert alder_reader.stamp == stamp


def test_the_last_operator_admin_stays(operator, ops_admin):
    access, last = command_access(), in_team(ops_admin, operator)
    assert code_of(lambda: remove_member(access, last)) == "last_operator"
    assert code_of(lambda: change_role(access, last, role=Role.OPERATOR_SUPPORT)) == "last_operator"
    retired = make_user("old@harbourline.example", operator, Role.OPERATOR_ADMIN, is_active=False)
    assert code_of(lambda: remove_member(access, last)) == "last_operator"
    assert remove_member(access, in_team(retired, operator)) == retired


def test_a_changed_role_binds_at_once_and_leaves_a_trace(alder, alder_admin, alder_reader, access_of):
    change_role(access_of(alder_admin, alder), in_team(alder_reader, alder), role=Role.TENANT_ADMIN)
    assert find_access(alder_reader, alder.pk, actor=SYSTEM).role is Role.TENANT_ADMIN
    entry = AuditEntry.objects.get(action="member.change_role")
    assert (entry.before, entry.after, entry.tenant_id) == (
        {"role": "read_only"},
        {"role": "tenant_admin"},
        alder.pk,
    )


def test_the_strongest_role_counts_wherever_it_is_held(alder, north, alder_reader, access_of):
    Membership.objects.create(user=alder_reader, tenant=north, role=Role.RESELLER_ADMIN)
    access = access_of(alder_reader, alder)
    assert (access.role, access.is_from_above) == (Role.RESELLER_ADMIN, True)


def test_the_command_line_adds_tenants_and_members_by_the_same_rules(north, capsys):
    call_command("add_tenant", "Dune Cafe", "--parent", str(north.pk), "--max-storage-gb", "2")
    tenant_id = int(capsys.readouterr().out.split("\t")[0])
    call_command("add_member", NEW, "--tenant", str(tenant_id), "--role", "tenant_admin")
    assert User.objects.get(email=NEW).check_password(capsys.readouterr().out.strip())
    assert Membership.objects.get(user__email=NEW).tenant.max_storage_bytes == 2 * 1024**3
    with pytest.raises(Exception, match="There is one with this name already"):
        call_command("add_tenant", "dune cafe", "--parent", str(north.pk))
    with pytest.raises(Exception, match="This role does not exist in this tenant"):
        call_command("add_member", NEW, "--tenant", str(tenant_id), "--role", "operator_admin")
