"""What people type about mailboxes and their passwords."""

from decimal import Decimal
from typing import Any

from django import forms

from mailboxes.actions.mailboxes import MAX_NAME, Protocols
from mailboxes.forms.domains import InDomainForm
from mailboxes.models import Mailbox
from mailboxes.quotas import GIB
from panel.lib.forms import PanelForm, password_field

# What may be typed before the policy answers in words; it bounds what a form hands to the hash.


class MailboxForm(PanelForm):
    """What an admin may change about a mailbox. State, tenant and domain are no fields of it."""

    name = forms.CharField(
        label="Name of the person or place", max_length=MAX_NAME, required=False, help_text="As in Ola Nwosu."
    )
    # Named as the column, so that a refusal of the action finds it; typed in GB.
    quota_bytes = forms.DecimalField(
        label="Quota",
        min_value=0,
        max_digits=12,
        decimal_places=3,
        required=False,
        help_text="In GB. Empty means no limit, where no storage limit lies above.",
    )
    imap = forms.BooleanField(
        label="Mail apps (IMAP)", required=False, help_text="Reading mail on phones and computers."
    )
    smtp = forms.BooleanField(label="Sending from mail apps (SMTP)", required=False)
    pop3 = forms.BooleanField(label="Old mail apps (POP3)", required=False)
    sieve = forms.BooleanField(label="Rules from mail apps (ManageSieve)", required=False)

    def quota(self, before: int | None = None) -> int | None:
        """The quota in bytes. One that nobody touched keeps its bytes: the field shows a rounded figure."""
        typed: Decimal | None = self.cleaned_data["quota_bytes"]
        if typed is None:
            return None
        if before is not None and typed == in_gb(before):
            return before
        return int(typed * GIB)

    def protocols(self) -> Protocols:
        typed = self.cleaned_data
        return Protocols(typed["imap"], typed["pop3"], typed["smtp"], typed["sieve"])

    @staticmethod
    def initial_of(mailbox: Mailbox) -> dict[str, Any]:
        quota = mailbox.quota_bytes
        return {
            "name": mailbox.name,
            "quota_bytes": None if quota is None else in_gb(quota),
            "imap": mailbox.imap_enabled,
            "smtp": mailbox.smtp_enabled,
            "pop3": mailbox.pop3_enabled,
            "sieve": mailbox.sieve_enabled,
        }


class NewMailboxForm(InDomainForm, MailboxForm):
    local_part = forms.CharField(label="Before the @", max_length=64, help_text="Such as ola.")
    password = password_field(
        "Password",
        "new-password",
        required=False,
        help_text="Empty: we make one and show it once. Else at least 10 characters.",
    )
    field_order = ("local_part", "domain", "name", "quota_bytes", "password")


class SetPasswordForm(PanelForm):
    password = password_field(
        "New password",
        "new-password",
        required=False,
        help_text="Empty: we make one and show it once. Else at least 10 characters.",
    )


class ChangePasswordForm(PanelForm):
    old = password_field("Present password", "current-password")
    password = password_field(
        "New password", "new-password", help_text="At least 10 characters. A short sentence is good."
    )
    again = password_field("The new password again", "new-password")

    def clean_again(self) -> str:
        again: str = self.cleaned_data["again"]
        if again != self.cleaned_data.get("password"):
            raise forms.ValidationError(
                "The two are not the same. Type the new password twice.", code="again"
            )
        return again


def in_gb(quota_bytes: int) -> Decimal:
    return (Decimal(quota_bytes) / GIB).quantize(Decimal("0.001")).normalize()
