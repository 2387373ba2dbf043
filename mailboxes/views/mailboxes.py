"""The list of mailboxes, one mailbox, and the forms around them."""

from collections.abc import Iterator
from datetime import UTC, datetime

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_safe

from mailboxes.actions.mailboxes import add_mailbox, edit_mailbox
from mailboxes.actions.passwords import set_password
from mailboxes.figures import Figures, figures_of
from mailboxes.filters import MAX_AT_ONCE, STATES, MailboxFilter
from mailboxes.forms.domains import addressable
from mailboxes.forms.mailboxes import MailboxForm, NewMailboxForm, SetPasswordForm
from mailboxes.models import Mailbox
from mailboxes.views.found import about, badge_of, find
from panel.lib.addresses import display_address
from panel.lib.keyset import paginate, walk
from panel.lib.spreadsheet import csv_file
from panel.tenants.access import Access, TenantRequest, tenant_page
from panel.tenants.roles import Permission

UNPROCESSABLE = 422


@require_safe
@tenant_page(Permission.MAILBOX_READ)
def list_mailboxes(request: TenantRequest) -> HttpResponse:
    access, wanted = request.access, MailboxFilter.read(request.access, request.GET)
    rows, order = wanted.rows(access)
    page = paginate(rows.select_related("address"), order=(order,), cursor=request.GET.get("page", ""))
    context = {
        "page": page,
        "q": wanted.q,
        "state": wanted.state,
        "states": [(key, label) for key, (label, _) in STATES.items()],
        "domain": wanted.domain,
        "rows": _rows(page.items),
        "may_add": access.may(Permission.MAILBOX_EDIT),
        # All that match are selected, not those alone that the page shows.
        "all_count": rows.order_by()[: MAX_AT_ONCE + 1].count() if request.GET.get("all") == "1" else None,
        "max_at_once": MAX_AT_ONCE,
    }
    return render(request, "mailboxes/list.html", context)


@require_safe
@tenant_page(Permission.MAILBOX_READ)
def export(request: TenantRequest) -> StreamingHttpResponse:
    """The list as it is filtered, as a file. Passwords and their hashes are not in it."""
    wanted = MailboxFilter.read(request.access, request.GET)
    header = ("Address", "Name", "Tenant", "State", "Quota in bytes", "Used in bytes", "Last sign-in")
    return csv_file("mailboxes", header, _exported(request.access, wanted))


@sensitive_post_parameters("password")
@sensitive_variables("made", "typed")
@tenant_page(Permission.MAILBOX_EDIT)
def add(request: TenantRequest) -> HttpResponse:
    access = request.access
    initial = {
        "imap": True,
        "smtp": True,
        "pop3": True,
        "sieve": True,
        "quota_bytes": 1,
        "domain": request.GET.get("domain", ""),
    }
    form = NewMailboxForm(request.POST if request.method == "POST" else None, access=access, initial=initial)
    if form.is_valid():
        typed = form.cleaned_data
        made = form.attempt(
            lambda: add_mailbox(
                access=access,
                domain=typed["domain"],
                local_part=typed["local_part"],
                name=typed["name"],
                quota_bytes=form.quota(),
                password=typed["password"] or None,
                protocols=form.protocols(),
            )
        )
        if made and made.one_time:
            context = {"mailbox": made.mailbox, "one_time": made.one_time, "is_new": True}
            return render(request, "mailboxes/secret.html", context)
        if made:
            messages.success(request, f"{display_address(str(made.mailbox))} is there.")
            return redirect("mailboxes:detail", access.tenant.pk, made.mailbox.pk)
    context = {"form": form, "has_domains": addressable(access).exists()}
    return render(request, "mailboxes/add.html", context, status=UNPROCESSABLE if form.errors else 200)


@tenant_page(Permission.MAILBOX_READ, post=Permission.MAILBOX_EDIT)
def detail(request: TenantRequest, mailbox_id: int) -> HttpResponse:
    access, mailbox = request.access, find(request, mailbox_id)
    form = MailboxForm(
        request.POST if request.method == "POST" else None, initial=MailboxForm.initial_of(mailbox)
    )
    if form.is_valid():
        saved = form.attempt(
            lambda: edit_mailbox(
                access=access,
                mailbox=mailbox,
                name=form.cleaned_data["name"],
                quota_bytes=form.quota(mailbox.quota_bytes),
                protocols=form.protocols(),
            )
        )
        if saved:
            messages.success(request, "The settings are saved.")
            return redirect("mailboxes:detail", access.tenant.pk, mailbox.pk)
    context = about(request, mailbox, "settings") | {"form": form}
    return render(request, "mailboxes/detail.html", context, status=UNPROCESSABLE if form.errors else 200)


@sensitive_post_parameters("password")
@sensitive_variables("made")
@tenant_page(Permission.MAILBOX_EDIT)
def password(request: TenantRequest, mailbox_id: int) -> HttpResponse:
    access, mailbox = request.access, find(request, mailbox_id)
    form = SetPasswordForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        made = form.attempt(
            lambda: set_password(
                access=access, mailbox=mailbox, password=form.cleaned_data["password"] or None
            )
        )
        if made and made.one_time:
            context = {"mailbox": mailbox, "one_time": made.one_time, "is_new": False}
            return render(request, "mailboxes/secret.html", context)
        if made:
            messages.success(
                request, "The new password is set. Mail programs with the old one are signed out."
            )
            return redirect("mailboxes:detail", access.tenant.pk, mailbox.pk)
    context = about(request, mailbox, "settings") | {"form": form}
    return render(request, "mailboxes/password.html", context, status=UNPROCESSABLE if form.errors else 200)


def _rows(mailboxes: list[Mailbox]) -> list[tuple[Mailbox, tuple[str, str], Figures]]:
    figures = figures_of(mailbox.address.address for mailbox in mailboxes)
    return [(mailbox, badge_of(mailbox), figures[mailbox.address.address]) for mailbox in mailboxes]


def _exported(access: Access, wanted: MailboxFilter) -> Iterator[tuple[object, ...]]:
    rows, order = wanted.rows(access)
    for mailboxes in walk(rows.select_related("address__domain__tenant"), order=(order,)):
        figures = figures_of(mailbox.address.address for mailbox in mailboxes)
        for mailbox in mailboxes:
            address, told = mailbox.address.address, figures[mailbox.address.address]
            seen = told.last_sign_in and datetime.fromtimestamp(told.last_sign_in, UTC).isoformat()
            yield (
                display_address(address),
                mailbox.name,
                mailbox.address.domain.tenant.name,
                mailbox.state,
                mailbox.quota_bytes,
                told.used_bytes,
                seen,
            )
