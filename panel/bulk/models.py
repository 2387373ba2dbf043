"""A bulk change, and each row that it is about."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from panel.tenants.access import Access
from panel.tenants.models import Tenant
from panel.tenants.roles import Role


class JobState(models.TextChoices):
    RUNNING = "running", "Running"
    # By a person, who may let it go on until the rows are forgotten.
    STOPPED = "stopped", "Stopped"
    DONE = "done", "Done"


class JobQuerySet(models.QuerySet["Job"]):
    def of(self, access: Access) -> Self:
        """The jobs of the tenant and of those below. What others change is not shown to a domain manager: it
        may be about domains that are not theirs."""
        found = self.filter(tenant_id__in=access.tenant_ids())
        return found.filter(user_id=access.actor.id) if access.role is Role.DOMAIN_MANAGER else found


class Job(models.Model):
    """One act on many rows, frozen at its start. It is done row by row with the rights that its person has
    at that moment, each row in a transaction of its own that holds this one first."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="jobs")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="jobs")
    # Made with the page that asks for confirmation: a form that is sent twice starts one job.
    key = models.UUIDField()
    # A key of `acts.ACTS`, and what it needs to know.
    act = models.CharField(max_length=16)
    parameters = models.JSONField(default=dict)
    undo_of = models.OneToOneField("self", on_delete=models.CASCADE, null=True, related_name="undo")
    state = models.CharField(max_length=8, choices=JobState, default=JobState.RUNNING)
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    # Where it was asked for, for the audit entries of its rows.
    address = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # A worker is at it until then; when that passes, another one takes over.
    lease_until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    # Until then the rows are kept and what was done can be undone; null while it runs and once they are gone.
    undo_until = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "key"], name="one_job_per_key"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["tenant", "-id"], name="job_by_tenant"),
            models.Index(fields=["user"], condition=Q(state="running"), name="job_running"),
            models.Index(fields=["undo_until"], condition=Q(undo_until__isnull=False), name="job_undoable"),
        ]

    def __str__(self) -> str:
        return f"{self.act} of {self.total}"

    @property
    def is_running(self) -> bool:
        return self.state == JobState.RUNNING

    @property
    def is_stopped(self) -> bool:
        return self.state == JobState.STOPPED

    @property
    def handled(self) -> int:
        return self.done + self.skipped + self.refused

    @property
    def untouched(self) -> int:
        return self.total - self.handled

    @property
    def has_rows(self) -> bool:
        """Whether its rows are still kept."""
        return self.is_running or self.undo_until is not None

    @property
    def is_undoable(self) -> bool:
        """Whether it could be undone, were it not undone already. An undo itself cannot."""
        return (
            self.undo_of_id is None
            and self.done > 0
            and self.undo_until is not None
            and self.undo_until > timezone.now()
        )


class ItemState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    DONE = "done", "Changed"
    # There was nothing to do.
    SKIPPED = "skipped", "Left alone"
    REFUSED = "refused", "Refused"


class JobItem(models.Model):
    """One row of a job. Not a foreign key: what it is about may be purged before."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="items")
    object_id = models.BigIntegerField()
    # The address when the job began.
    label = models.CharField(max_length=318)
    state = models.CharField(max_length=8, choices=ItemState, default=ItemState.WAITING)
    reason = models.CharField(max_length=300, blank=True)
    # What the act changed. In a job that undoes, what its model did.
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["job", "object_id"], name="one_item_per_object"),
        ]
        indexes: ClassVar = [models.Index(fields=["job", "state", "id"], name="item_by_state")]

    def __str__(self) -> str:
        return self.label
