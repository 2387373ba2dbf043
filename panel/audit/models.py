"""The audit trail."""

from typing import ClassVar

from django.db import models


class AuditEntry(models.Model):
    """Who did what to which object, from where, before and after. Append-only: the database refuses
    UPDATE and DELETE. Everything is a plain value, so that an entry outlives what it tells of."""

    at = models.DateTimeField(auto_now_add=True)
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

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["tenant_id", "-id"], name="audit_by_tenant"),
            models.Index(fields=["object_kind", "object_id", "-id"], name="audit_by_object"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_label} {self.action} {self.object_label}"
