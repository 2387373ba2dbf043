"""Pages of aliases and catch-alls."""

from collections.abc import Iterator

from django.contrib import messages
from django.db.models import F, QuerySet, prefetch_related_objects
from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from domains.models import Domain
from mailboxes.actions.aliases import (
    add_alias,
    clear_catch_all,
    delete_alias,
    disable_alias,
    edit_alias,
    enable_alias,
    set_catch_all,
)
from mailboxes.forms.aliases import AliasForm, DestinationsForm, NewAliasForm
from mailboxes.forms.domains import addressable
from mailboxes.models import Alias, SendAs
from mailboxes.ordering import in_order
from mailboxes.sources import closed_of, leading_to, seen_by, sources_of
from mailboxes.target_graph import ROLE_LOCAL_PARTS
from panel.lib.addresses import display_address, display_domain
from panel.lib.errors import Refused
from panel.lib.forms import PanelForm
from panel.lib.keyset import paginate, prefix, walk
from panel.lib.spreadsheet import csv_file
from panel.tenants.access import Access, TenantRequest, tenant_page
from panel.tenants.roles import Permission

UNPROCESSABLE = 422
SHOWN_TARGETS = 3


@require_safe
@tenant_page(Permission.ALIAS_READ)
def list_aliases(request: TenantRequest) -> HttpResponse:
    access = request.access
    aliases, order, q, domain = _wanted(request)
    page = paginate(aliases, order=(order,), cursor=request.GET.get("page", ""))
    prefetch_related_objects(page.items, "address__targets")
    rows = [(alias, _shown(alias)) for alias in page.items]
    context = {
        "page": page,
        "rows": rows,
        "q": q,
        "domain": domain,
        "may_edit": access.may(Permission.ALIAS_EDIT),
        "can_add": addressable(access).exists(),
    }
    return render(request, "mailboxes/aliases.html", context)


@require_safe
@tenant_page(Permission.ALIAS_READ)
def export(request: TenantRequest) -> StreamingHttpResponse:
    """The list as it is filtered, as a file: one row for each target."""
    header = ("Address", "Delivers to", "On", "Comment")
    return csv_file("aliases", header, _exported(*_wanted(request)[:2]))


@tenant_page(Permission.ALIAS_EDIT)
def add(request: TenantRequest) -> HttpResponse:
    access = request.access
    form = NewAliasForm(_posted(request), access=access, initial={"domain": request.GET.get("domain", "")})
    if form.is_valid():
        alias = form.attempt(lambda: add_alias(access=access, **form.cleaned_data))
        if alias:
            messages.success(request, f"{display_address(str(alias))} delivers now.")
            return redirect("mailboxes:aliases", access.tenant.pk)
    return _page(request, "mailboxes/alias_add.html", form, has_domains=addressable(access).exists())


@tenant_page(Permission.ALIAS_READ, post=Permission.ALIAS_EDIT)
def edit(request: TenantRequest, alias_id: int) -> HttpResponse:
    access = request.access
    alias = get_object_or_404(Alias.objects.of(access).select_related("address__domain"), pk=alias_id)
    initial = {"destinations": "\n".join(_destinations(alias)), "comment": alias.comment}
    form = AliasForm(_posted(request), initial=initial)
    if form.is_valid() and form.attempt(lambda: edit_alias(access=access, alias=alias, **form.cleaned_data)):
        messages.success(request, f"{_label(alias)} is saved.")
        return redirect("mailboxes:alias_edit", access.tenant.pk, alias.pk)
    context = {
        "alias": alias,
        "may_edit": access.may(Permission.ALIAS_EDIT),
        "is_role": alias.address.local_part in ROLE_LOCAL_PARTS,
        "destinations": _destinations(alias),
        "closed": closed_of(_destinations(alias), alias.address.domain.tenant_id),
    }
    return _page(request, "mailboxes/alias_edit.html", form, **context)


@require_POST
@tenant_page(Permission.ALIAS_EDIT)
def switch(request: TenantRequest, alias_id: int) -> HttpResponse:
    """Enable or disable: what the button that was pressed says, so that pressing it twice is once. The undo
    of a toast, which sends no fields, says it in its URL."""
    access = request.access
    alias = get_object_or_404(Alias.objects.of(access).select_related("address__domain"), pk=alias_id)
    was_on = alias.is_enabled
    act = enable_alias if (request.POST.get("to") or request.GET.get("to")) == "on" else disable_alias
    try:
        alias = act(access=access, alias=alias)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        undo = reverse(
            "mailboxes:alias_switch",
            args=[access.tenant.pk, alias.pk],
            query={"to": "on" if was_on else "off"},
        )
        messages.success(
            request,
            f"{_label(alias)} is {'on' if alias.is_enabled else 'off'} now.",
            extra_tags=undo if was_on != alias.is_enabled else "",
        )
    return redirect("mailboxes:alias_edit", access.tenant.pk, alias.pk)


