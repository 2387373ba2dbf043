"""A suspension binds the tenant and all below it, from above alone, and lifting it restores what was."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from panel.audit.actor import SYSTEM
from panel.audit.models import AuditEntry
from panel.lib.errors import Refused
from panel.tenants.access import command_access, find_access
from panel.tenants.actions import suspend_tenant, unsuspend_tenant
from panel.tenants.models import Membership, Revocation, Tenant
from panel.tenants.roles import Role
from panel.tenants.suspension import is_suspended, suspended_filter, why_shut_out

pytestmark = pytest.mark.django_db


def test_it_binds_below_and_not_beside_or_above(north, south, alder, birch, operator, north_admin, access_of):
    suspend_tenant(access_of(north_admin, alder), reason="Unpaid")
    assert [is_suspended(t.pk) for t in (alder, birch, north, operator)] == [True, False, False, False]
    suspend_tenant(command_access(north), reason="Contract ended")
    assert [is_suspended(t.pk) for t in (alder, birch, north, south)] == [True, True, True, False]
    assert set(Tenant.objects.filter(suspended_filter())) == {north, alder, birch}


def test_members_of_it_and_below_are_strangers_everywhere_while_those_above_get_in(
    north, alder, birch, north_admin, alder_admin, ops_support, ops_admin
):
    suspend_tenant(command_access(north), reason="Contract ended")
    for tenant in (north, alder, birch):
        for person in (north_admin, alder_admin):
            assert find_access(person, tenant.pk, actor=SYSTEM) is None
        for person in (ops_admin, ops_support):
            assert find_access(person, tenant.pk, actor=SYSTEM) is not None
    assert why_shut_out(north_admin)
    assert not why_shut_out(ops_admin)


def test_a_member_of_two_tenants_keeps_the_one_that_is_open(alder, cedar, alder_admin):
    Membership.objects.create(user=alder_admin, tenant=cedar, role=Role.TENANT_ADMIN)
    suspend_tenant(command_access(alder), reason="Unpaid")
    assert find_access(alder_admin, alder.pk, actor=SYSTEM) is None
    assert find_access(alder_admin, cedar.pk, actor=SYSTEM) is not None
    assert not why_shut_out(alder_admin)


def test_lifting_it_restores_exactly_what_was(north, alder, birch, ops_admin, north_admin, access_of):
    suspend_tenant(access_of(north_admin, alder), reason="Unpaid")
    suspend_tenant(access_of(ops_admin, north), reason="Contract ended")
    unsuspend_tenant(access_of(ops_admin, north))
    assert [is_suspended(t.pk) for t in (north, alder, birch)] == [False, True, False]
    alder.refresh_from_db()
    assert alder.suspended_reason == "Unpaid"


@pytest.mark.parametrize(
    ("who", "of"), [("north_admin", "north"), ("alder_admin", "alder"), ("ops_admin", "operator")]
)
def test_nobody_suspends_or_frees_themselves(who, of, request, access_of):
    access = access_of(request.getfixturevalue(who), request.getfixturevalue(of))
    with pytest.raises(PermissionDenied):
        suspend_tenant(access, reason="x")
    with pytest.raises(PermissionDenied):
        unsuspend_tenant(access)


@pytest.mark.parametrize("who", ["ops_support", "alder_reader", "alder_manager"])
def test_who_only_reads_suspends_nobody(who, request, alder, access_of):
    with pytest.raises(PermissionDenied):
        suspend_tenant(access_of(request.getfixturevalue(who), alder), reason="x")


def test_the_operator_is_never_suspended_not_even_by_the_database(operator):
    with pytest.raises(Refused) as caught:
        suspend_tenant(command_access(), reason="x")
    assert caught.value.code == "operator_stays"
    with pytest.raises(IntegrityError), transaction.atomic():
        Tenant.objects.filter(pk=operator.pk).update(suspended_at=timezone.now())


def test_a_reseller_cannot_lift_what_the_operator_did_and_the_operator_may_take_over(
    alder, north_admin, ops_admin, access_of
):
    at_alder, from_above = access_of(north_admin, alder), access_of(ops_admin, alder)
    suspend_tenant(at_alder, reason="Unpaid")
    suspend_tenant(from_above, reason="Sends spam")
    with pytest.raises(Refused) as caught:
        unsuspend_tenant(at_alder)
    assert caught.value.code == "suspended_from_above"
    with pytest.raises(Refused) as caught:
        suspend_tenant(at_alder, reason="Mine again")
    assert caught.value.code == "already_suspended"
    unsuspend_tenant(from_above)
    assert not is_suspended(alder.pk)


def test_the_operator_may_lift_what_a_reseller_did(alder, north_admin, ops_admin, access_of):
    suspend_tenant(access_of(north_admin, alder), reason="Unpaid")
    unsuspend_tenant(access_of(ops_admin, alder))
    assert not is_suspended(alder.pk)


@pytest.mark.parametrize("reason", ["", " ", "a\r\nb", "x" * 201])
def test_it_needs_a_reason_of_one_line(reason, alder, north_admin, access_of):
    with pytest.raises(Refused) as caught:
        suspend_tenant(access_of(north_admin, alder), reason=reason)
    assert caught.value.field == "reason"


def test_it_leaves_a_trace_and_work_for_the_mail_servers(alder, north_admin, access_of):
    suspend_tenant(access_of(north_admin, alder), reason="Unpaid")
    assert Revocation.objects.values_list("kind", "subject").get() == ("tenant", str(alder.pk))
    entry = AuditEntry.objects.get(action="tenant.suspend")
    assert (entry.tenant_id, entry.after) == (alder.pk, {"reason": "Unpaid"})


def test_lifting_what_is_not_suspended_is_refused(alder, north_admin, access_of):
    with pytest.raises(Refused) as caught:
        unsuspend_tenant(access_of(north_admin, alder))
    assert caught.value.code == "not_suspended"
