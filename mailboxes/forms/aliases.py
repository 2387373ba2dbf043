"""What people type about aliases, forwarding and rights to send."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from domains.models import Domain, DomainQuerySet
from mailboxes.actions.aliases import MAX_COMMENT
from mailboxes.targets import MAX_TEXT, parse_destinations
from panel.lib.addresses import normalise_domain
from panel.lib.errors import Refused
from panel.lib.forms import PanelForm
from panel.tenants.access import Access

# Up to as many domains a list can be chosen from; above it the name is typed.
MAX_CHOICES = 100


def addressable(access: Access) -> DomainQuerySet:
    """The domains that addresses can be made in."""
    return Domain.objects.of(access).filter(
        proved_at__isnull=False, removed_at__isnull=True, alias_of__isnull=True
    )


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


class NewAliasForm(AliasForm):
    """The domain is named, never numbered, and looked up among those that the person manages."""

    local_part = forms.CharField(
        label="Name", max_length=64, help_text="The part before the @, such as info."
    )
    domain = forms.CharField(max_length=253)
    field_order = ("local_part", "domain", "destinations", "comment")

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.access = access
        names = list(addressable(access).order_by("name").values_list("name", flat=True)[: MAX_CHOICES + 1])
        if 0 < len(names) <= MAX_CHOICES:
            self.fields["domain"].widget = forms.Select(choices=[(name, name) for name in names])

    def clean_domain(self) -> Domain:
        try:
            name = normalise_domain(self.cleaned_data["domain"])
        except Refused as refused:
            raise ValidationError(refused.message, code=refused.code) from refused
        domain = addressable(self.access).filter(name=name).first()
        if domain is None:
            raise ValidationError("Choose one of your domains.", code="domain_unknown")
        return domain


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
