"""Set and change mailbox passwords. No password or hash reaches the trail, a log or a task."""

from django.db import transaction
from django.utils import timezone

from mailboxes.actions.mailboxes import NewPassword, end_sign_ins, locked_mailbox, record
from mailboxes.models import Mailbox, MailboxState
from mailboxes.outranking import refuse_outranked
from mailboxes.passwords import check_policy, generate_password, hash_password, is_right, needs_upgrade
from panel.accounts import throttle
from panel.accounts.models import User, new_stamp
from panel.audit import log
from panel.audit.actor import Actor
from panel.lib.errors import Refused
from panel.tenants.access import Access
from panel.tenants.roles import Permission


def set_password(*, access: Access, mailbox: Mailbox, password: str | None = None) -> NewPassword:
    """Give the mailbox a new password; without one it is made, and returned this once. Mail programs and
    panel sessions that used the old one are signed out.

    Raises `PermissionDenied`, and `Refused` (outranked, mailbox_deleted, password_*).
    """
    access.require(Permission.MAILBOX_EDIT)
    refuse_outranked(access, mailbox.address.address)
    if password is not None:
        check_policy(password, mailbox.address.address)
    one_time = "" if password is not None else generate_password()
    hashed = hash_password(password if password is not None else one_time)
    with transaction.atomic():
        locked = locked_mailbox(access, mailbox)
        _store(locked, hashed)
        record("mailbox.set_password", access, locked)
    return NewPassword(locked, one_time)


def change_password(*, actor: Actor, mailbox: Mailbox, old: str, new: str, session_key: str = "") -> Mailbox:
    """The mailbox user's own change. Ends their other sessions: the caller keeps the present one with
    `update_session_auth_hash`. Wrong old passwords count by `session_key`, for a session can be stolen.

    Raises `Throttled`, and `Refused` (old_password_wrong at `old`; password_same and password_* at `password`).
    """
    checked = mailbox.password_hash
    if not throttle.check(
        throttle.counters_of_session(session_key),
        old,
        lambda: is_right(old, checked),
        lambda: _record_own("session.throttle", actor, mailbox),
    ):
        raise Refused("This is not your present password. Type it again.", "old_password_wrong", "old")
    if old == new:
        raise Refused(
            "This is the password that you have now. Choose another one.", "password_same", "password"
        )
    check_policy(new, mailbox.address.address)
    hashed = hash_password(new)
    with transaction.atomic():
        locked = (
            Mailbox.objects.select_for_update(of=("self",))
            .select_related("address__domain", "user")
            .get(pk=mailbox.pk)
        )
        # Whoever changed it in between has made the old one wrong.
        if locked.password_hash != checked or locked.state != MailboxState.ACTIVE:
            raise Refused("The password has just been changed elsewhere.", "old_password_wrong", "old")
        _store(locked, hashed)
        _record_own("mailbox.change_password", actor, locked)
    return locked


def upgrade_hash(mailbox: Mailbox, password: str) -> None:
    """After a sign-in with the right password: store it by the present scheme and cost, if it was not.
    Nothing is taken away, so nobody is signed out."""
    old = mailbox.password_hash
    if not needs_upgrade(old) or "\x00" in password:
        return
    hashed = hash_password(password)
    # Only over the hash that was checked: a password set in between stays.
    Mailbox.objects.filter(pk=mailbox.pk, password_hash=old).update(password_hash=hashed)


def end_panel_sessions(mailbox: Mailbox) -> None:
    """End the sessions of its user in the panel, in this transaction."""
    if mailbox.user_id is not None:
        User.objects.filter(pk=mailbox.user_id).update(stamp=new_stamp())


def _store(mailbox: Mailbox, hashed: str) -> None:
    mailbox.password_hash, mailbox.password_changed_at = hashed, timezone.now()
    mailbox.save(update_fields=["password_hash", "password_changed_at"])
    end_sign_ins(mailbox)
    end_panel_sessions(mailbox)


def _record_own(action: str, actor: Actor, mailbox: Mailbox) -> None:
    log.record(
        action,
        actor=actor,
        tenant_id=mailbox.address.domain.tenant_id,
        obj=("mailbox", mailbox.pk, mailbox.address.address),
    )
