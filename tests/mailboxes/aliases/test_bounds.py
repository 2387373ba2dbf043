"""How far and to how many mail spreads is bounded, and so is the cost of finding out."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from domains.actions import make_alias_domain
from mailboxes import targets
from mailboxes.actions.aliases import (
    set_catch_all,
)
from tests.factories import make_alias, make_domain
from tests.mailboxes.aliases.acts import add, refusal_of

pytestmark = pytest.mark.django_db


def test_a_target_of_another_tenant_is_a_plain_outside_address(admin, birch_domain, alder_domain):
    """A chain and a crowd behind it change nothing: whether it exists is not told either."""
    for step in range(20):
        make_alias(f"s{step}", birch_domain, f"s{step + 1}@birch.example")
    make_alias("crowd", birch_domain, *[f"c{number}@example.com" for number in range(1001)])
    assert add(admin, alder_domain, "a", "s0@birch.example", "crowd@birch.example", "none@birch.example")


def test_a_chain_may_be_ten_steps_long_from_whichever_end_it_is_built(admin, alder_domain):
    for step in reversed(range(10)):
        add(admin, alder_domain, f"up{step}", f"up{step + 1}@alder.example")
    refusal = refusal_of(lambda: add(admin, alder_domain, "top", "up0@alder.example"))
    assert refusal.code == "targets_depth"
    for step in range(10):
        add(admin, alder_domain, f"down{step}", f"down{step + 1}@alder.example")
    assert refusal_of(lambda: add(admin, alder_domain, "down10")).code == "targets_depth"


def test_a_tree_of_targets_stops_at_a_thousand_from_whichever_end_it_is_built(admin, alder_domain):
    crowd = [f"c{number}@example.com" for number in range(100)]
    for branch in range(11):
        add(admin, alder_domain, f"b{branch}", *crowd)
    branches = [f"b{branch}@alder.example" for branch in range(11)]
    assert add(admin, alder_domain, "thousand", *branches[:10])
    assert refusal_of(lambda: add(admin, alder_domain, "more", *branches)).code == "targets_recipients"
    add(admin, alder_domain, "early", *[f"late{number}@alder.example" for number in range(11)])
    for number in range(10):
        late = crowd if number else crowd[:-1]
        add(admin, alder_domain, f"late{number}", *late)
    refusal = refusal_of(lambda: add(admin, alder_domain, "late10", *crowd))
    assert refusal.code == "targets_recipients"
    assert "early@alder.example" in refusal.message


def test_a_bomb_through_the_catch_all_is_counted(admin, alder_domain):
    add(admin, alder_domain, "fuse", *[f"x{number}@alder.example" for number in range(11)])
    crowd = [f"c{number}@example.com" for number in range(100)]
    # Eleven names that do not exist are one catch-all, which Postfix expands eleven times.
    refusal = refusal_of(lambda: set_catch_all(access=admin, domain=alder_domain, destinations=crowd))
    assert refusal.code == "targets_recipients"


def test_a_check_costs_the_same_number_of_queries_for_one_target_and_for_many(admin, alder_domain):
    add(admin, alder_domain, "first")
    counts = []
    for name, amount in (("one", 1), ("many", 90)):
        with CaptureQueriesContext(connection) as queries:
            add(admin, alder_domain, name, *[f"{name}{number}@alder.example" for number in range(amount)])
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_check_asks_for_no_more_than_its_bound_whatever_tenants_made_together(
    admin, alder, alder_domain, birch_domain, monkeypatch
):
    """Two tenants can spread further than one may, for each counts the other's rows as one outside address."""
    monkeypatch.setattr(targets, "MAX_ASKED", 1000)
    for number in range(11):
        make_alias(f"b{number}", birch_domain, *[f"c{number}x{m}@example.com" for m in range(100)])
    refusal = refusal_of(
        lambda: add(admin, alder_domain, "bomb", *[f"b{number}@birch.example" for number in range(11)])
    )
    assert refusal.code == "targets_loop"
    assert "birch" not in refusal.message
    for number in range(11):
        make_alias(f"a{number}", alder_domain, *[f"d{number}x{m}@example.com" for m in range(100)])
    other = make_domain("also.example", alder)
    refusal = refusal_of(lambda: make_alias_domain(access=admin, domain=other, target=alder_domain))
    assert (refusal.code, refusal.field) == ("targets_many", "alias_of")
