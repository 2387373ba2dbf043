"""Addresses, and what hangs on them: mailboxes, aliases, targets, rights to send."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from domains.models import Domain
from panel.tenants.access import Access


class AddressKind(models.TextChoices):
    MAILBOX = "mailbox", "Mailbox"
    ALIAS = "alias", "Alias"
    # Kept free: the name that a mailbox gave up, so that nobody else gets its mail.
    RESERVED = "reserved", "Reserved"


class Address(models.Model):
    """One row per name in a domain. The empty local part is the catch-all of the domain."""

    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, related_name="addresses")
    kind = models.CharField(max_length=8, choices=AddressKind)
    local_part = models.CharField(max_length=64, blank=True)
    # `local_part@domain` in lower case with an A-label: the key of every question of the mail servers.
    address = models.CharField(max_length=318, unique=True)
    # Of a reserved name: when it is free for others, and the mailbox that had it and may take it back.
    reserved_until = models.DateTimeField(null=True)
    reserved_for = models.ForeignKey(
        "mailboxes.Mailbox", on_delete=models.CASCADE, null=True, related_name="former_names"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["domain", "local_part"], name="one_address_per_name"),
            models.CheckConstraint(condition=~Q(local_part__contains="+"), name="address_without_plus"),
        ]
        # A list shows one kind in the order of the addresses, of all or of one domain.
        indexes: ClassVar = [
            models.Index(fields=["kind", "address"], name="address_by_kind"),
            models.Index(fields=["domain", "kind", "address"], name="address_in_domain"),
            models.Index(
                fields=["reserved_until"],
                condition=Q(reserved_until__isnull=False),
                name="address_reserved",
            ),
        ]

    def __str__(self) -> str:
        return self.address


class MailboxState(models.TextChoices):
    ACTIVE = "active", "Active"
    # Takes mail, but nobody signs in.
    RECEIVE_ONLY = "receive_only", "Receives only"
    # Neither: senders get 550.
    OFF = "off", "Off"
    # Like off, and gone for good at `purge_at`.
    DELETED = "deleted", "Deleted"


class MailboxQuerySet(models.QuerySet["Mailbox"]):
    def of(self, access: Access) -> Self:
        if access.sees_everything:
            return self
        return self.filter(address__domain__in=Domain.objects.of(access))


class Mailbox(models.Model):
    """An address that signs in and stores mail in `mail/<domain id>/<mailbox id>`."""

    address = models.OneToOneField(Address, on_delete=models.PROTECT, related_name="mailbox")
    name = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=12, choices=MailboxState, default=MailboxState.ACTIVE)
    # `{SCHEME}hash` as Dovecot reads it.
    password_hash = models.CharField(max_length=255)
    password_changed_at = models.DateTimeField()
    # Null is no quota, allowed only where no storage cap lies above.
    quota_bytes = models.PositiveBigIntegerField(null=True)
    imap_enabled = models.BooleanField(default=True)
    pop3_enabled = models.BooleanField(default=True)
    smtp_enabled = models.BooleanField(default=True)
    sieve_enabled = models.BooleanField(default=True)
    # The highest of 80 and 95 per cent that its user was told of; falls back as mail is deleted.
    quota_warned_percent = models.PositiveSmallIntegerField(default=0)
    # Somebody writes the notice now; a notice that was not marked as sent by then is sent again.
    quota_notice_lease_until = models.DateTimeField(null=True)
    # The principal of the person who signs in with this mailbox; made at the first sign-in.
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="mailbox"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    # The state that an undelete brings back.
    state_before_deletion = models.CharField(max_length=12, blank=True)
    deleted_at = models.DateTimeField(null=True)
    purge_at = models.DateTimeField(null=True)

    objects = MailboxQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["purge_at"], condition=Q(purge_at__isnull=False), name="mailbox_purge"),
            models.Index(fields=["state"], name="mailbox_by_state"),
        ]

    def __str__(self) -> str:
        return self.address.address


class AliasQuerySet(models.QuerySet["Alias"]):
    def of(self, access: Access) -> Self:
        if access.sees_everything:
            return self
        return self.filter(address__domain__in=Domain.objects.of(access))


class Alias(models.Model):
    """An address that delivers to its targets. With an empty local part it is a catch-all."""

    address = models.OneToOneField(Address, on_delete=models.CASCADE, related_name="alias")
    comment = models.CharField(max_length=200, blank=True)
    is_enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AliasQuerySet.as_manager()

    def __str__(self) -> str:
        return self.address.address


class Target(models.Model):
    """One destination of an alias, or of a mailbox that forwards. A forwarding mailbox that keeps a
    copy has itself among its targets."""

    address = models.ForeignKey(Address, on_delete=models.CASCADE, related_name="targets")
    destination = models.CharField(max_length=318)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["address", "destination"], name="one_target_per_destination"),
        ]
        indexes: ClassVar = [models.Index(fields=["destination"], name="target_by_destination")]

    def __str__(self) -> str:
        return f"{self.address_id} to {self.destination}"


class SendAs(models.Model):
    """An explicit right of a mailbox to use another address as envelope sender."""

    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="send_as")
    # An address in a domain of the mailbox's own tenant.
    sender = models.CharField(max_length=318)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["mailbox", "sender"], name="one_right_per_sender"),
        ]
        indexes: ClassVar = [models.Index(fields=["sender"], name="send_as_by_sender")]

    def __str__(self) -> str:
        return f"{self.mailbox_id} as {self.sender}"


class Vacation(models.Model):
    """The vacation reply of a mailbox. Dovecot reads it through the contract, which puts the addresses
    that lead to the mailbox between its compiled pieces; nothing of it lies in the mailbox's folder."""

    mailbox = models.OneToOneField(Mailbox, on_delete=models.CASCADE, related_name="vacation")
    is_on = models.BooleanField(default=False)
    # As typed: whole days in `time_zone`; without a last day it goes on until somebody ends it.
    first_day = models.DateField()
    last_day = models.DateField(null=True)
    time_zone = models.CharField(max_length=64)
    subject = models.CharField(max_length=200, blank=True)
    message = models.TextField(blank=True)
    # The same days as moments; the end is the first moment after.
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    # Pieces of the script (mailboxes.vacations).
    phrase = models.TextField(blank=True)
    answer = models.TextField()
    # What was before the last change, and its number, by which an undo knows that nothing came between.
    previous = models.JSONField(null=True)
    version = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"vacation reply of {self.mailbox_id}"


class MailUsage(models.Model):
    """What Dovecot tells: last sign-in and used bytes by address. On SQLite a database file of its
    own (settings.USAGE_DATABASE), which Dovecot may write."""

    username = models.CharField(max_length=318, primary_key=True)
    # Seconds since the epoch.
    last_sign_in = models.BigIntegerField(null=True)
    used_bytes = models.BigIntegerField(null=True)
    used_messages = models.BigIntegerField(null=True)

    class Meta:
        db_table = "mail_usage"

    def __str__(self) -> str:
        return self.username
