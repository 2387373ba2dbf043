"""Claiming a name: what is one name, who may claim it, and how a claim becomes a domain."""

import time
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.http import Http404
from django.utils import timezone

from domains import jobs, tasks
from domains.actions import add_domain, remove_domain, request_check, vouch_for
from domains.actions import claims as claim_actions
from domains.models import Domain, ProofResult
from panel.audit.models import AuditEntry
from panel.environment import environment
from panel.lib.errors import Refused
from panel.tenants.models import Revocation, RevocationKind, Usage, UsageKind
from tests.domains.conftest import HOST
from tests.factories import make_domain

pytestmark = pytest.mark.django_db

CHALLENGE = "_posthouse-challenge"


def used(tenant):
    return Usage.objects.get(tenant=tenant, kind=UsageKind.DOMAINS).used


def refusal(act):
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.code, caught.value.field


def make_due(domain):
    Domain.objects.filter(pk=domain.pk).update(proof_due_at=timezone.now() - timedelta(seconds=1))


def check(domain):
    make_due(domain)
    jobs.check_proof(domain.pk)
    domain.refresh_from_db()
    return domain


def test_a_claim_carries_a_random_token_and_ends_after_a_week(as_alder, alder, north, operator):
    domain = add_domain(access=as_alder, name="claimed.example")
    assert (domain.tenant, domain.name, domain.is_proved) == (alder, "claimed.example", False)
    assert len(bytes.fromhex(domain.proof_token)) == 16
    assert timedelta(days=6, hours=23) < domain.claim_expires_at - timezone.now() <= timedelta(days=7)
    assert [used(tenant) for tenant in (alder, north, operator)] == [1, 1, 1]
    entry = AuditEntry.objects.get(action="domain.add")
    assert (entry.tenant_id, entry.object_label) == (alder.pk, "claimed.example")
    assert domain.proof_token not in str(entry.after)


@pytest.mark.parametrize(
    "spelling",
    ["Claimed.Example", " claimed.example ", "claimed。example", "ｃlaimed.example", "CLAIMED.EXAMPLE"],
)
def test_two_spellings_are_one_name(as_alder, spelling):
    add_domain(access=as_alder, name="claimed.example")
    assert refusal(lambda: add_domain(access=as_alder, name=spelling)) == ("domain_claimed", "name")


def test_an_international_name_is_stored_as_its_a_label(as_alder):
    assert add_domain(access=as_alder, name="MÜNCHEN.example").name == "xn--mnchen-3ya.example"
    assert refusal(lambda: add_domain(access=as_alder, name="xn--mnchen-3ya.example"))[0] == "domain_claimed"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("claimed.example.", "domain_dot"),
        ("раypal.example", "domain_script"),
        ("co.uk", "domain_public_suffix"),
        ("localhost", "domain_single"),
        ("printer.local", "domain_special"),
        ("127.0.0.1", "domain_address"),
        ("[127.0.0.1]", "domain_address"),
        ("*.claimed.example", "domain_label"),
        ("_dmarc.claimed.example", "domain_label"),
        ("../claimed.example", "domain_label"),
        ("a/b.example", "domain_label"),
        ("%2e%2e.example", "domain_label"),
        ("-claimed.example", "domain_label"),
        ("claimed.example\r\nx: y", "domain_characters"),
        ("claimed.example\x00", "domain_characters"),
        ("claimed\u200b.example", "domain_characters"),
        ("a" * 64 + ".example", "domain_label"),
        (("a" * 50 + ".") * 5 + "example", "domain_too_long"),
    ],
)
def test_a_name_that_nobody_can_own_is_refused_at_its_field(as_alder, alder, name, code):
    found, field = refusal(lambda: add_domain(access=as_alder, name=name))
    assert field == "name"
    assert found == code or found.startswith("domain_")
    assert (Domain.objects.count(), used(alder)) == (0, 0)


def test_the_names_of_the_server_itself_are_nobodys(as_alder, monkeypatch):
    monkeypatch.setattr(environment, "mail_host", "mx.harbourline.example")
    monkeypatch.setattr(environment, "panel_url", "https://panel.harbourline.example:8443")
    for name in ("mx.harbourline.example", "PANEL.harbourline.example"):
        assert refusal(lambda name=name: add_domain(access=as_alder, name=name)) == ("domain_ours", "name")


def test_a_name_below_another_tenants_proved_domain_is_refused(as_birch, alder_domain):
    code, field = refusal(lambda: add_domain(access=as_birch, name="mail.alder.example"))
    assert (code, field) == ("domain_below_another", "name")


def test_the_refusal_names_no_other_tenant(as_birch, alder_domain, alder):
    with pytest.raises(Refused) as caught:
        add_domain(access=as_birch, name="mail.alder.example")
    assert alder.name not in caught.value.message


