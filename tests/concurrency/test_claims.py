"""Claims, proofs, suspensions and removals at once, with real threads on SQLite and on PostgreSQL."""

from datetime import timedelta

import pytest
from django.utils import timezone

from domains import jobs
from domains.actions import (
    add_domain,
    remove_domain,
    suspend_domain,
    undelete_domain,
    unsuspend_domain,
    vouch_for,
)
from domains.models import Domain
from panel.audit.models import AuditEntry
from panel.environment import environment
from panel.lib.errors import Refused
from panel.tenants.models import Revocation, RevocationKind, TenantKind, Usage, UsageKind
from panel.tenants.roles import Role
from tests.dns import HOST, FakeDns, Zone
from tests.factories import make_domain, make_tenant, make_user
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 16


def used(tenant):
    return Usage.objects.get(tenant=tenant, kind=UsageKind.DOMAINS).used


@pytest.fixture
def rivals(north, access_of):
    """The access of the admins of eight clients."""
    found = []
    for number in range(8):
        tenant = make_tenant(f"Rival {number}", TenantKind.CLIENT, north)
        user = make_user(f"rival-{number}@mail.example", tenant, Role.TENANT_ADMIN)
        found.append(access_of(user, tenant))
    return found


@pytest.fixture
def as_alder(access_of, alder_admin, alder):
    return access_of(alder_admin, alder)


def test_sixteen_domains_at_once_stop_at_the_cap(as_alder, alder, north):
    north.max_domains = 5
    north.save()
    ends = at_once([lambda n=n: add_domain(access=as_alder, name=f"n{n}.example") for n in range(THREADS)])
    assert ends == {"done": 5, "cap_reached": THREADS - 5}
    assert (Domain.objects.count(), used(alder), used(north)) == (5, 5, 5)
    assert AuditEntry.objects.filter(action="domain.add").count() == 5


def test_one_name_claimed_at_once_by_one_tenant_is_one_row(as_alder, alder):
    ends = at_once([lambda: add_domain(access=as_alder, name="claimed.example")] * THREADS)
    assert ends == {"done": 1, "domain_claimed": THREADS - 1}
    assert (Domain.objects.count(), used(alder)) == (1, 1)


def test_one_name_claimed_at_once_by_eight_tenants_is_eight_claims(rivals):
    ends = at_once([lambda rival=rival: add_domain(access=rival, name="claimed.example") for rival in rivals])
    assert ends == {"done": 8}
    assert len(set(Domain.objects.values_list("proof_token", flat=True))) == 8


def test_eight_proofs_at_once_make_one_owner(rivals, monkeypatch):
    zone = Zone("claimed.example")
    claims = [add_domain(access=rival, name="claimed.example") for rival in rivals]
    for claim in claims:
        zone.txt("_posthouse-challenge", claim.proof_token)
    Domain.objects.update(proof_due_at=timezone.now() - timedelta(seconds=1), proof_lease_until=None)
    with FakeDns(zone) as server:
        monkeypatch.setattr(environment, "resolvers", [f"{HOST}:{server.port}"])
        monkeypatch.setattr(environment, "authoritative_port", server.port)
        monkeypatch.setattr(environment, "allow_private_dns", True)
        # Each claim twice, as two workers would after a lost doorbell.
        ends = at_once([lambda pk=claim.pk: jobs.check_proof(pk) for claim in claims * 2])
    assert ends == {"done": 16}
    assert Domain.objects.filter(proved_at__isnull=False).count() == 1
    assert AuditEntry.objects.filter(action="domain.prove").count() == 1
    assert Revocation.objects.filter(kind=RevocationKind.RELOAD).count() == 1
    assert set(Domain.objects.values_list("proof_attempts", flat=True)) == {1}


def test_eight_names_vouched_for_at_once_are_eight_refusals_but_one(access_of, ops_admin, operator, rivals):
    access = access_of(ops_admin, operator)
    claims = [make_domain("claimed.example", rival.tenant, proved=False) for rival in rivals]
    ends = at_once([lambda claim=claim: vouch_for(access=access, domain=claim) for claim in claims])
    assert ends == {"done": 1, "domain_owned": 7}


def test_suspending_at_once_suspends_once(as_alder, alder_domain):
    acts = [lambda: suspend_domain(access=as_alder, domain=alder_domain)] * 8
    assert at_once(acts) == {"done": 1, "domain_suspended": 7}
    acts = [lambda: unsuspend_domain(access=as_alder, domain=alder_domain)] * 8
    assert at_once(acts) == {"done": 1, "domain_running": 7}
    assert AuditEntry.objects.count() == 2


def test_removing_at_once_gives_the_cap_back_once(as_alder, alder):
    claim = add_domain(access=as_alder, name="claimed.example")
    kept = make_domain("kept.example", alder)

    def remove():
        try:
            remove_domain(access=as_alder, domain=claim)
        except Exception as gone:  # noqa: BLE001 -- the row is gone for whoever came later: 404
            raise Refused(type(gone).__name__, type(gone).__name__) from gone

    assert at_once([remove] * 8) == {"done": 1, "Http404": 7}
    assert (list(Domain.objects.all()), used(alder)) == ([kept], 1)


def test_a_purge_and_an_undelete_at_once_leave_one_whole_state(as_alder, alder, alder_domain):
    remove_domain(access=as_alder, domain=alder_domain)
    Domain.objects.update(purge_at=timezone.now() - timedelta(seconds=1))
    acts = [jobs.purge_removed] * 4 + [lambda: undelete_domain(access=as_alder, domain=alder_domain)] * 4

    def guarded(act):
        def run():
            try:
                act()
            except Refused:
                raise
            except Exception as gone:  # noqa: BLE001 -- purged in between: 404
                raise Refused(type(gone).__name__, type(gone).__name__) from gone

        return run

    ends = at_once([guarded(act) for act in acts])
    assert ends["done"] == 4
    assert set(ends) <= {"done", "Http404", "domain_grace_over"}
    assert (Domain.objects.count(), used(alder)) == (0, 0)


def test_adding_aliases_while_the_target_is_removed_leaves_no_orphan(as_alder, alder, alder_domain):
    acts = [
        lambda n=n: add_domain(access=as_alder, name=f"alias{n}.example", alias_of=alder_domain)
        for n in range(6)
    ]
    ends = at_once([*acts, lambda: remove_domain(access=as_alder, domain=alder_domain)])
    alder_domain.refresh_from_db()
    aliases = Domain.objects.filter(alias_of=alder_domain).count()
    assert (alder_domain.is_removed, aliases) in {(True, 0), (False, 6)}
    assert sum(ends.values()) == 7
