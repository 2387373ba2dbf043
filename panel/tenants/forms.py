"""What people type about tenants and their teams."""

from decimal import Decimal
from typing import Any

from django import forms

from panel.lib.forms import PanelForm
from panel.tenants.access import Access
from panel.tenants.actions import Caps
from panel.tenants.actions.suspension import MAX_REASON
from panel.tenants.actions.team import grantable_roles
from panel.tenants.actions.tenants import MAX_NAME, child_kinds
from panel.tenants.models import Tenant, TenantKind
from panel.tenants.quantities import GIB
from panel.tenants.roles import ROLE_DUTIES, Role

_NO_LIMIT = "Empty means no limit of its own."


class TenantForm(PanelForm):
    """What a tenant may change about itself."""

    name = forms.CharField(
        max_length=MAX_NAME, help_text="As on the contract. It is shown in lists and mails."
    )
    contact_email = forms.CharField(
        label="Contact address",
        max_length=254,
        required=False,
        help_text="Gets mail to postmaster@ and abuse@ of its domains where nobody else does.",
    )

    @staticmethod
    def initial_of(tenant: Tenant) -> dict[str, Any]:
        return {"name": tenant.name, "contact_email": tenant.contact_email}


class CapsForm(TenantForm):
    """The same with what only a tenant above decides."""

    max_domains = forms.IntegerField(label="Domains", min_value=0, required=False, help_text=_NO_LIMIT)
    max_mailboxes = forms.IntegerField(label="Mailboxes", min_value=0, required=False, help_text=_NO_LIMIT)
    max_aliases = forms.IntegerField(label="Aliases", min_value=0, required=False, help_text=_NO_LIMIT)
    # Named as the column, so that a refusal of the action finds it; typed in GB.
    max_storage_bytes = forms.DecimalField(
        label="Storage",
        min_value=0,
        max_digits=12,
        decimal_places=2,
        required=False,
        help_text="The sum of the mailboxes’ quotas. " + _NO_LIMIT,
    )
    may_oversell = forms.BooleanField(
        label="May promise more than it has",
        required=False,
        help_text="The limits of the tenants below it may add up to more than its own. Use never does.",
    )

    def caps(self, before: Tenant | None = None) -> Caps:
        """The caps that were typed. Storage that nobody touched keeps its bytes: the field shows a
        rounded figure."""
        data = self.cleaned_data
        storage = data["max_storage_bytes"]
        stored = int(storage * GIB) if storage is not None else None
        if before is not None and "max_storage_bytes" not in self.changed_data:
            stored = before.max_storage_bytes
        return Caps(data["max_domains"], data["max_mailboxes"], data["max_aliases"], stored)

    @staticmethod
    def initial_of(tenant: Tenant) -> dict[str, Any]:
        storage = tenant.max_storage_bytes
        return {
            **TenantForm.initial_of(tenant),
            **Caps.of(tenant).__dict__,
            "max_storage_bytes": None if storage is None else _gigabytes(storage),
            "may_oversell": tenant.may_oversell,
        }


class NewTenantForm(CapsForm):
    kind = forms.ChoiceField(widget=forms.RadioSelect)
    field_order = ("name", "kind", "contact_email")

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = child_kinds(access)
        self.fields["kind"].choices = [(kind.value, kind.label) for kind in kinds]  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["kind"].initial = kinds[-1].value if kinds else None

    def chosen_kind(self) -> TenantKind:
        return TenantKind(self.cleaned_data["kind"])


class ReasonForm(PanelForm):
    reason = forms.CharField(
        max_length=MAX_REASON,
        help_text="It stands in the audit log and on the tenant’s pages. Such as: invoice unpaid.",
    )


class RoleForm(PanelForm):
    role = forms.ChoiceField(
        widget=forms.RadioSelect, error_messages={"required": "Choose what this person may do."}
    )

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = grantable_roles(access)
        self.fields["role"].choices = [(role.value, f"{role.label}: {ROLE_DUTIES[role]}") for role in roles]  # type: ignore[attr-defined]  # a ChoiceField

    def chosen_role(self) -> Role:
        return Role(self.cleaned_data["role"])


class NewMemberForm(RoleForm):
    email = forms.CharField(label="E-mail address", max_length=254, help_text="The person signs in with it.")
    name = forms.CharField(max_length=120, required=False)
    field_order = ("email", "name", "role")


def _gigabytes(amount: int) -> Decimal:
    return (Decimal(amount) / GIB).quantize(Decimal("0.01")).normalize() + Decimal(0)
