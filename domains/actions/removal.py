"""Remove a domain, and bring it back within the grace period."""

from datetime import timedelta

from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone

from domains.actions.rows import lock_domain, record
from domains.jobs import delete_row
from domains.models import Domain
from panel.environment import environment
from panel.lib.addresses import display_domain
from panel.lib.errors import Refused
from panel.tenants.access import Access
from panel.tenants.models import Revocation, RevocationKind
from panel.tenants.roles import Permission


@transaction.atomic
def remove_domain(*, access: Access, domain: Domain) -> bool:
    """Stop the domain at once; it can be brought back for POSTHOUSE_GRACE_DAYS. A claim that nobody
    proved holds nothing, so it is deleted. Always true. Raises `Refused` (domain_removed,
    domain_has_aliases, domain_suspended_above)."""
    domain = lock_domain(access, domain, Permission.DOMAIN_REMOVE)
    if domain.is_removed:
        message = f"{display_domain(domain.name)} is removed already."
        raise Refused(message, "domain_removed")
    _refuse_with_aliases(domain)
    if not domain.is_proved:
        pk = domain.pk
        _delete_claim(domain)
        domain.pk = pk  # the trail tells of the row that was
        record("domain.remove", domain, access, before={"name": domain.name, "proved": False})
        return True
    now = timezone.now()
    domain.removed_at, domain.purge_at = now, now + timedelta(days=environment.grace_days)
    domain.save(update_fields=["removed_at", "purge_at"])
    Revocation.objects.create(kind=RevocationKind.DOMAIN, subject=domain.name)
    # Its mail may live elsewhere from now on: smtpd must forget that the name was ours.
    Revocation.objects.create(kind=RevocationKind.RELOAD, subject="")
    record(
        "domain.remove",
        domain,
        access,
        before={"removed": False},
        after={"removed": True, "purge_at": domain.purge_at.isoformat()},
    )
    return True


@transaction.atomic
def undelete_domain(*, access: Access, domain: Domain) -> Domain:
    """Everything in it is back as it was. Raises `Refused` (domain_not_removed, domain_grace_over,
    alias_unproved)."""
    domain = lock_domain(access, domain, Permission.DOMAIN_REMOVE)
    if not domain.is_removed:
        message = f"{display_domain(domain.name)} is not removed."
        raise Refused(message, "domain_not_removed")
    if domain.purge_at is None or domain.purge_at <= timezone.now():
        message = (
            f"The time to bring {display_domain(domain.name)} back is over. Add it again as a new domain."
        )
        raise Refused(message, "domain_grace_over")
    if domain.alias_of is not None and domain.alias_of.is_removed:
        message = f"It is an alias of {display_domain(domain.alias_of.name)}. Bring that one back first."
        raise Refused(message, "alias_unproved")
    domain.removed_at = domain.purge_at = domain.contested_at = domain.contest_noticed_at = None
    domain.save(update_fields=["removed_at", "purge_at", "contested_at", "contest_noticed_at"])
    Revocation.objects.create(kind=RevocationKind.RELOAD, subject="")
    record("domain.undelete", domain, access, before={"removed": True}, after={"removed": False})
    return domain


def _refuse_with_aliases(domain: Domain) -> None:
    names = [
        display_domain(name)
        for name in domain.alias_domains.filter(removed_at=None)
        .order_by("name")
        .values_list("name", flat=True)[:5]
    ]
    if names:
        message = (
            f"{', '.join(names)} lead{'s' if len(names) == 1 else ''} to {display_domain(domain.name)}."
            " Remove the alias domains first."
        )
        raise Refused(message, "domain_has_aliases")


def _delete_claim(domain: Domain) -> None:
    try:
        delete_row(domain)
    except ProtectedError:
        message = f"{display_domain(domain.name)} still has addresses. Delete them first."
        raise Refused(message, "domain_has_addresses") from None
