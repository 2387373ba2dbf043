"""Claim a name, have its proof looked for, or vouch for it."""

import secrets
from datetime import timedelta
from functools import partial
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone

from domains import tasks
from domains.actions.alias_domains import check_target
from domains.actions.rows import lock_domain, record, refuse_removed
from domains.models import Domain
from domains.ownership import CLAIM_LIFE, Outcome, is_held_above, take_ownership
from panel.environment import environment
from panel.lib.addresses import check_claimable, display_domain, normalise_domain
from panel.lib.errors import Refused
from panel.tenants import caps
from panel.tenants.access import Access
from panel.tenants.models import UsageKind
from panel.tenants.roles import Permission

# Nobody parks on names: so many may wait for their proof at a time.
MAX_OPEN_CLAIMS = 50
# A button pressed again and again asks DNS no faster than this.
CHECK_PAUSE = timedelta(seconds=5)


@transaction.atomic
def add_domain(*, access: Access, name: str, alias_of: Domain | None = None) -> Domain:
    """The claim of `access.tenant` to `name`, as typed. It carries no mail until its proof is seen.

    Raises `Refused` about `name` (whatever `panel.lib.addresses` refuses, domain_ours,
    domain_below_another, domain_claimed, domain_removed, domain_too_many_claims), about `alias_of`
    (alias_*), or cap_reached.
    """
    access.require(Permission.DOMAIN_ADD)
    normal = _claimable(name)
    if is_held_above(normal, access.tenant.pk):
        message = f"{display_domain(normal)} cannot be added here. Ask your provider if it is yours."
        raise Refused(message, "domain_below_another", "name")
    if alias_of is not None:
        # Locked before the usage rows, as in every action on a domain.
        alias_of = lock_domain(access, alias_of, Permission.DOMAIN_ADD)
        check_target(access.tenant.pk, alias_of)
    caps.take(access.tenant, UsageKind.DOMAINS)
    _refuse_repeated(access, normal)
    now = timezone.now()
    domain = Domain.objects.create(
        tenant=access.tenant,
        name=normal,
        alias_of=alias_of,
        proof_token=secrets.token_hex(16),
        claim_expires_at=now + CLAIM_LIFE,
        proof_due_at=now,
    )
    record(
        "domain.add",
        domain,
        access,
        after={"name": normal, "alias_of": alias_of.name if alias_of else None},
    )
    _ring(domain)
    return domain


@transaction.atomic
def request_check(*, access: Access, domain: Domain) -> bool:
    """Have the proof looked for now, or in a few seconds where it was just looked for. Always true."""
    domain = lock_domain(access, domain, Permission.DOMAIN_EDIT)
    refuse_removed(domain)
    if domain.is_proved:
        message = f"{display_domain(domain.name)} is proved already."
        raise Refused(message, "domain_proved")
    now = timezone.now()
    checked_at = domain.proof_checked_at
    due_at = now if checked_at is None else max(now, checked_at + CHECK_PAUSE)
    if due_at > now and domain.proof_due_at is not None and domain.proof_due_at <= due_at:
        # Pressed again and again: the check is planned.
        return True
    domain.proof_due_at, domain.proof_attempts = due_at, 0
    domain.save(update_fields=["proof_due_at", "proof_attempts"])
    record("domain.check", domain, access)
    _ring(domain, delay=due_at - now)
    return True


@transaction.atomic
def vouch_for(*, access: Access, domain: Domain) -> Domain:
    """Take the operator's word for the ownership instead of a record in DNS. Raises `Refused`
    (domain_proved, domain_removed, domain_owned)."""
    access.require(Permission.DOMAIN_VOUCH)
    refuse_removed(domain)
    if not Domain.objects.of(access).filter(pk=domain.pk).exists():
        message = "This domain is gone."
        raise Refused(message, "domain_gone")
    outcome = take_ownership(domain.pk, actor=access.actor, action="domain.vouch")
    if outcome is Outcome.NOTHING:
        message = f"{display_domain(domain.name)} is proved already."
        raise Refused(message, "domain_proved")
    if outcome is not Outcome.PROVED:
        message = (
            f"Another tenant holds {display_domain(domain.name)} or a name above it. It must be removed there"
            " first, and its grace period be over."
        )
        raise Refused(message, "domain_owned")
    domain.refresh_from_db()
    return domain


def _claimable(text: str) -> str:
    try:
        normal = normalise_domain(text)
        check_claimable(normal)
    except Refused as refused:
        raise refused.at("name") from None
    own = {environment.mail_host.lower(), (urlsplit(environment.panel_url).hostname or "").lower()}
    if normal in own:
        message = f"{display_domain(normal)} is the name of this server and cannot carry mail as a domain."
        raise Refused(message, "domain_ours", "name")
    return normal


def _refuse_repeated(access: Access, name: str) -> None:
    """Called under the lock of the tenant's usage row: nobody else adds to this tenant meanwhile."""
    existing = Domain.objects.filter(tenant=access.tenant, name=name).first()
    if existing is not None and existing.is_removed:
        message = f"{display_domain(name)} was removed and can be brought back: it is in the list of removed domains."
        raise Refused(message, "domain_removed", "name")
    if existing is not None:
        message = f"{display_domain(name)} is in your list already."
        raise Refused(message, "domain_claimed", "name")
    if Domain.objects.filter(tenant=access.tenant, proved_at=None).count() >= MAX_OPEN_CLAIMS:
        message = f"{MAX_OPEN_CLAIMS} domains wait for their proof. Prove or remove some of them first."
        raise Refused(message, "domain_too_many_claims", "name")


def _ring(domain: Domain, *, delay: timedelta = timedelta(0)) -> None:
    ring = partial(tasks.ring, domain.pk, delay_seconds=delay.total_seconds())
    transaction.on_commit(ring, robust=True)
