"""Who owns a name: the moment in which a claim becomes the proved domain of one tenant."""

from datetime import timedelta
from enum import StrEnum

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from domains.circles import check_alias_domain, lock_graph
from domains.models import Domain
from panel.audit import log
from panel.audit.actor import SYSTEM, Actor
from panel.lib.addresses import parents_of
from panel.lib.errors import Refused
from panel.tenants.models import Revocation, RevocationKind

CLAIM_LIFE = timedelta(days=7)
# A fresh proof by another tenant ends a domain's grace after this long, with a notice.
CONTESTED_GRACE = timedelta(hours=72)


class Outcome(StrEnum):
    PROVED = "proved"
    # Proved before, removed or gone: there is nothing to do.
    NOTHING = "nothing"
    # Another tenant has proved it, or a name above it.
    TAKEN = "taken"
    # Another tenant removed it and may still bring it back.
    IN_GRACE = "in_grace"


def is_held_above(name: str, tenant_id: int) -> bool:
    """Whether `name` lies below a name that another tenant has proved, its grace included."""
    above = Domain.objects.filter(name__in=parents_of(name), proved_at__isnull=False)
    return above.exclude(tenant_id=tenant_id).exists()


def holder_of(domain: Domain) -> Domain | None:
    """The proved domain of this name, if it is another row."""
    return Domain.objects.filter(name=domain.name, proved_at__isnull=False).exclude(pk=domain.pk).first()


def take_ownership(pk: int, *, actor: Actor, action: str) -> Outcome:
    """Make the claim `pk` the proved domain, if nobody else has it. Must be called inside a transaction.

    All claims of the name are locked in one order, so that two proofs at once queue up; the unique
    constraint `one_owner_per_name` stands behind that. Whoever locks claims before this locks the graph first.
    """
    lock_graph()
    rows = lock_claims(pk)
    claim = rows.get(pk)
    if claim is None or claim.is_proved or claim.is_removed:
        return Outcome.NOTHING
    holder = next((row for row in rows.values() if row.is_proved), None)
    if holder is not None and holder.is_removed:
        _contest(holder, claim, actor)
        return Outcome.IN_GRACE
    if holder is not None or is_held_above(claim.name, claim.tenant_id):
        return Outcome.TAKEN
    _prove(claim, actor, action)
    return Outcome.PROVED


def lock_claims(pk: int) -> dict[int, Domain]:
    """All rows of the name of `pk`, locked in one order: whoever is to touch more than one of them
    begins here, or two would wait for each other."""
    name = Domain.objects.filter(pk=pk).values_list("name", flat=True).first()
    claims = Domain.objects.select_for_update(no_key=True).filter(name=name).order_by("pk")
    return {claim.pk: claim for claim in claims}


def wake_waiting_claims(name: str) -> None:
    """The name became free: who waits for it is checked again now."""
    Domain.objects.filter(name=name, proved_at=None, removed_at=None).update(
        proof_due_at=timezone.now(), proof_attempts=0
    )


def _prove(claim: Domain, actor: Actor, action: str) -> None:
    claim.proved_at = timezone.now()
    claim.is_vouched = action == "domain.vouch"
    claim.claim_expires_at = claim.proof_due_at = claim.proof_lease_until = None
    claim.save(
        update_fields=["proved_at", "is_vouched", "claim_expires_at", "proof_due_at", "proof_lease_until"]
    )
    # smtpd remembers for its whole life that a name was none of ours.
    Revocation.objects.create(kind=RevocationKind.RELOAD, subject="")
    log.record(
        action,
        actor=actor,
        tenant_id=claim.tenant_id,
        obj=("domain", claim.pk, claim.name),
        before={"proved": False},
        after={"proved": True},
    )
    _end_circle(claim)


def _end_circle(claim: Domain) -> None:
    """Targets may have been set while the claim of an alias domain waited, so that its mail would now go
    round in a circle. The proof is good, so the domain stands for itself until its owner says more."""
    if claim.alias_of is None:
        return
    try:
        with transaction.atomic():
            check_alias_domain(claim)
    except Refused as refused:
        before, claim.alias_of = claim.alias_of.name, None
        claim.save(update_fields=["alias_of"])
        log.record(
            "domain.edit",
            actor=SYSTEM,
            tenant_id=claim.tenant_id,
            obj=("domain", claim.pk, claim.name),
            before={"alias_of": before},
            after={"alias_of": None, "reason": refused.message},
        )


def _contest(holder: Domain, claim: Domain, actor: Actor) -> None:
    """Shorten the holder's grace once, and keep the claim alive until it is over."""
    now = timezone.now()
    if holder.contested_at is None:
        holder.contested_at = now
        purge_at = holder.purge_at or now
        holder.purge_at = min(purge_at, now + CONTESTED_GRACE)
        holder.save(update_fields=["contested_at", "purge_at"])
        log.record(
            "domain.contest",
            actor=actor,
            tenant_id=holder.tenant_id,
            obj=("domain", holder.pk, holder.name),
            before={"purge_at": purge_at.isoformat()},
            after={"purge_at": holder.purge_at.isoformat()},
        )
    until = (holder.purge_at or now) + CLAIM_LIFE
    Domain.objects.filter(pk=claim.pk).filter(Q(claim_expires_at__lt=until)).update(claim_expires_at=until)
