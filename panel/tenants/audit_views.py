"""The audit trail of a tenant and of everything below it."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import F, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from panel.audit.models import AuditEntry
from panel.lib.forms import PanelForm
from panel.lib.keyset import paginate, prefix
from panel.tenants.access import Access, TenantRequest, tenant_page
from panel.tenants.actions.texts import sort_key
from panel.tenants.models import Ancestry, Tenant, TenantKind
from panel.tenants.roles import Permission
from panel.tenants.trail import ACTS, NOUNS, days_of

UNPROCESSABLE = 422
# Acts that went on side by side may have taken their numbers in another order than their times.
_SLACK = 1000
_ACT_CHOICES = [
    ("", "Everything"),
    *((f"{noun}.", label) for noun, (label, _) in NOUNS.items()),
    *(
        (
            label,
            [(action, words.capitalize()) for action, words in ACTS.items() if action.startswith(f"{noun}.")],
        )
        for noun, (label, _) in NOUNS.items()
    ),
]


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class AuditFilter(PanelForm):
    """What the query string asks for. Texts are beginnings."""

    who = forms.CharField(max_length=254, required=False)
    act = forms.ChoiceField(label="What", choices=_ACT_CHOICES, required=False)
    about = forms.CharField(label="To what", max_length=254, required=False)
    tenant = forms.CharField(max_length=120, required=False)
    since = forms.DateField(
        label="From",
        required=False,
        widget=DateInput,
        error_messages={"invalid": "Type a day as 2026-03-24."},
    )
    until = forms.DateField(
        label="To", required=False, widget=DateInput, error_messages={"invalid": "Type a day as 2026-03-24."}
    )

    def __init__(self, data: Any, *, has_tenants: bool) -> None:
        super().__init__(data)
        if not has_tenants:
            del self.fields["tenant"]

    def clean_until(self) -> date | None:
        since, until = self.cleaned_data.get("since"), self.cleaned_data["until"]
        if since and until and until < since:
            message = "This day lies before the first one. Swap them."
            raise forms.ValidationError(message, code="days_swapped")
        return until  # type: ignore[no-any-return]  # a DateField gives a date

    @property
    def is_asked(self) -> bool:
        """Whether anything is filtered at all."""
        return bool(self.errors) or any(self.cleaned_data.values())


@tenant_page(Permission.AUDIT_READ)
@require_safe
def audit(request: TenantRequest) -> HttpResponse:
    """Newest first, a page at a time, by day."""
    access = request.access
    has_tenants = access.tenant.kind != TenantKind.CLIENT
    form = AuditFilter(request.GET, has_tenants=has_tenants)
    found = filtered(access, form.cleaned_data) if form.is_valid() else AuditEntry.objects.none()
    page = paginate(found, order=("-id",), cursor=request.GET.get("page", ""))
    names = _names(page.items) if has_tenants else {}
    context = {"page": page, "form": form, "days": days_of(page.items, names)}
    return render(request, "tenants/audit.html", context, status=UNPROCESSABLE if form.errors else 200)


def entries_of(access: Access) -> QuerySet[AuditEntry]:
    """What the person may read: the trails of the tenant and of those below. The operator's people read
    every trail, and what belongs to no tenant."""
    if access.tenant.kind == TenantKind.OPERATOR:
        return AuditEntry.objects.all()
    return AuditEntry.objects.filter(tenant_id__in=access.tenant_ids())


def filtered(access: Access, asked: dict[str, Any]) -> QuerySet[AuditEntry]:
    """The entries that `asked`, what AuditFilter cleaned, leaves. One statement, each part of it a range
    of an index."""
    entries = entries_of(access)
    if asked.get("tenant"):
        entries = AuditEntry.objects.filter(tenant_id__in=_named(access, asked["tenant"]))
    return entries.filter(
        _begins("actor_label", asked["who"]),
        prefix("action", asked["act"]),
        _begins("object_label", asked["about"]),
        _since(asked["since"]),
        _until(asked["until"]),
    )


def _named(access: Access, name: str) -> QuerySet[Ancestry, int]:
    """The tenants whose name begins so, among those that the person may see, with all below them."""
    named = Tenant.objects.filter(prefix("sort_name", sort_key(name)), pk__in=access.tenant_ids())
    return Ancestry.objects.filter(ancestor__in=named).values_list("tenant_id", flat=True)


def _begins(field: str, text: str) -> Q:
    """Addresses are stored in lower case, names of tenants and of the machine as they were typed."""
    asked = Q()
    for spelling in {text, text.lower(), text[:1].upper() + text[1:]}:
        asked |= prefix(field, spelling)
    return asked


def _since(day: date | None) -> Q:
    """From the beginning of the day, in UTC. The bound on the key lets the list, which goes by key, stop there."""
    if day is None:
        return Q()
    moment = datetime.combine(day, time(), UTC)
    first = AuditEntry.objects.filter(at__gte=moment).order_by("at").values("pk")[:1]
    return Q(at__gte=moment, pk__gte=first.annotate(bound=F("pk") - _SLACK).values("bound"))


def _until(day: date | None) -> Q:
    """To the end of the day, in UTC. The bound on the key lets the list begin there."""
    if day is None or day == date.max:
        return Q()
    moment = datetime.combine(day + timedelta(days=1), time(), UTC)
    last = AuditEntry.objects.filter(at__lt=moment).order_by("-at").values("pk")[:1]
    return Q(at__lt=moment, pk__lte=last.annotate(bound=F("pk") + _SLACK).values("bound"))


def _names(entries: list[AuditEntry]) -> dict[int, str]:
    wanted = {entry.tenant_id for entry in entries if entry.tenant_id is not None}
    return dict(Tenant.objects.filter(pk__in=wanted).values_list("pk", "name"))
