"""Domains and who may manage a single one."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from domains.proof import CHALLENGE_LABEL
from domains.proof import ProofResult as ProofResult  # the column's values, for whoever reads the model
from panel.tenants.access import Access
from panel.tenants.models import Membership, Tenant
from panel.tenants.roles import Role


class DomainQuerySet(models.QuerySet["Domain"]):
    def of(self, access: Access) -> Self:
        """The domains that `access` may see: its tenant's and those below, or the granted ones."""
        if access.role is Role.DOMAIN_MANAGER:
            return self.filter(tenant_id__in=access.tenant_ids(), grants__membership=access.membership)
        if access.sees_everything:
            return self
        return self.filter(tenant_id__in=access.tenant_ids())


class Domain(models.Model):
    """An IDNA A-label that a tenant claims, and owns once its proof was seen. Several tenants may
    claim a name; among proved domains it is unique. With `alias_of`, every address in it maps to the
    same local part of that domain, which belongs to the same tenant."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="domains")
    # Lower-case A-label without a trailing dot, normalised by panel.lib.addresses.
    name = models.CharField(max_length=253)
    alias_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="alias_domains")
    created_at = models.DateTimeField(auto_now_add=True)

    # The claim: `_posthouse-challenge.NAME TXT "<proof_token>"`, 128 random bits in hex.
    proof_token = models.CharField(max_length=32)
    claim_expires_at = models.DateTimeField(null=True)
    proved_at = models.DateTimeField(null=True)
    # The operator vouched for it instead of a DNS proof.
    is_vouched = models.BooleanField(default=False)
    proof_result = models.CharField(
        max_length=8, choices=[(result.value, result.label) for result in ProofResult], blank=True, default=""
    )
    # What DNS answered, as shown to people: untrusted text, cut.
    proof_seen = models.CharField(max_length=500, blank=True)
    proof_checked_at = models.DateTimeField(null=True)
    proof_attempts = models.PositiveIntegerField(default=0)
    # When the next check is due; null when none is.
    proof_due_at = models.DateTimeField(null=True)
    proof_lease_until = models.DateTimeField(null=True)

    suspended_at = models.DateTimeField(null=True)
    suspended_reason = models.CharField(max_length=200, blank=True)
    # The role of who suspended it: only as strong a role may lift it.
    suspended_role = models.CharField(max_length=16, blank=True)
    # Removed: carries no mail, can be brought back until `purge_at`.
    removed_at = models.DateTimeField(null=True)
    purge_at = models.DateTimeField(null=True)
    # Another tenant proved the name during the grace, which then ends after 72 hours, with a notice.
    contested_at = models.DateTimeField(null=True)
    contest_noticed_at = models.DateTimeField(null=True)

    objects = DomainQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "name"], name="one_claim_per_tenant"),
            models.UniqueConstraint(
                fields=["name"], condition=Q(proved_at__isnull=False), name="one_owner_per_name"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["name", "id"], name="domain_by_name"),
            models.Index(fields=["tenant", "name", "id"], name="domain_by_tenant"),
            models.Index(
                fields=["proof_due_at"], condition=Q(proof_due_at__isnull=False), name="domain_proof_due"
            ),
            models.Index(fields=["purge_at"], condition=Q(purge_at__isnull=False), name="domain_purge"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_proved(self) -> bool:
        return self.proved_at is not None

    @property
    def is_removed(self) -> bool:
        return self.removed_at is not None

    @property
    def is_suspended(self) -> bool:
        return self.suspended_at is not None

    @property
    def challenge_name(self) -> str:
        """The absolute name of the TXT record that proves the ownership, without the last dot."""
        return f"{CHALLENGE_LABEL}.{self.name}"


class DomainGrant(models.Model):
    """A named domain that a domain manager may manage."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="domain_grants")
    domain = models.ForeignKey(Domain, on_delete=models.CASCADE, related_name="grants")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["membership", "domain"], name="one_grant_per_domain"),
        ]

    def __str__(self) -> str:
        return f"{self.membership_id} manages {self.domain_id}"
