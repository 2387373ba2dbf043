"""The tree of tenants, who may act in it, and what it uses."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from panel.tenants.roles import Role


class TenantKind(models.TextChoices):
    OPERATOR = "operator", "Operator"
    RESELLER = "reseller", "Reseller"
    CLIENT = "client", "Client"


class Tenant(models.Model):
    """A node of the tree operator → resellers → (sub-resellers) → clients. A cap of null is no cap of
    its own, 0 allows none; the caps of all tenants above bind too."""

    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="children")
    kind = models.CharField(max_length=8, choices=TenantKind)
    name = models.CharField(max_length=120)
    # Lower-cased name: what lists sort and search by, with plain comparisons on any database.
    sort_name = models.CharField(max_length=120)
    # Where mail to postmaster@ and abuse@ of its domains goes, and who hears of trouble.
    contact_email = models.EmailField(max_length=254, blank=True)
    max_domains = models.PositiveIntegerField(null=True)
    max_mailboxes = models.PositiveIntegerField(null=True)
    max_aliases = models.PositiveIntegerField(null=True)
    max_storage_bytes = models.PositiveBigIntegerField(null=True)
    # Whether the sum of its children's caps may exceed its own; each child's cap never may.
    may_oversell = models.BooleanField(default=True)
    suspended_at = models.DateTimeField(null=True)
    suspended_reason = models.CharField(max_length=200, blank=True)
    # The tenant whose member suspended it: only from there or from above is it lifted again, so that
    # a reseller cannot undo what the operator did.
    suspended_from = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind"], condition=Q(kind="operator"), name="one_operator"),
            models.CheckConstraint(
                condition=~Q(kind="operator") | Q(suspended_at=None), name="the_operator_is_never_suspended"
            ),
            models.CheckConstraint(
                condition=Q(kind="operator", parent=None) | (~Q(kind="operator") & Q(parent__isnull=False)),
                name="only_the_operator_is_a_root",
            ),
            models.UniqueConstraint(fields=["parent", "sort_name"], name="one_tenant_name_per_parent"),
        ]
        indexes: ClassVar = [models.Index(fields=["sort_name", "id"], name="tenant_by_name")]

    def __str__(self) -> str:
        return self.name


class Ancestry(models.Model):
    """One row for each tenant and each tenant above it, itself included (distance 0). Written when a
    tenant is made; tenants never move. It makes "everything below" and "anything above" one index
    look-up for pages and for the mail servers alike."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="above")
    ancestor = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="below")
    distance = models.PositiveSmallIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "ancestor"], name="ancestry_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["ancestor", "tenant"], name="ancestry_below")]

    def __str__(self) -> str:
        return f"{self.tenant_id} under {self.ancestor_id}"


class Membership(models.Model):
    """A user's role in a tenant and in all tenants below it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=16, choices=[(role.value, role.label) for role in Role])
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "tenant"], name="one_membership_per_tenant"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} is {self.role} of {self.tenant_id}"


class UsageKind(models.TextChoices):
    DOMAINS = "domains", "Domains"
    MAILBOXES = "mailboxes", "Mailboxes"
    ALIASES = "aliases", "Aliases"
    # In bytes: the sum of the quotas promised to mailboxes.
    STORAGE = "storage", "Storage"
    # They promise no bytes, so they can only be where no storage cap lies above.
    UNMETERED = "unmetered", "Mailboxes without a quota"


class Usage(models.Model):
    """What a tenant and everything below it uses, by kind: the only figure that caps read. Moved
    under a row lock by `caps`, from the root to the leaf."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="usage")
    kind = models.CharField(max_length=10, choices=UsageKind)
    used = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            # Whoever gives back what was never taken is told so by the database.
            models.CheckConstraint(condition=Q(used__gte=0), name="usage_never_negative"),
            models.UniqueConstraint(fields=["tenant", "kind"], name="one_usage_per_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.tenant_id} {self.kind}: {self.used}"


class RevocationKind(models.TextChoices):
    # Forget a cached sign-in of Dovecot and end open sessions of one address.
    SIGN_IN = "sign_in", "End sign-ins"
    # The same for every address of a domain, or of all domains of a tenant and below.
    DOMAIN = "domain", "End sign-ins of a domain"
    TENANT = "tenant", "End sign-ins of a tenant"
    # Postfix remembers for the life of a process what kind of domain a name is.
    RELOAD = "reload", "Reload Postfix"
    # Mail that waits for the end of a suspension is tried at once.
    HELD = "held", "Release held mail"
    # Mail files of a purged mailbox or domain: `<domain id>/<mailbox id>` or `<domain id>`.
    FILES = "files", "Remove mail files"


class Revocation(models.Model):
    """An effect outside the database that must follow a change: written in the same transaction,
    done and retried by `panel.mailserver` until `done_at` is set."""

    kind = models.CharField(max_length=8, choices=RevocationKind)
    # The address, domain name, tenant id or path that it is about; empty for a reload.
    subject = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField(auto_now_add=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=Q(done_at=None), name="revocation_due"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
