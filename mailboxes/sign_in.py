"""How mailbox users sign in to the panel: with the mailbox's own password, to self-service alone."""

from django.contrib.auth.backends import BaseBackend
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from mailboxes.actions.passwords import upgrade_hash
from mailboxes.models import Mailbox, MailboxState
from mailboxes.passwords import MAX_CHECKED, MAX_LENGTH, hash_password, is_right
from panel.accounts import shut_out
from panel.accounts.models import User, UserKind
from panel.tenants.suspension import suspended_filter

_CLOSED = "Your password is right, but this mailbox is closed for now. Ask whoever runs your mail."


class MailboxBackend(BaseBackend):
    """A mailbox password never opens a membership: it leads to a principal of its own kind."""

    def authenticate(
        self, request: HttpRequest | None, email: str = "", password: str = "", **_: object
    ) -> User | None:
        """The mailbox user, made at the first sign-in, or None. An unknown address takes as long as a
        wrong password, and only the right one learns that the mailbox is closed."""
        if "\x00" in password or len(password) > MAX_CHECKED:
            return None
        mailbox = _existing().filter(address__address=email).first()
        if mailbox is None:
            hash_password(password[:MAX_LENGTH])
            return None
        if not is_right(password, mailbox.password_hash):
            return None
        if not open_mailboxes().filter(pk=mailbox.pk).exists():
            shut_out.tell(request, _CLOSED)
            return None
        upgrade_hash(mailbox, password)
        user = mailbox.user
        if user is None:
            user = _make_user(mailbox)
        elif user.email != mailbox.address.address:
            # Made in the moment in which the domain got another name.
            user.email = mailbox.address.address
            user.save(update_fields=["email"])
        user.trail_tenant_id = mailbox.address.domain.tenant_id
        return user

    def get_user(self, user_id: int) -> User | None:
        """None as soon as the mailbox, its domain or a tenant above is not open any more."""
        mailbox = open_mailboxes().filter(user_id=user_id).first()
        return mailbox.user if mailbox else None


def _existing() -> QuerySet[Mailbox]:
    """Mailboxes that are there for their users, open or not: neither deleted nor in a domain that is gone."""
    return Mailbox.objects.filter(
        ~Q(state=MailboxState.DELETED),
        address__domain__proved_at__isnull=False,
        address__domain__removed_at=None,
    ).select_related("user", "address__domain")


def open_mailboxes() -> QuerySet[Mailbox]:
    """Mailboxes whose users may sign in: active, in a domain and tenant that are neither suspended nor gone."""
    return Mailbox.objects.filter(
        ~suspended_filter("address__domain__tenant_id"),
        state=MailboxState.ACTIVE,
        address__domain__proved_at__isnull=False,
        address__domain__removed_at=None,
        address__domain__suspended_at=None,
    ).select_related("user", "address__domain")


def _make_user(mailbox: Mailbox) -> User:
    with transaction.atomic():
        # Two first sign-ins at once make one principal.
        locked = Mailbox.objects.select_for_update().get(pk=mailbox.pk)
        if locked.user is None:
            user = User(kind=UserKind.MAILBOX, email=locked.address.address, name=mailbox.name)
            user.set_unusable_password()
            user.save(force_insert=True)
            locked.user = user
            locked.save(update_fields=["user"])
    return locked.user
