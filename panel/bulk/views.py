"""The page before a bulk change, the job that it starts, and the list of jobs."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from mailboxes.models import Mailbox
from panel.bulk.actions import resume_job, start_job, started_with, stop_job, undo_job
from panel.bulk.acts import known
from panel.bulk.forms import FORMS, BulkForm
from panel.bulk.models import ItemState, Job, JobItem
from panel.bulk.running import title_of
from panel.bulk.selection import Selection
from panel.environment import environment
from panel.lib.errors import Refused
from panel.lib.keyset import paginate
from panel.tenants.access import TenantRequest, tenant_page
from panel.tenants.roles import Permission, Role

UNPROCESSABLE = 422
# How many addresses the page before a change names.
NAMED = 4

_BADGES = {
    ItemState.DONE: ("ok", "Changed"),
    ItemState.SKIPPED: ("off", "Left alone"),
    ItemState.REFUSED: ("bad", "Refused"),
    ItemState.WAITING: ("wait", "Waiting"),
}
_WHICH = {
    "": ("Not changed", (ItemState.SKIPPED, ItemState.REFUSED)),
    "done": ("Changed", (ItemState.DONE,)),
    "waiting": ("Waiting", (ItemState.WAITING,)),
}


@tenant_page(Permission.MAILBOX_EDIT)
def change(request: TenantRequest) -> HttpResponse:
    """Says what would happen to how many mailboxes, and starts it."""
    access, typed = request.access, request.POST if request.method == "POST" else request.GET
    key = _key(typed.get("key", ""))
    already = started_with(access, key)
    if already is not None:
        return redirect("bulk:detail", access.tenant.pk, already.pk)
    try:
        act = known(typed.get("act", ""))
        selection = Selection.read(access, typed)
        count = selection.count(access, act)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("mailboxes:list", access.tenant.pk)
    form = FORMS[act](request.POST if request.method == "POST" else None)
    if form.is_valid():
        job = form.attempt(lambda: _start(request, act, selection, form))
        if job:
            return redirect("bulk:detail", access.tenant.pk, job.pk)
    context = {"form": form, "act": act, "key": key, **_selected(request, selection, act, count)}
    return render(request, "bulk/change.html", context, status=UNPROCESSABLE if form.errors else 200)


@require_safe
@tenant_page(Permission.MAILBOX_READ)
def list_jobs(request: TenantRequest) -> HttpResponse:
    jobs = Job.objects.of(request.access).select_related("user", "tenant", "undo")
    page = paginate(jobs, order=("-id",), cursor=request.GET.get("page", ""))
    context = {"page": page, "rows": [(job, title_of(job)) for job in page.items]}
    return render(request, "bulk/list.html", context)


@require_safe
@tenant_page(Permission.MAILBOX_READ)
def detail(request: TenantRequest, job_id: int) -> HttpResponse:
    access, job = request.access, _find(request, job_id)
    which = request.GET.get("rows", "")
    which = which if which in _WHICH else ""
    rows = _shown(request, job).filter(state__in=_WHICH[which][1])
    page = paginate(rows, order=("id",), cursor=request.GET.get("page", ""))
    undo = Job.objects.filter(undo_of=job).first()
    may = access.may(Permission.MAILBOX_EDIT)
    context = {
        "job": job,
        "title": title_of(job),
        "undo": undo,
        "page": page,
        "items": [(item, _BADGES[ItemState(item.state)]) for item in page.items],
        "which": which,
        "tabs": [(key, label) for key, (label, _) in _WHICH.items() if key != "waiting" or job.untouched],
        "may_stop": may and job.is_running,
        "may_resume": may and job.is_stopped and undo is None and job.user_id == access.actor.id,
        "may_undo": may and job.is_undoable and undo is None and not job.is_running,
    }
    return render(request, "bulk/detail.html", context)


@require_POST
@tenant_page(Permission.MAILBOX_EDIT)
def stop(request: TenantRequest, job_id: int) -> HttpResponse:
    job = _find(request, job_id)
    return _act(request, job, lambda: stop_job(access=request.access, job=job))


@require_POST
@tenant_page(Permission.MAILBOX_EDIT)
def resume(request: TenantRequest, job_id: int) -> HttpResponse:
    job = _find(request, job_id)
    return _act(request, job, lambda: resume_job(access=request.access, job=job))


@require_POST
@tenant_page(Permission.MAILBOX_EDIT)
def undo(request: TenantRequest, job_id: int) -> HttpResponse:
    """Leads to the job that undoes it."""
    job = _find(request, job_id)
    return _act(request, job, lambda: undo_job(access=request.access, job=job))


def _find(request: TenantRequest, job_id: int) -> Job:
    job = Job.objects.of(request.access).select_related("user", "tenant", "undo_of").filter(pk=job_id).first()
    if job is None:
        raise Http404
    return job


def _act(request: TenantRequest, job: Job, act: Callable[[], Job]) -> HttpResponse:
    try:
        job = act()
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("bulk:detail", request.access.tenant.pk, job.pk)


def _start(request: TenantRequest, act: str, selection: Selection, form: BulkForm) -> Job:
    return start_job(
        access=request.access,
        key=form.cleaned_data["key"],
        act=act,
        parameters=form.parameters(),
        selection=selection,
        expected=form.cleaned_data["expected"],
    )


def _shown(request: TenantRequest, job: Job) -> QuerySet[JobItem]:
    """A domain manager whose domains became fewer sees no more of them here than elsewhere."""
    if request.access.role is not Role.DOMAIN_MANAGER:
        return job.items.all()
    return job.items.filter(object_id__in=Mailbox.objects.of(request.access).values("pk"))


def _selected(request: TenantRequest, selection: Selection, act: str, count: int) -> dict[str, Any]:
    """What the page before a change tells of the mailboxes that are meant."""
    rows = selection.rows(request.access, act).order_by("pk")
    return {
        "selection": selection,
        "count": count,
        "left_out": len(selection.picked) - count if selection.picked else 0,
        "named": list(rows.values_list("address__address", flat=True)[:NAMED]),
        "more": max(count - NAMED, 0),
        "grace_days": environment.grace_days,
    }


def _key(typed: str) -> UUID:
    """The key that the page was made with, or a new one."""
    try:
        return UUID(typed)
    except ValueError:
        return uuid4()
