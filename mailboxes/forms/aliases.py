"""What people type about aliases, forwarding and rights to send."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from mailboxes.actions.aliases import MAX_COMMENT
from mailboxes.forms.domains import InDomainForm
from mailboxes.targets import MAX_TEXT, parse_destinations
from panel.lib.errors import Refused
from panel.lib.forms import PanelForm


class DestinationsForm(PanelForm):
    destinations = forms.CharField(
        label="Delivers to",
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "autocapitalize": "off"}),
        help_text="One address a line, here or elsewhere.",
    )

    def clean_destinations(self) -> tuple[str, ...]:
        try:
            return parse_destinations(self.cleaned_data["destinations"])
        except Refused as refused:
            raise ValidationError(refused.message, code=refused.code) from refused


class AliasForm(DestinationsForm):
    comment = forms.CharField(max_length=MAX_COMMENT, required=False, help_text="Only your team sees it.")


class NewAliasForm(InDomainForm, AliasForm):
    local_part = forms.CharField(
        label="Name", max_length=64, help_text="The part before the @, such as info."
    )
    field_order = ("local_part", "domain", "destinations", "comment")


class ForwardingForm(DestinationsForm):
    """Without an address nothing is forwarded."""

    keep_copy = forms.BooleanField(label="Keep a copy in this mailbox", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["destinations"]
        field.label, field.required = "Forward to", False
        field.help_text = "One address a line. Leave it empty to forward nothing."


class SendAsForm(PanelForm):
    sender = forms.CharField(
        label="Address", max_length=254, help_text="In one of your domains, whether it exists yet or not."
    )
