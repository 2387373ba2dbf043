"""Suspension, removal with grace, alias domains and grants."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone

from domains import jobs
from domains.actions import (
    add_domain,
    grant_domain,
    make_alias_domain,
    remove_domain,
    revoke_grant,
    suspend_domain,
    undelete_domain,
    unmake_alias_domain,
    unsuspend_domain,
    vouch_for,
)
from domains.models import Domain, DomainGrant
from mailboxes.models import Address
from panel.audit.models import AuditEntry
from panel.tenants.models import Membership, Revocation
from panel.tenants.roles import Role
from tests.domains.test_claims import CHALLENGE, check, refusal, used
from tests.factories import make_domain, make_user

pytestmark = pytest.mark.django_db


def revocations():
    return sorted(Revocation.objects.values_list("kind", "subject"))


def end_grace(domain):
    Domain.objects.filter(pk=domain.pk).update(purge_at=timezone.now() - timedelta(seconds=1))


def test_a_suspension_is_followed_outside_and_lifted_without_a_trace(as_alder, alder_domain):
    suspended = suspend_domain(access=as_alder, domain=alder_domain, reason="Invoice")
    assert (suspended.is_suspended, suspended.suspended_reason) == (True, "Invoice")
    assert revocations() == [("domain", "alder.example")]
    assert refusal(lambda: suspend_domain(access=as_alder, domain=alder_domain))[0] == "domain_suspended"
    unsuspend_domain(access=as_alder, domain=alder_domain)
    alder_domain.refresh_from_db()
    assert (alder_domain.suspended_at, alder_domain.suspended_reason, alder_domain.suspended_role) == (
        None,
        "",
        "",
    )
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "domain.suspend",
        "domain.unsuspend",
    ]


def test_a_tenant_cannot_lift_what_the_operator_suspended(as_operator, as_alder, alder_domain):
    suspend_domain(access=as_operator, domain=alder_domain)
    assert (
        refusal(lambda: unsuspend_domain(access=as_alder, domain=alder_domain))[0] == "domain_suspended_above"
    )
    unsuspend_domain(access=as_operator, domain=alder_domain)


def test_a_stranger_gets_404_from_every_action(as_birch, alder_domain, birch_domain):
    for act in (suspend_domain, unsuspend_domain, remove_domain, undelete_domain, unmake_alias_domain):
        with pytest.raises(Http404):
            act(access=as_birch, domain=alder_domain)
    with pytest.raises(Http404):
        make_alias_domain(access=as_birch, domain=birch_domain, target=alder_domain)


def test_a_reader_and_a_domain_manager_may_not_stop_a_domain(
    access_of, alder, alder_reader, alder_manager, alder_domain
):
    for user in (alder_reader, alder_manager):
        for act in (suspend_domain, remove_domain):
            with pytest.raises(PermissionDenied):
                act(access=access_of(user, alder), domain=alder_domain)


def test_a_removed_domain_comes_back_as_it_was(as_alder, alder, alder_domain):
    remove_domain(access=as_alder, domain=alder_domain)
    alder_domain.refresh_from_db()
    assert alder_domain.is_removed
    assert alder_domain.is_proved
    assert timedelta(days=13) < alder_domain.purge_at - timezone.now() <= timedelta(days=14)
    assert revocations() == [("domain", "alder.example"), ("reload", "")]
    assert used(alder) == 1
    undelete_domain(access=as_alder, domain=alder_domain)
    alder_domain.refresh_from_db()
    assert (alder_domain.removed_at, alder_domain.purge_at) == (None, None)


def test_a_removed_name_is_not_claimed_again_but_brought_back(as_alder, alder_domain):
    remove_domain(access=as_alder, domain=alder_domain)
    assert refusal(lambda: add_domain(access=as_alder, name="alder.example")) == ("domain_removed", "name")


def test_after_the_grace_nothing_is_left_but_the_trail(as_alder, alder, alder_domain):
    remove_domain(access=as_alder, domain=alder_domain)
    assert jobs.purge_removed() == 0
    end_grace(alder_domain)
    assert refusal(lambda: undelete_domain(access=as_alder, domain=alder_domain))[0] == "domain_grace_over"
    assert (jobs.purge_removed(), jobs.purge_removed()) == (1, 0)
    assert (Domain.objects.count(), used(alder)) == (0, 0)
    assert ("files", str(alder_domain.pk)) in revocations()
    assert AuditEntry.objects.get(action="domain.purge").object_label == "alder.example"


def test_the_purge_waits_for_the_addresses(as_alder, alder, alder_domain, ann):
    remove_domain(access=as_alder, domain=alder_domain)
    end_grace(alder_domain)
    assert jobs.purge_removed() == 0
    assert used(alder) == 1
    ann.delete()
    Address.objects.filter(domain=alder_domain).delete()
    assert jobs.purge_removed() == 1


def test_an_unproved_claim_goes_at_once(as_alder, alder):
    domain = add_domain(access=as_alder, name="claimed.example")
    remove_domain(access=as_alder, domain=domain)
    assert (Domain.objects.count(), used(alder), revocations()) == (0, 0, [])


def test_a_domain_with_alias_domains_is_not_removed(as_alder, alder, alder_domain):
    make_domain("alias.example", alder, alias_of=alder_domain)
    assert refusal(lambda: remove_domain(access=as_alder, domain=alder_domain))[0] == "domain_has_aliases"


def test_an_alias_domain_comes_back_only_after_its_target(as_alder, alder, alder_domain):
    alias = make_domain("alias.example", alder, alias_of=alder_domain)
    remove_domain(access=as_alder, domain=alias)
    remove_domain(access=as_alder, domain=alder_domain)
    assert refusal(lambda: undelete_domain(access=as_alder, domain=alias))[0] == "alias_unproved"
    for domain in (alias, alder_domain):
        end_grace(domain)
    assert jobs.purge_removed() == 2


def test_a_proof_during_anothers_grace_ends_it_after_72_hours_with_notice(
    as_alder, as_birch, zone, name_server, alder
):
    old = make_domain("claimed.example", alder)
    remove_domain(access=as_alder, domain=old)
    claim = add_domain(access=as_birch, name="claimed.example")
    zone.txt(CHALLENGE, claim.proof_token)
    assert not check(claim).is_proved
    old.refresh_from_db()
    assert timedelta(hours=71) < old.purge_at - timezone.now() <= timedelta(hours=72)
    assert claim.claim_expires_at > old.purge_at
    check(claim)
    jobs.send_notices()
    jobs.send_notices()
    assert [(message.to, "claimed.example" in message.body) for message in mail.outbox] == [
        (["office@alder.example"], True)
    ]
    end_grace(old)
    assert jobs.purge_removed() == 1
    assert check(claim).is_proved


def test_an_alias_domain_needs_a_proved_domain_of_the_same_tenant(
    as_alder, as_operator, alder, alder_domain, birch_domain
):
    alias = make_domain("alias.example", alder)
    assert refusal(lambda: make_alias_domain(access=as_operator, domain=alias, target=birch_domain)) == (
        "alias_elsewhere",
        "alias_of",
    )
    claim = make_domain("claim.example", alder, proved=False)
    assert (
        refusal(lambda: make_alias_domain(access=as_alder, domain=alias, target=claim))[0] == "alias_unproved"
    )
    assert (
        refusal(lambda: make_alias_domain(access=as_alder, domain=alias, target=alias))[0] == "alias_itself"
    )
    assert make_alias_domain(access=as_alder, domain=alias, target=alder_domain).alias_of == alder_domain


def test_alias_domains_make_no_chain_and_no_circle(as_alder, alder, alder_domain):
    alias = make_domain("alias.example", alder, alias_of=alder_domain)
    third = make_domain("third.example", alder)
    assert refusal(lambda: make_alias_domain(access=as_alder, domain=third, target=alias))[0] == "alias_chain"
    assert (
        refusal(lambda: make_alias_domain(access=as_alder, domain=alder_domain, target=third))[0]
        == "alias_chain"
    )
    assert (
        refusal(lambda: add_domain(access=as_alder, name="new.example", alias_of=alias))[0] == "alias_chain"
    )


def test_a_domain_with_addresses_is_no_alias_domain(as_alder, alder, alder_domain, ann):
    target = make_domain("target.example", alder)
    code, _ = refusal(lambda: make_alias_domain(access=as_alder, domain=alder_domain, target=target))
    assert code == "alias_has_addresses"


def test_an_alias_domain_counts_and_has_its_own_proof(as_alder, alder, alder_domain):
    alias = add_domain(access=as_alder, name="alias.example", alias_of=alder_domain)
    assert (alias.is_proved, alias.alias_of, used(alder)) == (False, alder_domain, 2)
    assert unmake_alias_domain(access=as_alder, domain=alias).alias_of is None


def test_a_grant_is_for_domain_managers_of_the_same_tenant(
    as_alder, alder, birch, alder_domain, alder_reader
):
    stranger = make_user("m@birch.example", birch, Role.DOMAIN_MANAGER)
    for user, code in ((stranger, "grant_elsewhere"), (alder_reader, "grant_role")):
        member = Membership.objects.get(user=user)
        assert refusal(
            lambda member=member: grant_domain(access=as_alder, domain=alder_domain, membership=member)
        ) == (
            code,
            "membership",
        )


def test_a_grant_opens_one_domain_and_its_end_closes_it(as_alder, access_of, alder, alder_domain):
    manager = make_user("m@alder.example", alder, Role.DOMAIN_MANAGER)
    member = Membership.objects.get(user=manager)
    for _ in range(2):
        grant_domain(access=as_alder, domain=alder_domain, membership=member)
    assert DomainGrant.objects.count() == 1
    assert list(Domain.objects.of(access_of(manager, alder))) == [alder_domain]
    revoke_grant(access=as_alder, domain=alder_domain, membership=member)
    assert list(Domain.objects.of(access_of(manager, alder))) == []
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "domain.grant",
        "domain.revoke_grant",
    ]


def test_a_vouched_domain_is_not_checked_again(as_operator, as_alder):
    domain = vouch_for(access=as_operator, domain=add_domain(access=as_alder, name="claimed.example"))
    assert domain.proof_due_at is None