def test_a_name_below_ones_own_domain_is_a_claim_like_any_other(as_alder, alder_domain):
    assert not add_domain(access=as_alder, name="mail.alder.example").is_proved


def test_several_tenants_may_claim_one_name_each_with_its_own_token(as_alder, as_birch):
    ours = add_domain(access=as_alder, name="claimed.example")
    theirs = add_domain(access=as_birch, name="claimed.example")
    assert ours.proof_token != theirs.proof_token


def test_a_name_claimed_again_after_its_removal_has_a_new_token(as_alder):
    before = add_domain(access=as_alder, name="claimed.example")
    remove_domain(access=as_alder, domain=before)
    assert add_domain(access=as_alder, name="claimed.example").proof_token != before.proof_token


def test_open_claims_are_bounded(as_alder, alder, monkeypatch):
    monkeypatch.setattr(claim_actions, "MAX_OPEN_CLAIMS", 2)
    for name in ("a.example", "b.example"):
        add_domain(access=as_alder, name=name)
    assert refusal(lambda: add_domain(access=as_alder, name="c.example")) == (
        "domain_too_many_claims",
        "name",
    )
    assert used(alder) == 2


def test_the_cap_binds_and_nothing_is_half_saved(as_alder, alder):
    alder.max_domains = 1
    alder.save()
    add_domain(access=as_alder, name="a.example")
    assert refusal(lambda: add_domain(access=as_alder, name="b.example"))[0] == "cap_reached"
    assert (Domain.objects.count(), AuditEntry.objects.filter(action="domain.add").count()) == (1, 1)


def test_a_reader_may_not_add(access_of, alder_reader, alder):
    with pytest.raises(PermissionDenied):
        add_domain(access=access_of(alder_reader, alder), name="claimed.example")


def test_a_domain_manager_may_not_add_and_sees_only_what_was_granted(
    access_of, alder_manager, alder, alder_domain
):
    make_domain("other.example", alder)
    access = access_of(alder_manager, alder)
    assert list(Domain.objects.of(access)) == [alder_domain]
    with pytest.raises(PermissionDenied):
        add_domain(access=access, name="claimed.example")


def test_the_record_in_dns_proves_the_claim(as_alder, alder, zone, name_server):
    domain = add_domain(access=as_alder, name="claimed.example")
    zone.txt(CHALLENGE, domain.proof_token)
    check(domain)
    assert domain.is_proved
    assert (domain.claim_expires_at, domain.proof_due_at, domain.proof_lease_until) == (None, None, None)
    assert Revocation.objects.filter(kind=RevocationKind.RELOAD).count() == 1
    entry = AuditEntry.objects.get(action="domain.prove")
    assert (entry.actor_kind, entry.tenant_id) == ("system", alder.pk)


def test_the_token_of_another_tenant_proves_nothing(as_alder, as_birch, zone, name_server):
    theirs = add_domain(access=as_birch, name="claimed.example")
    ours = add_domain(access=as_alder, name="claimed.example")
    zone.txt(CHALLENGE, theirs.proof_token)
    assert check(ours).proof_result == ProofResult.MISMATCH
    assert not ours.is_proved


def test_the_first_proof_wins_and_the_second_claim_waits(as_alder, as_birch, zone, name_server):
    first = add_domain(access=as_alder, name="claimed.example")
    second = add_domain(access=as_birch, name="claimed.example")
    zone.txt(CHALLENGE, first.proof_token).txt(CHALLENGE, second.proof_token)
    assert check(first).is_proved
    assert not check(second).is_proved
    assert second.proof_result == ProofResult.OK
    assert second.proof_due_at > timezone.now()


def test_a_claim_below_a_name_that_another_proved_in_the_meantime_stays_a_claim(
    as_alder, as_birch, zone, name_server
):
    below = add_domain(access=as_birch, name="mail.claimed.example")
    above = add_domain(access=as_alder, name="claimed.example")
    zone.txt(CHALLENGE, above.proof_token).txt(f"{CHALLENGE}.mail", below.proof_token)
    assert check(above).is_proved
    assert not check(below).is_proved


def test_a_check_is_done_once_and_the_next_one_comes_later(as_alder, name_server):
    domain = add_domain(access=as_alder, name="claimed.example")
    assert jobs.due_proofs() == [domain.pk]
    assert jobs.check_proof(domain.pk) is True
    assert jobs.check_proof(domain.pk) is False
    domain.refresh_from_db()
    assert (domain.proof_result, domain.proof_attempts) == (ProofResult.MISSING, 1)
    assert timedelta(seconds=10) < domain.proof_due_at - timezone.now() <= timedelta(seconds=15)


