"""Caps bind along the path to the root, and what is used never falls below nought."""

from collections import Counter

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from panel.lib.errors import Refused
from panel.tenants import caps
from panel.tenants.models import Tenant, TenantKind, Usage, UsageKind
from tests.factories import GIB, make_alias, make_domain, make_mailbox, make_tenant

pytestmark = pytest.mark.django_db


def used(tenant, kind=UsageKind.MAILBOXES):
    return Usage.objects.get(tenant=tenant, kind=kind).used


def limit(tenant, **fields):
    Tenant.objects.filter(pk=tenant.pk).update(**fields)


def refused(tenant, kind=UsageKind.MAILBOXES, amount=1):
    with pytest.raises(Refused) as caught:
        caps.take(tenant, kind, amount)
    assert caught.value.code == "cap_reached"
    return caught.value.message


def test_a_refusal_about_the_own_cap_says_what_is_used_and_who_can_raise_it(alder):
    limit(alder, max_mailboxes=3)
    caps.take(alder, UsageKind.MAILBOXES, 3)
    assert refused(alder) == (
        "Alder and Finch uses 3 mailboxes of 3 mailboxes (nothing left). Northmoor Studio can raise the limit."
    )


def test_a_refusal_about_storage_says_what_is_left(alder):
    limit(alder, max_storage_bytes=10 * GIB)
    caps.take(alder, UsageKind.STORAGE, 8 * GIB)
    assert refused(alder, UsageKind.STORAGE, 5 * GIB) == (
        "Alder and Finch uses 8 GB of 10 GB (2 GB left, and this needs 5 GB). Northmoor Studio can raise the limit."
    )


@pytest.mark.parametrize("full", ["north", "operator"])
def test_a_refusal_about_a_cap_above_tells_no_figure_of_the_other_tenants(full, request, alder, birch):
    limit(request.getfixturevalue(full), max_mailboxes=4711)
    caps.take(birch, UsageKind.MAILBOXES, 4711)
    message = refused(alder)
    assert message == (
        "Northmoor Studio cannot give any more mailboxes at the moment: the provider’s limit is reached."
        " Northmoor Studio can have it raised."
    )


def test_nothing_is_taken_where_it_is_refused(operator, north, alder):
    limit(operator, max_mailboxes=0)
    refused(alder)
    assert [used(tenant) for tenant in (operator, north, alder)] == [0, 0, 0]


def test_a_resize_is_one_call_with_the_difference(alder):
    limit(alder, max_storage_bytes=10)
    caps.take(alder, UsageKind.STORAGE, 8)
    caps.take(alder, UsageKind.STORAGE, -5)
    caps.take(alder, UsageKind.STORAGE, 0)
    caps.take(alder, UsageKind.STORAGE, 7)
    assert used(alder, UsageKind.STORAGE) == 10


def test_giving_back_more_than_was_taken_fails_in_the_database(alder):
    caps.take(alder, UsageKind.ALIASES, 1)
    with pytest.raises(IntegrityError), transaction.atomic():
        caps.give(alder, UsageKind.ALIASES, 2)
    assert used(alder, UsageKind.ALIASES) == 1


def test_the_lowest_cap_on_the_path_binds(north, alder):
    assert caps.binding_cap(alder, UsageKind.DOMAINS) is None
    limit(north, max_domains=5)
    assert caps.binding_cap(alder, UsageKind.DOMAINS) == 5
    limit(alder, max_domains=0)
    assert caps.binding_cap(alder, UsageKind.DOMAINS) == 0


def test_a_mailbox_without_a_quota_has_no_place_under_a_storage_cap(north, alder):
    caps.take(alder, UsageKind.UNMETERED)
    limit(north, max_storage_bytes=GIB)
    assert refused(alder, UsageKind.UNMETERED).startswith("A mailbox needs a quota here")
    limit(north, max_storage_bytes=None)
    limit(alder, max_storage_bytes=GIB)
    assert refused(alder, UsageKind.UNMETERED).startswith("A mailbox needs a quota here")


class TestRecount:
    @pytest.fixture
    def things(self, alder):
        domain = make_domain("alder.example", alder)
        make_mailbox("ann", domain, quota_bytes=2 * GIB)
        make_alias("info", domain, "ann@alder.example")

    def test_figures_that_are_right_are_left_alone(self, things, capsys):
        call_command("recount_usage")
        assert capsys.readouterr().out == "All figures are right.\n"

    def test_drift_is_reported_and_only_mended_when_asked(self, things, north, alder, capsys):
        Usage.objects.filter(tenant=alder, kind=UsageKind.MAILBOXES).update(used=7)
        Usage.objects.filter(tenant=north, kind=UsageKind.STORAGE).update(used=0)
        with pytest.raises(CommandError, match="2 figures differ"):
            call_command("recount_usage")
        assert "Alder and Finch: Mailboxes 7, counted 1" in capsys.readouterr().out
        assert used(alder) == 7

        call_command("recount_usage", "--fix")

        assert (used(alder), used(north, UsageKind.STORAGE)) == (1, 2 * GIB)


@pytest.mark.django_db
def test_whatever_is_taken_and_given_no_cap_is_exceeded_and_all_comes_back(operator):
    north = make_tenant("N", TenantKind.RESELLER, operator, max_mailboxes=9)
    leaves = [
        make_tenant(f"C{n}", TenantKind.CLIENT, north, max_mailboxes=cap)
        for n, cap in enumerate((4, 0, None))
    ]
    tree = [operator, north, *leaves]

    class Machine(RuleBasedStateMachine):
        """A model that only adds, against the database."""

        def __init__(self):
            super().__init__()
            self.held = Counter()

        @rule(leaf=st.integers(0, 2), amount=st.integers(1, 6))
        def take(self, leaf, amount):
            fits = sum(self.held.values()) + amount <= 9 and self.held[leaf] + amount <= (4, 0, 99)[leaf]
            try:
                caps.take(leaves[leaf], UsageKind.MAILBOXES, amount)
            except Refused:
                assert not fits
            else:
                assert fits
                self.held[leaf] += amount

        @rule(leaf=st.integers(0, 2), amount=st.integers(1, 6))
        def give(self, leaf, amount):
            amount = min(amount, self.held[leaf])
            caps.give(leaves[leaf], UsageKind.MAILBOXES, amount)
            self.held[leaf] -= amount

        @invariant()
        def every_level_holds_the_sum_of_what_is_below(self):
            total = sum(self.held.values())
            assert [used(tenant) for tenant in tree] == [total, total, *(self.held[n] for n in range(3))]

        def teardown(self):
            for leaf, amount in self.held.items():
                caps.give(leaves[leaf], UsageKind.MAILBOXES, amount)
            assert {used(tenant) for tenant in tree} == {0}

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=20, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
