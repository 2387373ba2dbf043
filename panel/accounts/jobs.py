"""What the worker does for accounts: mails links to new passwords, and forgets what has run out."""

import hashlib
import logging
import secrets
from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from panel.accounts.models import PasswordReset, SignInFailure, User
from panel.lib.addresses import display_address

logger = logging.getLogger(__name__)

LINK_LIFE = timedelta(minutes=30)
LEASE = timedelta(minutes=2)
# Longer than any window of the throttle.
KEEP_FAILURES = timedelta(days=1)
SWEEP = 100


def digest_of(secret: str) -> str:
    """What is stored of a link's secret. The secret has 256 random bits: no salt, no slow hash needed."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def open_links() -> Q:
    """Links that can still be used."""
    return Q(ended_at=None, expires_at__gt=timezone.now(), user__is_active=True)


def user_of_link(digest: str) -> User | None:
    """Whose password an open link would change."""
    link = PasswordReset.objects.filter(open_links(), digest=digest).select_related("user").first()
    return link.user if link else None


def void_links(user: User) -> None:
    PasswordReset.objects.filter(user=user, ended_at=None).update(ended_at=timezone.now())


def send_link(pk: int) -> bool:
    """Make the secret of a link and mail it; the older links of the same member are void from then on.

    Claims the row first, so that a second run does nothing while the first one holds it. When the mail
    server does not take the message the claim is given back, and beat comes again.
    """
    secret, now = secrets.token_urlsafe(32), timezone.now()
    with transaction.atomic():
        claimed = (
            _to_send()
            .filter(pk=pk)
            .update(digest=digest_of(secret), lease_until=now + LEASE, expires_at=now + LINK_LIFE)
        )
        if not claimed:
            return False
        asked = PasswordReset.objects.select_related("user").get(pk=pk)
        older = PasswordReset.objects.filter(user=asked.user, pk__lt=pk, ended_at=None)
        older.update(ended_at=now)
    assert asked.user is not None  # noqa: S101 -- `_to_send` says so; this tells the type checker
    try:
        _mail_link(asked.user, secret)
    except (SMTPException, OSError):
        logger.exception("The link to a new password could not be mailed; it is tried again.")
        PasswordReset.objects.filter(pk=pk).update(digest=None, lease_until=None)
        return False
    PasswordReset.objects.filter(pk=pk).update(sent_at=timezone.now())
    return True


def due_links() -> list[int]:
    """The primary keys of links that were asked for and not mailed yet, the oldest first."""
    return list(_to_send().order_by("created_at").values_list("pk", flat=True)[:SWEEP])


def purge_expired() -> None:
    """Delete sessions, failures and links that mean nothing any more."""
    now = timezone.now()
    Session.objects.filter(expire_date__lt=now).delete()
    SignInFailure.objects.filter(window_started_at__lt=now - KEEP_FAILURES).delete()
    PasswordReset.objects.filter(expires_at__lt=now - LINK_LIFE).delete()


def _to_send() -> QuerySet[PasswordReset]:
    now = timezone.now()
    return PasswordReset.objects.filter(
        Q(lease_until=None) | Q(lease_until__lt=now),
        # No joined column: a claim must be judged by its own row (an account that is shut voids its links).
        user__isnull=False,
        sent_at=None,
        ended_at=None,
        # A link that comes hours late puzzles more than it helps.
        created_at__gt=now - LINK_LIFE,
    )


def _mail_link(user: User, secret: str) -> None:
    # The address of the panel is a setting: a Host header is the visitor's to choose.
    link = settings.PANEL_URL + reverse("accounts:reset_link", kwargs={"secret": secret})
    context = {
        "link": link,
        "panel_url": settings.PANEL_URL,
        "address": display_address(user.email),
        "minutes": int(LINK_LIFE.total_seconds()) // 60,
    }
    message = EmailMultiAlternatives(
        subject="Choose a new password for Posthouse",
        body=render_to_string("email/accounts/reset.txt", context),
        to=[user.email],
        headers={"Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(render_to_string("email/accounts/reset.html", context), "text/html")
    message.send()
