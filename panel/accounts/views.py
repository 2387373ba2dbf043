"""Signing in and out, and members' passwords."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from panel.accounts import actions, devices, door, throttle
from panel.accounts.answers import form_page
from panel.accounts.forms import ChangePasswordForm, ForgotForm, NewPasswordForm, SignInForm
from panel.accounts.jobs import digest_of, user_of_link
from panel.accounts.models import User, UserKind
from panel.audit.actor import Actor, ActorKind
from panel.audit.middleware import client_address, request_id

RESET_SESSION_KEY = "reset_digest"


@sensitive_post_parameters()
@csrf_protect
def sign_in(request: HttpRequest) -> HttpResponse:
    """One page for members and mailbox users."""
    form = SignInForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" and request.user.is_authenticated:
        return redirect("/")
    if form.is_valid():
        email, password = form.cleaned_data["email"], form.cleaned_data["password"]
        user = form.attempt(lambda: door.sign_in(request, email, password))
        if user:
            # Home says so where there is nothing to open; any other page would only be missing.
            response = redirect("/" if user.trail_tenant_id is None else door.safe_next(request))
            devices.remember(request, response, door.account_of(email))
            return response
    return form_page(request, "accounts/sign_in.html", form, next=door.safe_next(request))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    door.sign_out(request)
    return redirect("accounts:signed_out")


@require_safe
def signed_out(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/signed_out.html")


@login_required
@sensitive_post_parameters()
def change_password(request: HttpRequest) -> HttpResponse:
    """A member's own password; a mailbox user's is on the self-service page."""
    user = request.user
    if not isinstance(user, User) or user.kind != UserKind.MEMBER:
        raise Http404
    form = ChangePasswordForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        changed = form.attempt(lambda: _change(request, user, form.cleaned_data))
        if changed:
            update_session_auth_hash(request, changed)
            messages.success(request, "Your password is changed. Everywhere else you are signed out.")
            return redirect("/")
    must_change = user.must_change_password
    return form_page(request, "accounts/change_password.html", form, must_change=must_change)


def _change(request: HttpRequest, user: User, typed: dict[str, str]) -> User:
    return actions.change_password(
        user,
        typed["old"],
        typed["new"],
        actor=Actor(ActorKind.MEMBER, user.email, user.pk, client_address(request), request_id()),
        tenant_id=door.trail_tenant_of(request),
        session_key=request.session.session_key or "",
    )


@csrf_protect
def forgot(request: HttpRequest) -> HttpResponse:
    """Ask for a link to a new password. The answer is the same for an address that nobody has."""
    form = ForgotForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        account = door.account_of(form.cleaned_data["email"])
        if form.attempt(lambda: _ask(request, account)):
            return render(request, "accounts/forgot_sent.html", {"address": account})
    return form_page(request, "accounts/forgot.html", form)


def _ask(request: HttpRequest, account: str) -> bool:
    throttle.take(throttle.counters_of_reset(account, client_address(request)))
    actions.ask_for_reset(account)
    return True


@require_safe
def reset_link(request: HttpRequest, secret: str) -> HttpResponse:
    """The link of the mail. Its secret leaves the address bar at once, so that no Referer carries it on, and
    no page ever stands under it. A link that has ended makes no session."""
    digest = digest_of(secret)
    if user_of_link(digest):
        request.session[RESET_SESSION_KEY] = digest
    else:
        request.session.pop(RESET_SESSION_KEY, None)
    response = redirect("accounts:reset")
    response["Referrer-Policy"] = "no-referrer"
    return response


@sensitive_post_parameters()
@csrf_protect
def reset(request: HttpRequest) -> HttpResponse:
    """Choose a new password after the link."""
    digest = str(request.session.get(RESET_SESSION_KEY, ""))
    user = user_of_link(digest) if digest else None
    if user is None:
        return render(request, "accounts/reset_ended.html", status=410)
    form = NewPasswordForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        actor = Actor(ActorKind.ANONYMOUS, user.email, user.pk, client_address(request), request_id())
        if form.attempt(lambda: actions.reset_password(digest, form.cleaned_data["new"], actor=actor)):
            request.session.flush()
            messages.success(request, "Your new password is set. Sign in with it.")
            return redirect("accounts:sign_in")
    return form_page(request, "accounts/reset.html", form)
