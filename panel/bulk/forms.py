"""What people choose for many mailboxes at once."""

from decimal import Decimal
from typing import Any

from django import forms

from mailboxes.quotas import GIB
from panel.bulk.acts import PROTOCOL_WORDS
from panel.lib.forms import PanelForm


class BulkForm(PanelForm):
    """Deleting and bringing back need nothing more than this."""

    # Both hidden: a form that is sent twice starts one job, about as many mailboxes as its page told.
    key = forms.UUIDField()
    expected = forms.IntegerField(min_value=1)

    def parameters(self) -> dict[str, Any]:
        return {}


class QuotaForm(BulkForm):
    quota_bytes = forms.DecimalField(
        label="Quota of each",
        min_value=0,
        max_digits=12,
        decimal_places=3,
        required=False,
    )
    # Said aloud: an empty field that means "no limit" is too easily left empty for all.
    no_limit = forms.BooleanField(
        label="No limit", required=False, help_text="Only where no storage limit lies above."
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        typed = cleaned.get("quota_bytes")
        if "quota_bytes" not in self.errors and (typed is None) != bool(cleaned.get("no_limit")):
            message = (
                "Type a number, or choose no limit." if typed is None else "Choose a number or no limit."
            )
            self.add_error("quota_bytes", message)
        return cleaned

    def parameters(self) -> dict[str, Any]:
        typed: Decimal | None = self.cleaned_data["quota_bytes"]
        return {"quota_bytes": None if typed is None else int(typed * GIB)}


class StateForm(BulkForm):
    state = forms.ChoiceField(
        label="State of each",
        choices=[
            ("active", "Active: signs in, sends and receives"),
            ("receive_only", "Receives only: nobody signs in or sends"),
            ("off", "Off: senders are told that it does not exist"),
        ],
        widget=forms.RadioSelect,
    )

    def parameters(self) -> dict[str, Any]:
        return {"state": self.cleaned_data["state"]}


_DOORS = [("", "Leave as it is"), ("on", "On"), ("off", "Off")]


class ProtocolsForm(BulkForm):
    imap = forms.ChoiceField(label="Mail apps (IMAP)", choices=_DOORS, required=False)
    smtp = forms.ChoiceField(label="Sending from mail apps (SMTP)", choices=_DOORS, required=False)
    pop3 = forms.ChoiceField(label="Old mail apps (POP3)", choices=_DOORS, required=False)
    sieve = forms.ChoiceField(label="Rules from mail apps (ManageSieve)", choices=_DOORS, required=False)

    def parameters(self) -> dict[str, Any]:
        typed = self.cleaned_data
        return {key: typed[key] == "on" for key in PROTOCOL_WORDS if typed[key]}


FORMS: dict[str, type[BulkForm]] = {
    "quota": QuotaForm,
    "state": StateForm,
    "protocols": ProtocolsForm,
    "delete": BulkForm,
    "undelete": BulkForm,
}
