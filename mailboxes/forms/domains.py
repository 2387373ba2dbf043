"""In which domain an address is made."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from domains.models import Domain, DomainQuerySet
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


class InDomainForm(PanelForm):
    """The domain is named, never numbered, and looked up among those that the person manages."""

    domain = forms.CharField(max_length=253)

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
