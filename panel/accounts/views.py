"""Signing in and out, and members' passwords."""

from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from panel.accounts import actions, door, throttle
from panel.accounts.forms import ChangePasswordForm, ForgotForm, NewPasswordForm, SignInForm
from panel.accounts.jobs import digest_of, user_of_link
from panel.accounts.models import User, UserKind
from panel.audit.actor import Actor, ActorKind
from panel.audit.middleware import client_address, request_id
from panel.lib.errors import Refused

RESET_SESSION_KEY = "reset_digest"


@sensitive_post_parameters()
@csrf_protect
def sign_in(request: HttpRequest) -> HttpResponse:
    """One page for members and mailbox users."""
    form = SignInForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                door.sign_in(request, form.cleaned_data["email"], form.cleaned_data["password"])
            except Refused as refused:
                form.add_error(None, refused.message)
                status = 429 if isinstance(refused, throttle.Throttled) else 422
            else:
                return redirect(door.safe_next(request))
    elif request.user.is_authenticated:
        return redirect("/")
    context = {"form": form, "next": door.safe_next(request)}
    return render(request, "accounts/sign_in.html", context, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
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
    form = ChangePasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        changed = form.attempt(
            lambda: actions.change_password(user, typed["old"], typed["new"], actor=_actor(request, user))
        )
        if changed:
            update_session_auth_hash(request, changed)
            messages.success(request, "Your password is changed. Everywhere else you are signed out.")
            return redirect("/")
    context = {"form": form, "must_change": user.must_change_password}
    return render(request, "accounts/change_password.html", context, status=422 if form.errors else 200)


@csrf_protect
def forgot(request: HttpRequest) -> HttpResponse:
    """Ask for a link to a new password. The answer is the same for an address that nobody has."""
    form = ForgotForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        account = door.account_of(form.cleaned_data["email"])
        if form.attempt(lambda: _ask(request, account)):
            return render(request, "accounts/forgot_sent.html", {"address": account})
    return render(request, "accounts/forgot.html", {"form": form}, status=422 if form.errors else 200)


def _ask(request: HttpRequest, account: str) -> bool:
    network = throttle.network_of(client_address(request))
    throttle.take(
        [
            throttle.Counter("reset_network", network, throttle.RESETS_OF_NETWORK),
            throttle.Counter("reset_account", account, throttle.RESETS_OF_ACCOUNT),
        ]
    )
    actions.ask_for_reset(account)
    return True


@require_safe
def reset_link(request: HttpRequest, secret: str) -> HttpResponse:
    """The link of the mail. Its secret leaves the address bar at once, so that no Referer carries it on."""
    request.session[RESET_SESSION_KEY] = digest_of(secret)
    return redirect("accounts:reset")


@sensitive_post_parameters()
@csrf_protect
def reset(request: HttpRequest) -> HttpResponse:
    """Choose a new password after the link."""
    digest = str(request.session.get(RESET_SESSION_KEY, ""))
    user = user_of_link(digest) if digest else None
    if user is None:
        return render(request, "accounts/reset_ended.html", status=410)
    form = NewPasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actor = Actor(ActorKind.ANONYMOUS, user.email, user.pk, client_address(request), request_id())
        if form.attempt(lambda: actions.reset_password(digest, form.cleaned_data["new"], actor=actor)):
            request.session.flush()
            messages.success(request, "Your new password is set. Sign in with it.")
            return redirect("accounts:sign_in")
    return render(request, "accounts/reset.html", {"form": form}, status=422 if form.errors else 200)


def _actor(request: HttpRequest, user: User) -> Actor:
    return Actor(ActorKind.MEMBER, user.email, user.pk, client_address(request), request_id())
