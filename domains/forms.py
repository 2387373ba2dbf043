"""Forms of domains."""

from typing import TYPE_CHECKING, Any

from django import forms

from domains.models import Domain
from panel.lib.addresses import display_domain, normalise_domain
from panel.lib.errors import Refused
from panel.lib.forms import PanelForm
from panel.tenants.access import Access
from panel.tenants.models import Membership
from panel.tenants.roles import Role

if TYPE_CHECKING:
    DomainField = forms.ModelChoiceField[Domain]
    MemberField = forms.ModelChoiceField[Membership]
else:
    DomainField = MemberField = forms.ModelChoiceField


# Up to as many domains a list can be chosen from; above it the name is typed.
MAX_CHOICES = 100


class DomainChoice(DomainField):
    def label_from_instance(self, obj: Domain) -> str:
        return display_domain(obj.name)


class MemberChoice(MemberField):
    def label_from_instance(self, obj: Membership) -> str:
        return obj.user.name or obj.user.email


def possible_targets(access: Access, tenant_id: int) -> Any:
    """The domains that an alias domain of the tenant may lead to."""
    return (
        Domain.objects.of(access)
        .filter(tenant_id=tenant_id, proved_at__isnull=False, removed_at=None, alias_of=None)
        .order_by("name")
    )


class AddDomainForm(PanelForm):
    name = forms.CharField(
        label="Domain",
        max_length=1100,
        help_text="What stands behind the @, such as example.com.",
        widget=forms.TextInput(
            attrs={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}
        ),
    )
    alias_of = DomainChoice(
        queryset=Domain.objects.none(),
        required=False,
        label="Alias of",
        empty_label="None, it has its own addresses",
        help_text="Every address in the new domain then leads to the same one in that domain.",
    )

    def __init__(self, access: Access, data: Any = None) -> None:
        super().__init__(data)
        self.fields["alias_of"].queryset = possible_targets(access, access.tenant.pk)  # type: ignore[attr-defined]  # a choice field


class AliasForm(PanelForm):
    alias_of = DomainChoice(queryset=Domain.objects.none(), label="Leads to", empty_label="Choose a domain")

    def __init__(self, access: Access, domain: Domain, data: Any = None) -> None:
        super().__init__(data)
        self.fields["alias_of"].queryset = possible_targets(access, domain.tenant_id).exclude(pk=domain.pk)  # type: ignore[attr-defined]  # a choice field


class GrantForm(PanelForm):
    membership = MemberChoice(
        queryset=Membership.objects.none(), label="Domain manager", empty_label="Choose a person"
    )

    def __init__(self, domain: Domain, data: Any = None) -> None:
        super().__init__(data)
        self.fields["membership"].queryset = (  # type: ignore[attr-defined]  # a choice field
            Membership.objects.filter(tenant_id=domain.tenant_id, role=Role.DOMAIN_MANAGER)
            .exclude(domain_grants__domain=domain)
            .select_related("user")
            .order_by("user__email")
        )


class ManagedDomainForm(PanelForm):
    """One more domain for a domain manager: chosen from a short list, typed where it would be a long one."""

    domain = forms.CharField(max_length=1100, error_messages={"required": "Choose a domain."})

    def __init__(self, member: Membership, data: Any = None) -> None:
        super().__init__(data)
        # Only those of the manager's own tenant: the action refuses any other.
        self.domains = Domain.objects.filter(tenant_id=member.tenant_id, removed_at=None)
        others = self.domains.exclude(grants__membership=member).order_by("name")
        names = list(others.values_list("name", flat=True)[: MAX_CHOICES + 1])
        self.has_others = bool(names)
        if 0 < len(names) <= MAX_CHOICES:
            choices = [("", "Choose a domain"), *((name, display_domain(name)) for name in names)]
            self.fields["domain"].widget = forms.Select(choices=choices)

    def clean_domain(self) -> Domain:
        try:
            name = normalise_domain(self.cleaned_data["domain"])
        except Refused as refused:
            raise forms.ValidationError(refused.message, code=refused.code) from refused
        domain = self.domains.filter(name=name).first()
        if domain is None:
            raise forms.ValidationError("Choose one of the domains of this tenant.", code="domain_unknown")
        return domain


class SuspendForm(PanelForm):
    reason = forms.CharField(max_length=200, required=False, label="Reason")
