"""What happens to domains by itself: checks of proofs, ends of claims and of grace periods.

Each job claims its row first, so that running it twice, or killing it half-way, changes nothing twice.
"""

import logging
from datetime import datetime, timedelta

from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, Q, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone

from domains import dns
from domains.circles import lock_graph
from domains.models import Domain, ProofResult
from domains.ownership import lock_claims, take_ownership, wake_waiting_claims
from domains.proof import Verdict, delay_seconds
from domains.sources import forget_domain
from panel.audit import log
from panel.audit.actor import SYSTEM
from panel.lib.addresses import display_domain
from panel.tenants import caps
from panel.tenants.models import Revocation, RevocationKind, UsageKind

logger = logging.getLogger(__name__)

# Longer than a check can take (dns.BUDGET_SECONDS), so that no two look at one claim.
LEASE = timedelta(seconds=60)
BATCH = 200


def due_proofs() -> list[int]:
    """Claims whose check is due and that nobody looks at now."""
    return list(_due(timezone.now()).order_by("proof_due_at").values_list("pk", flat=True)[:BATCH])


def check_proof(pk: int) -> bool:
    """Look for the proof of one claim and write what was found; whether it was this call's to do."""
    now = timezone.now()
    lease = now + LEASE
    if _due(now).filter(pk=pk).update(proof_lease_until=lease) != 1:
        return False
    domain = Domain.objects.get(pk=pk)
    verdict = dns.look_for_proof(domain.name, domain.proof_token)
    try:
        return _write(domain, lease, verdict)
    except IntegrityError:
        # Somebody was first in the same moment, against all locks: the next check tells it.
        logger.warning("two proofs of %s met", domain.name)
        return False


def expire_claims() -> int:
    """Delete claims that nobody proved in time, and give their caps back; how many."""
    now = timezone.now()
    expired = Domain.objects.filter(proved_at=None, claim_expires_at__lte=now)
    expired = expired.filter(Q(proof_lease_until=None) | Q(proof_lease_until__lt=now))
    return sum(_delete(pk, "domain.expire", expired) for pk in expired.values_list("pk", flat=True)[:BATCH])


def purge_removed() -> int:
    """Delete domains whose grace is over and that hold no address any more; how many. An alias domain
    goes before the domain that it points to."""
    due = Domain.objects.filter(removed_at__isnull=False, purge_at__lte=timezone.now())
    keys = due.order_by("alias_of").values_list("pk", "alias_of")[:BATCH]
    first = sorted(keys, key=lambda row: row[1] is None)
    return sum(_delete(pk, "domain.purge", due) for pk, _ in first)


def send_notices() -> None:
    """Tell tenants whose removed domain another tenant has proved. A mail that is refused is tried again."""
    open_ = Domain.objects.filter(
        contested_at__isnull=False, contest_noticed_at=None, removed_at__isnull=False
    )
    for pk in open_.values_list("pk", flat=True)[:BATCH]:
        _notice(pk)


def _due(now: datetime) -> QuerySet[Domain]:
    free = Q(proof_lease_until=None) | Q(proof_lease_until__lt=now)
    return Domain.objects.filter(free, proved_at=None, removed_at=None, proof_due_at__lte=now)


@transaction.atomic
def _write(domain: Domain, lease: datetime, verdict: Verdict) -> bool:
    if verdict.result == ProofResult.OK:
        lock_graph()
    lock_claims(domain.pk)
    now = timezone.now()
    checks = domain.proof_attempts + 1
    mine = Domain.objects.filter(pk=domain.pk, proof_lease_until=lease, proved_at=None)
    is_mine = mine.update(
        proof_result=verdict.result,
        proof_seen=verdict.seen,
        proof_checked_at=now,
        proof_attempts=checks,
        proof_due_at=now + timedelta(seconds=delay_seconds(checks)),
        proof_lease_until=None,
    )
    if is_mine and verdict.result == ProofResult.OK:
        take_ownership(domain.pk, actor=SYSTEM, action="domain.prove")
    return bool(is_mine)


def _delete(pk: int, action: str, allowed: QuerySet[Domain]) -> bool:
    try:
        with transaction.atomic():
            lock_claims(pk)
            domain = (
                allowed.select_for_update(no_key=True, of=("self",))
                .select_related("tenant")
                .filter(pk=pk)
                .first()
            )
            if domain is None:
                return False
            delete_row(domain)
            log.record(
                action,
                actor=SYSTEM,
                tenant_id=domain.tenant_id,
                obj=("domain", pk, domain.name),
                before={"name": domain.name},
            )
    except (ProtectedError, IntegrityError):
        # Its addresses are purged by the app above; the next sweep finds the domain empty.
        return False
    return True


def delete_row(domain: Domain) -> None:
    """Delete the row, give its cap back and let its mail files go. Must be called inside a transaction;
    raises `ProtectedError` while an address or an alias domain stands."""
    pk, was_proved = domain.pk, domain.is_proved
    caps.give(domain.tenant, UsageKind.DOMAINS)
    if was_proved:
        forget_domain(domain)
    domain.delete()
    if was_proved:
        Revocation.objects.create(kind=RevocationKind.FILES, subject=str(pk))
        wake_waiting_claims(domain.name)


def _notice(pk: int) -> None:
    waiting = Domain.objects.filter(pk=pk, contest_noticed_at=None)
    if waiting.update(contest_noticed_at=timezone.now()) != 1:
        return
    domain = Domain.objects.select_related("tenant").get(pk=pk)
    if not domain.tenant.contact_email:
        return
    name = display_domain(domain.name)
    text = render_to_string("domains/grace_ends.txt", {"domain": domain, "name": name})
    try:
        send_mail(f"{name} will be gone for good", text, None, [domain.tenant.contact_email])
    except OSError:
        logger.warning("the notice about %s was not sent, it is tried again", domain.name)
        Domain.objects.filter(pk=pk).update(contest_noticed_at=None)
