"""Another name for a mailbox, and for a domain."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from domains.models import Domain
from mailboxes.actions.domain_renames import rename_domain
from mailboxes.actions.renames import rename_mailbox
from mailboxes.forms.renames import MainNameForm, RenameForm
from mailboxes.sources import leading_to, seen_by, sources_of
from mailboxes.views.found import about, find
from panel.environment import environment
from panel.lib.addresses import display_address, display_domain
from panel.tenants.access import TenantRequest, tenant_page
from panel.tenants.roles import Permission

UNPROCESSABLE = 422


@tenant_page(Permission.MAILBOX_EDIT)
def mailbox(request: TenantRequest, mailbox_id: int) -> HttpResponse:
    access, found = request.access, find(request, mailbox_id)
    old = found.address.address
    form = RenameForm(found, environment.grace_days, request.POST if request.method == "POST" else None)
    if form.is_valid():
        typed = form.cleaned_data
        renamed = form.attempt(
            lambda: rename_mailbox(
                access=access, mailbox=found, local_part=typed["local_part"], keep_old=typed["keep_old"]
            )
        )
        if renamed:
            new = display_address(renamed.address.address)
            messages.success(
                request, f"{display_address(old)} is {new} now. Its user signs in with the new address."
            )
            return redirect("mailboxes:detail", access.tenant.pk, found.pk)
    context = about(request, found, "settings") | {
        "form": form,
        "sources": sources_of(seen_by(access, leading_to(found.address))),
    }
    return render(request, "mailboxes/rename.html", context, status=UNPROCESSABLE if form.errors else 200)


@tenant_page(Permission.DOMAIN_EDIT)
def domain(request: TenantRequest, domain_id: int) -> HttpResponse:
    access = request.access
    found = get_object_or_404(Domain.objects.of(access).select_related("alias_of"), pk=domain_id)
    main = found.alias_of
    if main is None:
        messages.error(request, f"{display_domain(found.name)} is no alias domain.")
        return redirect("domains:detail", access.tenant.pk, found.pk)
    form = MainNameForm(
        main,
        may_remove=access.may(Permission.DOMAIN_REMOVE),
        data=request.POST if request.method == "POST" else None,
    )
    if form.is_valid():
        renamed = form.attempt(lambda: rename_domain(access=access, domain=found, keep_old=form.keeps_old()))
        if renamed:
            news = f"{display_domain(main.name)} is {display_domain(renamed.name)} now. Its users sign in with the new name."
            messages.success(request, news)
            return redirect("domains:detail", access.tenant.pk, renamed.pk)
    context = {
        "form": form,
        "domain": found,
        "main": main,
        "mailboxes": main.addresses.filter(kind="mailbox").count(),
        "example": main.addresses.filter(kind="mailbox").order_by("pk").first(),
    }
    return render(
        request, "mailboxes/rename_domain.html", context, status=UNPROCESSABLE if form.errors else 200
    )
