"""Changes at the same moment: no circle by two halves, no cap passed, one row for one address."""

from collections.abc import Callable

import pytest
from django.db import transaction

from domains.actions import make_alias_domain
from domains.ownership import take_ownership
from mailboxes.actions.aliases import add_alias, delete_alias, edit_alias
from mailboxes.models import Address, Alias
from panel.audit.actor import SYSTEM
from panel.tenants.models import Usage, UsageKind
from tests.factories import make_alias, make_domain
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def outcomes_of(*acts: Callable[[], object]) -> list[str]:
    return sorted(at_once(acts, gone=Alias.DoesNotExist).elements())


def add(admin, domain, name, target="zoe@example.com"):
    return lambda: add_alias(access=admin, domain=domain, local_part=name, destinations=[target])


def test_two_halves_of_a_circle_at_once_leave_one(admin, alder_domain):
    for turn in range(5):
        a, b = f"a{turn}", f"b{turn}"
        outcomes = outcomes_of(
            add(admin, alder_domain, a, f"{b}@alder.example"),
            add(admin, alder_domain, b, f"{a}@alder.example"),
        )
        assert outcomes == ["done", "targets_loop"]


def test_two_edits_that_make_a_circle_across_tenants_leave_one(
    admin, access_of, birch_admin, birch, birch_domain, alder_domain
):
    other = access_of(birch_admin, birch)
    ours, theirs = (
        make_alias("a", alder_domain, "z@example.com"),
        make_alias("b", birch_domain, "z@example.com"),
    )
    outcomes = outcomes_of(
        lambda: edit_alias(access=admin, alias=ours, destinations=["b@birch.example"], comment=""),
        lambda: edit_alias(access=other, alias=theirs, destinations=["a@alder.example"], comment=""),
    )
    assert outcomes == ["done", "targets_loop"]


def test_one_address_created_eight_times_at_once_is_one_row_and_seven_refusals(admin, alder, alder_domain):
    outcomes = outcomes_of(*[add(admin, alder_domain, "info")] * 8)
    assert outcomes == ["address_taken"] * 7 + ["done"]
    assert Address.objects.filter(address="info@alder.example").count() == 1
    assert Usage.objects.get(tenant=alder, kind=UsageKind.ALIASES).used == 1


def test_sixteen_aliases_at_once_at_a_cap_of_five_are_five(admin, alder, alder_domain):
    alder.max_aliases = 5
    alder.save(update_fields=["max_aliases"])
    outcomes = outcomes_of(*[add(admin, alder_domain, f"n{number}") for number in range(16)])
    assert outcomes == ["cap_reached"] * 11 + ["done"] * 5
    assert Usage.objects.get(tenant=alder, kind=UsageKind.ALIASES).used == 5


def test_one_alias_deleted_four_times_at_once_gives_back_once(admin, alder, alder_domain):
    alias = make_alias("info", alder_domain, "zoe@example.com")
    make_alias("kept", alder_domain, "zoe@example.com")
    outcomes = outcomes_of(*[lambda: delete_alias(access=admin, alias=alias)] * 4)
    assert outcomes == ["done", "gone", "gone", "gone"]
    assert Usage.objects.get(tenant=alder, kind=UsageKind.ALIASES).used == 1


def test_aliases_in_two_domains_at_once_wait_for_each_other_and_both_stand(admin, alder, alder_domain):
    other = make_domain("finch.example", alder)
    outcomes = outcomes_of(
        *[add(admin, domain, f"n{n}") for n in range(4) for domain in (alder_domain, other)]
    )
    assert outcomes == ["done"] * 8


def test_an_alias_domain_and_an_alias_that_close_a_circle_at_once_leave_one(admin, alder, alder_domain):
    for turn in range(5):
        other = make_domain(f"also{turn}.example", alder)
        outcomes = outcomes_of(
            lambda other=other: make_alias_domain(access=admin, domain=other, target=alder_domain),
            add(admin, alder_domain, f"a{turn}", f"a{turn}@also{turn}.example"),
        )
        assert outcomes == ["done", "targets_loop"]


def test_two_alias_domains_that_close_a_circle_at_once_leave_one(admin, alder, alder_domain):
    for turn in range(5):
        one, two, target = (make_domain(f"{name}{turn}.example", alder) for name in ("one", "two", "target"))
        make_alias("a", target, f"b@one{turn}.example")
        make_alias("b", target, f"a@two{turn}.example")
        outcomes = outcomes_of(
            lambda one=one, target=target: make_alias_domain(access=admin, domain=one, target=target),
            lambda two=two, target=target: make_alias_domain(access=admin, domain=two, target=target),
        )
        assert outcomes == ["done", "targets_loop"]


def test_a_proof_and_an_alias_that_close_a_circle_at_once_leave_no_circle(admin, alder, alder_domain):
    for turn in range(5):
        claim = make_domain(f"also{turn}.example", alder, proved=False, alias_of=alder_domain)

        def prove(claim=claim):
            with transaction.atomic():
                take_ownership(claim.pk, actor=SYSTEM, action="domain.prove")

        outcomes = outcomes_of(prove, add(admin, alder_domain, f"a{turn}", f"a{turn}@also{turn}.example"))
        claim.refresh_from_db()
        assert claim.is_proved
        assert (claim.alias_of is None) == (outcomes == ["done", "done"])