@tenant_page(Permission.ALIAS_EDIT)
def delete(request: TenantRequest, alias_id: int) -> HttpResponse:
    access = request.access
    alias = get_object_or_404(Alias.objects.of(access).select_related("address__domain"), pk=alias_id)
    form = PanelForm(_posted(request))
    label = _label(alias)
    if form.is_valid() and form.attempt(lambda: delete_alias(access=access, alias=alias)):
        messages.success(request, f"{label} is deleted.")
        return redirect("mailboxes:aliases", access.tenant.pk)
    context = {
        "alias": alias,
        "targets": alias.address.targets.count(),
        "senders": SendAs.objects.filter(sender=alias.address.address).count(),
        "is_role": alias.address.local_part in ROLE_LOCAL_PARTS,
        "sources": sources_of(seen_by(access, leading_to(alias.address))) if alias.address.local_part else [],
    }
    return _page(request, "mailboxes/alias_delete.html", form, **context)


@tenant_page(Permission.ALIAS_READ, post=Permission.ALIAS_EDIT)
def catch_all(request: TenantRequest, domain_id: int) -> HttpResponse:
    """The catch-all of a domain. An empty field takes it away."""
    access = request.access
    domain = get_object_or_404(Domain.objects.of(access), pk=domain_id)
    alias = Alias.objects.of(access).filter(address__domain=domain, address__local_part="").first()
    form = DestinationsForm(
        _posted(request), initial={"destinations": "\n".join(_destinations(alias)) if alias else ""}
    )
    form.fields["destinations"].required = False
    form.fields["destinations"].help_text = "One address a line. Leave it empty to refuse unknown names."
    if form.is_valid():
        wanted = form.cleaned_data["destinations"]
        if form.attempt(
            lambda: (
                set_catch_all(access=access, domain=domain, destinations=wanted)
                if wanted
                else clear_catch_all(access=access, domain=domain)
            )
        ):
            messages.success(
                request, f"The catch-all of {display_domain(domain.name)} is {'set' if wanted else 'off'}."
            )
            return redirect("mailboxes:catch_all", access.tenant.pk, domain.pk)
    context = {
        "domain": domain,
        "alias": alias,
        "may_edit": access.may(Permission.ALIAS_EDIT),
        "destinations": _destinations(alias) if alias else [],
        "closed": closed_of(_destinations(alias), domain.tenant_id) if alias else {},
    }
    return _page(request, "mailboxes/alias_catch_all.html", form, **context)


def _find_domain(access: Access, wanted: str) -> Domain | None:
    """The domain by its primary key, as links have it, or by its name, as people type it. With one label
    alone a number is never a name."""
    if wanted.isascii() and wanted.isdigit() and len(wanted) < 19:
        return Domain.objects.of(access).filter(pk=int(wanted)).first()
    return (
        Domain.objects.of(access).filter(name=wanted).order_by(F("proved_at").asc(nulls_last=True)).first()
        if wanted
        else None
    )


def _posted(request: TenantRequest) -> QueryDict | None:
    """An empty POST is a form with nothing in it, not a first visit."""
    return request.POST if request.method == "POST" else None


def _page(request: TenantRequest, template: str, form: PanelForm, **context: object) -> HttpResponse:
    status = UNPROCESSABLE if form.errors else 200
    return render(request, template, {"form": form, **context}, status=status)


def _destinations(alias: Alias) -> list[str]:
    return list(alias.address.targets.order_by("pk").values_list("destination", flat=True))


def _label(alias: Alias) -> str:
    """What a sentence calls it."""
    if alias.address.local_part:
        return display_address(alias.address.address)
    return f"The catch-all of {display_domain(alias.address.domain.name)}"


def _shown(alias: Alias) -> tuple[list[str], int]:
    """The first targets, and how many more there are; from rows that were fetched with the page."""
    targets = sorted(alias.address.targets.all(), key=lambda target: target.pk)
    return [target.destination for target in targets[:SHOWN_TARGETS]], max(len(targets) - SHOWN_TARGETS, 0)


def _wanted(request: TenantRequest) -> tuple[QuerySet[Alias], str, str, Domain | None]:
    """The aliases that the query string asks for, the key that sorts them, what it searches, and the domain
    that it names."""
    q = request.GET.get("q", "").strip()[:254].replace("\x00", "").lower()
    name = request.GET.get("domain", "").strip()[:253].replace("\x00", "").lower()
    domain = _find_domain(request.access, name)
    aliases = Alias.objects.of(request.access).filter(prefix("address__address", q)).select_related("address")
    if name and domain is None:
        # A domain that is not theirs has no aliases, as one that does not exist.
        return aliases.none(), "address__address", q, None
    return *in_order(request.access, aliases, domain=domain), q, domain


def _exported(aliases: QuerySet[Alias], order: str) -> Iterator[tuple[object, ...]]:
    for page in walk(aliases, order=(order,)):
        prefetch_related_objects(page, "address__targets")
        for alias in page:
            for destination in _destinations(alias):
                address = display_address(str(alias))
                yield address, destination, "yes" if alias.is_enabled else "no", alias.comment