def test_a_check_whose_worker_died_is_done_again_once_its_lease_ran_out(as_alder, name_server):
    domain = add_domain(access=as_alder, name="claimed.example")
    Domain.objects.filter(pk=domain.pk).update(proof_lease_until=timezone.now() + timedelta(seconds=30))
    assert (jobs.due_proofs(), jobs.check_proof(domain.pk)) == ([], False)
    Domain.objects.filter(pk=domain.pk).update(proof_lease_until=timezone.now() - timedelta(seconds=1))
    assert jobs.check_proof(domain.pk) is True


def test_trouble_in_dns_changes_no_state(as_alder, monkeypatch):
    monkeypatch.setattr(environment, "resolvers", [f"{HOST}:9"])
    domain = check(add_domain(access=as_alder, name="claimed.example"))
    assert (domain.proof_result, domain.is_proved) == (ProofResult.TEMPFAIL, False)
    assert domain.claim_expires_at is not None


def test_a_proved_domain_is_not_asked_for_again(alder_domain, name_server):
    make_due(alder_domain)
    assert (jobs.due_proofs(), jobs.check_proof(alder_domain.pk)) == ([], False)
    assert name_server.asked == []


def test_an_unused_claim_ends_and_gives_its_cap_back(as_alder, alder):
    domain = add_domain(access=as_alder, name="claimed.example")
    assert jobs.expire_claims() == 0
    Domain.objects.filter(pk=domain.pk).update(claim_expires_at=timezone.now() - timedelta(seconds=1))
    assert (jobs.expire_claims(), jobs.expire_claims()) == (1, 0)
    assert (Domain.objects.count(), used(alder)) == (0, 0)
    assert AuditEntry.objects.filter(action="domain.expire", actor_kind="system").count() == 1


def test_the_button_makes_the_check_due_but_not_faster_than_every_five_seconds(as_alder, name_server):
    domain = check(add_domain(access=as_alder, name="claimed.example"))
    request_check(access=as_alder, domain=domain)
    request_check(access=as_alder, domain=domain)
    domain.refresh_from_db()
    assert jobs.due_proofs() == []
    assert domain.proof_due_at == domain.proof_checked_at + timedelta(seconds=5)
    assert AuditEntry.objects.filter(action="domain.check").count() == 1
    Domain.objects.filter(pk=domain.pk).update(
        proof_checked_at=timezone.now() - timedelta(seconds=6),
        proof_due_at=timezone.now() + timedelta(hours=1),
    )
    request_check(access=as_alder, domain=domain)
    assert jobs.due_proofs() == [domain.pk]


def test_a_strangers_domain_cannot_be_checked(as_birch, alder):
    with pytest.raises(Http404):
        request_check(access=as_birch, domain=make_domain("claimed.example", alder, proved=False))


def test_the_operator_may_vouch_and_it_is_written_down(as_operator, as_alder, alder):
    domain = vouch_for(access=as_operator, domain=add_domain(access=as_alder, name="claimed.example"))
    assert (domain.is_proved, domain.is_vouched) == (True, True)
    entry = AuditEntry.objects.get(action="domain.vouch")
    assert (entry.actor_label, entry.tenant_id) == ("ops-admin@harbourline.example", alder.pk)


def test_nobody_else_may_vouch(as_alder, access_of, north_admin, north, ops_support, operator):
    domain = add_domain(access=as_alder, name="claimed.example")
    for access in (as_alder, access_of(north_admin, north), access_of(ops_support, operator)):
        with pytest.raises(PermissionDenied):
            vouch_for(access=access, domain=domain)


def test_vouching_takes_no_name_from_its_owner(as_operator, as_birch, alder_domain):
    claim = make_domain("alder.example", as_birch.tenant, proved=False)
    assert refusal(lambda: vouch_for(access=as_operator, domain=claim))[0] == "domain_owned"


def test_the_command_adds_and_vouches_by_the_same_rules(alder, capsys):
    call_command("add_domain", "Claimed.example", tenant=alder.pk)
    assert 'TXT "' in capsys.readouterr().out
    call_command("add_domain", "vouched.example", tenant=alder.pk, vouch=True)
    assert Domain.objects.get(name="vouched.example").is_vouched
    for name, tenant in (("co.uk", alder.pk), ("claimed.example", alder.pk), ("x.example", 10**6)):
        with pytest.raises(CommandError):
            call_command("add_domain", name, tenant=tenant)


def test_the_doorbell_is_the_panels_own(as_alder):
    assert tasks.check_proof.app.main == "posthouse"


def test_a_broker_that_is_away_costs_nobody_a_second(settings):
    started = time.monotonic()
    tasks.ring(1)
    assert time.monotonic() - started < 2
