"""Caps, names, suspensions and teams at once, with real threads on SQLite and on PostgreSQL."""

import pytest
from django.db import transaction

from panel.audit.actor import Actor, ActorKind
from panel.audit.models import AuditEntry
from panel.tenants import caps
from panel.tenants.access import command_access, find_access
from panel.tenants.actions import (
    Caps,
    add_member,
    add_tenant,
    edit_tenant,
    remove_member,
    suspend_tenant,
    unsuspend_tenant,
)
from panel.tenants.models import Membership, Revocation, Tenant, TenantKind, Usage, UsageKind
from panel.tenants.roles import Role
from tests.factories import make_tenant, make_user
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 16


def take(tenant, kind=UsageKind.MAILBOXES, amount=1):
    with transaction.atomic():
        caps.take(tenant, kind, amount)


def used(tenant, kind=UsageKind.MAILBOXES):
    return Usage.objects.get(tenant=tenant, kind=kind).used


@pytest.mark.parametrize("capped", ["operator", "north", "alder"])
def test_sixteen_takes_at_a_cap_of_five_leave_exactly_five_on_every_level(
    capped, request, operator, north, alder
):
    tenant = request.getfixturevalue(capped)
    Tenant.objects.filter(pk=tenant.pk).update(max_mailboxes=5)

    ends = at_once([lambda: take(alder)] * THREADS)

    assert ends == {"done": 5, "cap_reached": 11}
    assert [used(level) for level in (operator, north, alder)] == [5, 5, 5]


def test_two_clients_share_their_resellers_cap_to_the_last_one(operator, north, alder, birch):
    Tenant.objects.filter(pk=north.pk).update(max_mailboxes=7)

    ends = at_once([lambda: take(alder), lambda: take(birch)] * (THREADS // 2))

    assert ends == {"done": 7, "cap_reached": 9}
    assert used(alder) + used(birch) == used(north) == used(operator) == 7


def test_a_cap_that_is_lowered_while_others_take_is_never_exceeded(north, alder):
    """The editor refuses what is used already, and whoever waited for the lock meets the new cap."""

    def lower():
        edit_tenant(command_access(alder), name=alder.name, contact_email="", caps=Caps(max_mailboxes=4))

    ends = at_once([lower, *([lambda: take(alder)] * (THREADS - 1))])

    alder.refresh_from_db()
    if alder.max_mailboxes is None:
        assert ends["cap_below_use"] == 1
        assert used(alder) == THREADS - 1
    else:
        assert used(alder) == 4


def test_a_child_never_gets_more_than_its_parent_while_that_is_lowered(north, alder):
    acts = [
        lambda: edit_tenant(
            command_access(north), name=north.name, contact_email="", caps=Caps(max_domains=5)
        ),
        lambda: edit_tenant(
            command_access(alder), name=alder.name, contact_email="", caps=Caps(max_domains=9)
        ),
    ]
    at_once(acts)
    north.refresh_from_db()
    alder.refresh_from_db()
    assert (north.max_domains, alder.max_domains) in {(5, None), (None, 9)}


def test_promises_made_at_once_never_add_up_to_more_than_a_tenant_that_may_not_oversell_has(north):
    Tenant.objects.filter(pk=north.pk).update(max_mailboxes=10, may_oversell=False)

    def add(name):
        return lambda: add_tenant(
            command_access(north), name=name, kind=TenantKind.CLIENT, caps=Caps(max_mailboxes=3)
        )

    ends = at_once([add(f"Client {number}") for number in range(8)])

    assert ends == {"done": 3, "cap_oversold": 5}


def test_one_name_added_eight_times_at_once_is_there_once(north):
    acts = [lambda: add_tenant(command_access(north), name="Dune Cafe", kind=TenantKind.CLIENT)] * 8
    assert at_once(acts) == {"done": 1, "name_taken": 7}
    assert Tenant.objects.filter(name="Dune Cafe").count() == 1


def test_of_parallel_suspensions_one_does_it_and_all_leave_one_trace(north):
    ends = at_once([lambda: suspend_tenant(command_access(north), reason="Unpaid")] * 8)
    assert ends == {"done": 1, "already_suspended": 7}
    assert Revocation.objects.filter(kind="tenant", subject=str(north.pk)).count() == 1
    assert AuditEntry.objects.filter(action="tenant.suspend").count() == 1


def test_parallel_suspensions_and_liftings_end_in_what_the_trail_says(north):
    suspend = [lambda: suspend_tenant(command_access(north), reason="Unpaid")] * 8
    lift = [lambda: unsuspend_tenant(command_access(north))] * 8
    at_once([*suspend, *lift])
    last = AuditEntry.objects.filter(object_kind="tenant").order_by("-pk")[0]
    north.refresh_from_db()
    assert (north.suspended_at is not None) == (last.action == "tenant.suspend")
    assert bool(north.suspended_reason) == (north.suspended_at is not None)


def test_two_operators_who_remove_each_other_leave_one(operator):
    people = [make_user(f"op{n}@harbourline.example", operator, Role.OPERATOR_ADMIN) for n in range(2)]
    members = [Membership.objects.get(user=person) for person in people]

    def remove(person, other):
        access = find_access(person, operator.pk, actor=Actor(ActorKind.MEMBER, person.email, person.pk))
        return lambda: remove_member(access, other)

    ends = at_once([remove(people[0], members[1]), remove(people[1], members[0])])

    assert ends == {"done": 1, "last_operator": 1}
    assert Membership.objects.filter(role=Role.OPERATOR_ADMIN).count() == 1


def test_one_person_added_eight_times_at_once_is_in_the_team_once(alder):
    acts = [lambda: add_member(command_access(alder), email="new@mail.example", role=Role.READ_ONLY)] * 8
    ends = at_once(acts)
    assert ends["done"] == 1
    assert set(ends) <= {"done", "already_member", "member_exists"}
    assert Membership.objects.filter(user__email="new@mail.example").count() == 1


def test_what_is_taken_and_given_back_at_once_comes_to_nothing(north, alder, birch):
    def there_and_back(tenant):
        def act():
            take(tenant, UsageKind.STORAGE, 1000)
            with transaction.atomic():
                caps.give(tenant, UsageKind.STORAGE, 1000)

        return act

    at_once([there_and_back(alder), there_and_back(birch)] * 8)

    assert {row.used for row in Usage.objects.filter(kind=UsageKind.STORAGE)} == {0}


def test_tenants_added_on_two_levels_at_once_never_lock_each_other_out(operator, north):
    sub = make_tenant("Fernwood", TenantKind.RESELLER, north)

    def add(parent, name):
        return lambda: add_tenant(command_access(parent), name=name, kind=TenantKind.CLIENT)

    acts = [add(parent, f"Client {n}") for n in range(5) for parent in (operator, north, sub)]
    assert at_once(acts) == {"done": 15}
