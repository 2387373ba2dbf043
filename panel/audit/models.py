"""The audit trail."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

# The digest before the first entry of a chain.
NO_DIGEST = "0" * 64


class AuditHead(models.Model):
    """Where the chain of a tenant ends: how many entries it has and the digest of the last one. Moved by
    `log.record` under a row lock, one forward at a time; the database refuses anything else."""

    # The tenant's key, or 0 for the chain of what belongs to no tenant.
    chain = models.BigIntegerField(primary_key=True)
    sequence = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, default=NO_DIGEST)

    def __str__(self) -> str:
        return f"chain {self.chain} ends at {self.sequence}"


class AuditEntry(models.Model):
    """Who did what to which object, from where, before and after. Append-only: the database refuses
    UPDATE and DELETE. Everything is a plain value, so that an entry outlives what it tells of. Each entry
    holds the digest of the one before it in its tenant's chain, so none can be changed or left out
    unseen (`manage.py verify_audit`)."""

    at = models.DateTimeField(default=timezone.now)
    # The tenant whose trail this is; null for what belongs to none (a failed sign-in).
    tenant_id = models.BigIntegerField(null=True)
    actor_kind = models.CharField(max_length=16)
    actor_id = models.BigIntegerField(null=True)
    actor_label = models.CharField(max_length=320)
    # `noun.verb`, such as `domain.add`.
    action = models.CharField(max_length=64)
    object_kind = models.CharField(max_length=32)
    object_id = models.BigIntegerField(null=True)
    object_label = models.CharField(max_length=320)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    address = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=32, blank=True)
    # The place in the tenant's chain, from 1, and the digest of the entry before it.
    sequence = models.BigIntegerField()
    previous = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant_id", "sequence"], name="one_place_in_the_chain"),
            models.UniqueConstraint(
                fields=["sequence"], condition=Q(tenant_id=None), name="one_place_outside_tenants"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["tenant_id", "-id"], name="audit_by_tenant"),
            models.Index(fields=["object_kind", "object_id", "-id"], name="audit_by_object"),
            # What the page of the trail filters by; each is asked together with the tenants.
            models.Index(fields=["actor_label", "-id"], name="audit_by_actor"),
            models.Index(fields=["action", "-id"], name="audit_by_action"),
            models.Index(fields=["object_label", "-id"], name="audit_by_label"),
            models.Index(fields=["at"], name="audit_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_label} {self.action} {self.object_label}"
