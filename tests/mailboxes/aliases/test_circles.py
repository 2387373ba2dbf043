"""No change lets mail go round in a circle, on what the database holds."""

import pytest
from django.db import transaction

from domains.actions import make_alias_domain
from domains.ownership import Outcome, take_ownership
from mailboxes.actions.aliases import (
    delete_alias,
    disable_alias,
    set_catch_all,
)
from mailboxes.models import Address, Alias
from panel.audit.actor import SYSTEM
from panel.audit.models import AuditEntry
from tests.factories import make_alias, make_domain
from tests.mailboxes.aliases.acts import add, refusal_of, targets_of

pytestmark = pytest.mark.django_db


def test_a_loop_of_two_aliases_is_refused_with_the_way_it_takes(admin, alder_domain):
    add(admin, alder_domain, "a", "b@alder.example")
    refusal = refusal_of(lambda: add(admin, alder_domain, "b", "a@alder.example"))
    assert refusal.code == "targets_loop"
    assert "b@alder.example → a@alder.example → b@alder.example" in refusal.message
    assert not Address.objects.filter(local_part="b").exists()


def test_a_loop_through_a_sub_address_is_refused(admin, alder_domain):
    add(admin, alder_domain, "a", "b+x@alder.example")
    assert refusal_of(lambda: add(admin, alder_domain, "b", "a+y@alder.example")).code == "targets_loop"
    assert refusal_of(lambda: add(admin, alder_domain, "c", "c+x@alder.example")).code == "targets_loop"


def test_a_loop_through_an_alias_domain_is_refused(admin, alder, alder_domain):
    make_domain("also.example", alder, alias_of=alder_domain)
    assert refusal_of(lambda: add(admin, alder_domain, "a", "a@also.example")).code == "targets_loop"
    add(admin, alder_domain, "b", "c+x@also.example")
    assert refusal_of(lambda: add(admin, alder_domain, "c", "b@also.example")).code == "targets_loop"


def test_a_catch_all_that_delivers_to_a_name_nobody_has_is_a_loop(admin, alder_domain, ann):
    def set_to(target):
        return set_catch_all(access=admin, domain=alder_domain, destinations=[target])

    assert refusal_of(lambda: set_to("nobody@alder.example")).code == "targets_loop"
    assert targets_of(set_to("ann@alder.example")) == ["ann@alder.example"]


def test_a_loop_of_two_catch_alls_is_refused(admin, alder, alder_domain):
    other = make_domain("finch.example", alder)
    set_catch_all(access=admin, domain=alder_domain, destinations=["x@finch.example"])
    refusal = refusal_of(lambda: set_catch_all(access=admin, domain=other, destinations=["y@alder.example"]))
    assert "the catch-all of finch.example" in refusal.message


def test_an_alias_that_the_catch_all_needs_is_not_deleted(admin, alder_domain):
    alias = add(admin, alder_domain)
    set_catch_all(access=admin, domain=alder_domain, destinations=["info@alder.example"])
    assert refusal_of(lambda: delete_alias(access=admin, alias=alias)).code == "alias_needed_by_catch_all"
    assert Alias.objects.filter(pk=alias.pk).exists()


def test_a_loop_through_postmaster_and_the_contact_is_refused(admin, alder, alder_domain):
    refusal = refusal_of(lambda: add(admin, alder_domain, "office", "postmaster@alder.example"))
    assert refusal.code == "targets_loop"


def test_a_loop_across_tenants_is_refused_in_words_that_tell_nothing(admin, birch_domain, alder_domain):
    make_alias("secret", birch_domain, "info@alder.example")
    refusal = refusal_of(lambda: add(admin, alder_domain, "info", "secret@birch.example"))
    assert refusal.code == "targets_loop"
    assert "birch" not in refusal.message
    assert "secret" not in refusal.message


def test_a_disabled_alias_counts_so_that_enabling_makes_no_loop(admin, alder_domain):
    disable_alias(access=admin, alias=add(admin, alder_domain, "a", "b@alder.example"))
    assert refusal_of(lambda: add(admin, alder_domain, "b", "a@alder.example")).code == "targets_loop"


def make_alias_of(admin, domain, target):
    return make_alias_domain(access=admin, domain=domain, target=target)


def test_an_alias_domain_that_closes_a_circle_is_refused_with_the_way_it_takes(admin, alder, alder_domain):
    other = make_domain("also.example", alder)
    add(admin, alder_domain, "a", "b@also.example")
    add(admin, alder_domain, "b", "a+x@also.example")
    refusal = refusal_of(lambda: make_alias_of(admin, other, alder_domain))
    assert (refusal.code, refusal.field) == ("targets_loop", "alias_of")
    assert "a@alder.example → b@alder.example → a@alder.example" in refusal.message
    other.refresh_from_db()
    assert other.alias_of is None


def test_an_alias_domain_that_leads_an_alias_to_itself_is_refused(admin, alder, alder_domain):
    other, third = make_domain("also.example", alder), make_domain("third.example", alder)
    add(admin, alder_domain, "info", "info@also.example")
    make_alias("", third, "any@also.example")
    assert refusal_of(lambda: make_alias_of(admin, other, alder_domain)).code == "targets_loop"
    assert refusal_of(lambda: make_alias_of(admin, other, third)).code == "targets_loop"


def test_an_alias_domain_that_closes_a_circle_across_tenants_is_refused_in_words_that_tell_nothing(
    admin, alder, alder_domain, birch_domain
):
    other = make_domain("also.example", alder)
    make_alias("secret", birch_domain, "info@also.example")
    make_alias("info", alder_domain, "secret@birch.example")
    refusal = refusal_of(lambda: make_alias_of(admin, other, alder_domain))
    assert refusal.code == "targets_loop"
    assert "birch" not in refusal.message


def test_an_alias_domain_without_a_circle_is_made_and_its_spread_is_bounded(admin, alder, alder_domain):
    other = make_domain("also.example", alder)
    crowd = [f"c{number}@example.com" for number in range(100)]
    for branch in range(11):
        add(admin, alder_domain, f"b{branch}", *crowd)
    wide = add(admin, alder_domain, "wide", *[f"b{branch}@also.example" for branch in range(11)])
    refusal = refusal_of(lambda: make_alias_of(admin, other, alder_domain))
    assert (refusal.code, refusal.field) == ("targets_recipients", "alias_of")
    delete_alias(access=admin, alias=wide)
    assert make_alias_of(admin, other, alder_domain).alias_of == alder_domain


def test_a_claim_whose_proof_would_close_a_circle_stands_for_itself_and_the_trail_says_why(
    admin, alder, alder_domain
):
    claim = make_domain("also.example", alder, proved=False)
    make_alias_of(admin, claim, alder_domain)
    add(admin, alder_domain, "info", "info@also.example")
    with transaction.atomic():
        assert take_ownership(claim.pk, actor=SYSTEM, action="domain.prove") == Outcome.PROVED
    claim.refresh_from_db()
    assert (claim.is_proved, claim.alias_of) == (True, None)
    entry = AuditEntry.objects.filter(action="domain.edit").latest("pk")
    assert entry.before == {"alias_of": "alder.example"}
    assert "circle" in entry.after["reason"]


def test_a_claim_without_a_circle_is_proved_as_the_alias_domain_that_it_is(admin, alder, alder_domain):
    claim = make_domain("also.example", alder, proved=False, alias_of=alder_domain)
    with transaction.atomic():
        take_ownership(claim.pk, actor=SYSTEM, action="domain.prove")
    claim.refresh_from_db()
    assert claim.alias_of == alder_domain
