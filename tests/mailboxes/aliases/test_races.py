"""Changes at the same moment: no circle by two halves, no cap passed, one row for one address."""

import threading
from collections.abc import Callable

import pytest
from django.db import connections, transaction

from domains.actions import make_alias_domain
from domains.ownership import take_ownership
from mailboxes.actions.aliases import add_alias, delete_alias, edit_alias
from mailboxes.models import Address, Alias
from panel.audit.actor import SYSTEM
from panel.lib.errors import Refused
from panel.tenants.models import Usage, UsageKind
from tests.factories import make_alias, make_domain

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], object]) -> list[str]:
    """What became of each act when all start together: "done", or the code of the refusal."""
    barrier, outcomes = threading.Barrier(len(acts)), [""] * len(acts)

    def run(number: int) -> None:
        try:
            barrier.wait(timeout=20)
            acts[number]()
            outcomes[number] = "done"
        except Refused as refused:
            outcomes[number] = refused.code
        except Alias.DoesNotExist:
            outcomes[number] = "gone"
        except Exception as error:  # noqa: BLE001 -- whatever else reaches a person is what the test reports
            outcomes[number] = repr(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return sorted(outcomes)


def add(admin, domain, name, target="zoe@example.com"):
    return lambda: add_alias(access=admin, domain=domain, local_part=name, destinations=[target])


def test_two_halves_of_a_circle_at_once_leave_one(admin, alder_domain):
    for turn in range(5):
        a, b = f"a{turn}", f"b{turn}"
        outcomes = at_once(
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
    outcomes = at_once(
        lambda: edit_alias(access=admin, alias=ours, destinations=["b@birch.example"], comment=""),
        lambda: edit_alias(access=other, alias=theirs, destinations=["a@alder.example"], comment=""),
    )
    assert outcomes == ["done", "targets_loop"]


def test_one_address_created_eight_times_at_once_is_one_row_and_seven_refusals(admin, alder, alder_domain):
    outcomes = at_once(*[add(admin, alder_domain, "info")] * 8)
    assert outcomes == ["address_taken"] * 7 + ["done"]
    assert Address.objects.filter(address="info@alder.example").count() == 1
    assert Usage.objects.get(tenant=alder, kind=UsageKind.ALIASES).used == 1


def test_sixteen_aliases_at_once_at_a_cap_of_five_are_five(admin, alder, alder_domain):
    alder.max_aliases = 5
    alder.save(update_fields=["max_aliases"])
    outcomes = at_once(*[add(admin, alder_domain, f"n{number}") for number in range(16)])
    assert outcomes == ["cap_reached"] * 11 + ["done"] * 5
    assert Usage.objects.get(tenant=alder, kind=UsageKind.ALIASES).used == 5


def test_one_alias_deleted_four_times_at_once_gives_back_once(admin, alder, alder_domain):
    alias = make_alias("info", alder_domain, "zoe@example.com")
    make_alias("kept", alder_domain, "zoe@example.com")
    outcomes = at_once(*[lambda: delete_alias(access=admin, alias=alias)] * 4)
    assert outcomes == ["done", "gone", "gone", "gone"]
    assert Usage.objects.get(tenant=alder, kind=UsageKind.ALIASES).used == 1


def test_aliases_in_two_domains_at_once_wait_for_each_other_and_both_stand(admin, alder, alder_domain):
    other = make_domain("finch.example", alder)
    outcomes = at_once(*[add(admin, domain, f"n{n}") for n in range(4) for domain in (alder_domain, other)])
    assert outcomes == ["done"] * 8


def test_an_alias_domain_and_an_alias_that_close_a_circle_at_once_leave_one(admin, alder, alder_domain):
    for turn in range(5):
        other = make_domain(f"also{turn}.example", alder)
        outcomes = at_once(
            lambda other=other: make_alias_domain(access=admin, domain=other, target=alder_domain),
            add(admin, alder_domain, f"a{turn}", f"a{turn}@also{turn}.example"),
        )
        assert outcomes == ["done", "targets_loop"]


def test_two_alias_domains_that_close_a_circle_at_once_leave_one(admin, alder, alder_domain):
    for turn in range(5):
        one, two, target = (make_domain(f"{name}{turn}.example", alder) for name in ("one", "two", "target"))
        make_alias("a", target, f"b@one{turn}.example")
        make_alias("b", target, f"a@two{turn}.example")
        outcomes = at_once(
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

        outcomes = at_once(prove, add(admin, alder_domain, f"a{turn}", f"a{turn}@also{turn}.example"))
        claim.refresh_from_db()
        assert claim.is_proved
        assert (claim.alias_of is None) == (outcomes == ["done", "done"])
