"""What happens to a member's account. What it may do where is decided above: in `panel.tenants`."""

from dataclasses import replace
from functools import partial

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from panel.accounts import throttle
from panel.accounts.jobs import LINK_LIFE, user_of_link, void_links
from panel.accounts.models import PasswordReset, User, UserKind, new_stamp
from panel.accounts.passwords import OneTimePassword, hash_password, is_right, make_one_time_password
from panel.accounts.tasks import ring
from panel.accounts.validators import PasswordPolicy
from panel.audit import log
from panel.audit.actor import Actor
from panel.lib.addresses import normalise_destination
from panel.lib.errors import Refused

MAX_NAME = 120


def make_member(
    email: str,
    name: str = "",
    *,
    actor: Actor,
    tenant_id: int | None = None,
    one_time: OneTimePassword | None = None,
) -> tuple[User, str]:
    """A new member and the one-time password to hand over: it must be changed at the first sign-in.

    `tenant_id` is the tenant whose trail tells of it. A caller with a transaction of its own makes
    `one_time` before it, for a hash takes long. Raises `Refused` (address codes, member_exists,
    name_too_long) at `email` or `name`.
    """
    try:
        address = normalise_destination(email)
    except Refused as refused:
        raise refused.at("email") from refused
    if len(name) > MAX_NAME:
        raise Refused(f"A name has at most {MAX_NAME} characters.", "name_too_long", "name")
    one_time = one_time or make_one_time_password()
    user = User(email=address, name=name, kind=UserKind.MEMBER, must_change_password=True)
    user.password = one_time.hashed
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            _record("member.create", user, actor, tenant_id, after={"email": address, "name": name})
    except IntegrityError as error:
        message = f"{address} signs in here already, with a password of their own."
        raise Refused(message, "member_exists", "email") from error
    return user, one_time.text


def hand_out_password(
    user: User, *, actor: Actor, tenant_id: int | None = None, one_time: OneTimePassword | None = None
) -> str:
    """A new one-time password for a member who is locked out. Ends their sessions and reset links."""
    one_time = one_time or make_one_time_password()
    with transaction.atomic():
        # Whoever hands it out knows it.
        user.has_proved_address = False
        set_password(user, one_time.hashed, must_change=True)
        _record("member.hand_out", user, actor, tenant_id)
    return one_time.text


def change_password(  # noqa: PLR0913 -- who, what, and where it is written and counted
    user: User, old: str, new: str, *, actor: Actor, tenant_id: int | None = None, session_key: str = ""
) -> User:
    """The member's own change. Ends all sessions of the member: the caller keeps the present one by
    `update_session_auth_hash`. Wrong old passwords count by `session_key`. Raises `Throttled`, and `Refused`
    (old_password_wrong, password_*) at `old` or `new`."""
    if not throttle.check(
        throttle.counters_of_session(session_key),
        old,
        lambda: is_right(old, user.password)[0],
        partial(_record, "session.throttle", user, actor, tenant_id),
    ):
        message = "This is not your present password. Type it again."
        raise Refused(message, "old_password_wrong", "old")
    if is_right(new, user.password)[0]:
        raise Refused("This is the password that you have now. Choose another one.", "password_same", "new")
    check_policy(new, user)
    hashed, checked = hash_password(new), user.password
    with transaction.atomic():
        # Against the row as it is now: whoever changed it in between has made the old password wrong.
        locked = User.objects.select_for_update().get(pk=user.pk)
        if locked.password != checked:
            raise Refused("The password has just been changed elsewhere.", "old_password_wrong", "old")
        set_password(locked, hashed, must_change=False)
        _record("member.change_password", locked, actor, tenant_id)
    return locked


def upgrade_hash(user: User, password: str) -> None:
    """After a sign-in with the right password: store it by the present cost. Nothing is taken away, so
    nobody is signed out."""
    old, user.password = user.password, hash_password(password)
    # Only over the hash that was checked: a password that was set in between stays.
    User.objects.filter(pk=user.pk, password=old).update(password=user.password)


def ask_for_reset(email: str) -> None:
    """Take down that somebody forgot the password of `email` (normal): a member of that address gets a
    link by mail within seconds. An address that nobody has costs the same and gets nothing."""
    member = User.objects.filter(kind=UserKind.MEMBER, email=email, is_active=True).only("pk").first()
    with transaction.atomic():
        asked = PasswordReset.objects.create(user=member, expires_at=timezone.now() + LINK_LIFE)
        # A broker that is down costs nothing but time: beat sweeps what was not sent. No partial: Django
        # asks a robust callback that failed for its name, and a partial has none.
        transaction.on_commit(lambda: ring(asked.pk), robust=True)


def reset_password(digest: str, new: str, *, actor: Actor) -> User:
    """Set a new password by the link whose secret has `digest`; the link ends with it, and so do all
    sessions and other links of the member. Raises `Refused` (reset_ended; password_* at `new`)."""
    user = user_of_link(digest)
    if user is None:
        raise _link_ended()
    check_policy(new, user)
    hashed = hash_password(new)
    with transaction.atomic():
        user, now = User.objects.select_for_update().get(pk=user.pk), timezone.now()
        # Of parallel requests with one link, one finds it open. Columns of the row alone: PostgreSQL judges
        # a joined condition again by what was there before the wait, and would find it open twice.
        link = PasswordReset.objects.filter(digest=digest, ended_at=None, expires_at__gt=now)
        if not (user.is_active and link.update(ended_at=now)):
            raise _link_ended()
        user.has_proved_address = True
        set_password(user, hashed, must_change=False)
        _record("member.reset_password", user, replace(actor, label=f"{actor.label} with a link"), None)
    return user


def end_sessions(user: User, *, actor: Actor, tenant_id: int | None = None) -> None:
    """End all sessions of a member or mailbox user at their next request."""
    with transaction.atomic():
        user.stamp = new_stamp()
        user.save(update_fields=["stamp"])
        _record("member.end_sessions", user, actor, tenant_id)


def set_active(user: User, *, active: bool, actor: Actor, tenant_id: int | None = None) -> None:
    """Let a member sign in, or not any more: then sessions and reset links end too."""
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        if locked.is_active == active:
            return
        user.is_active = locked.is_active = active
        locked.save(update_fields=["is_active"])
        if not active:
            user.stamp = locked.stamp = new_stamp()
            locked.save(update_fields=["stamp"])
            void_links(locked)
        _record(
            "member.activate" if active else "member.deactivate",
            locked,
            actor,
            tenant_id,
            before={"is_active": not active},
            after={"is_active": active},
        )


def set_password(user: User, hashed: str, *, must_change: bool) -> None:
    """Store a new hash: sessions and reset links of the member end."""
    user.password, user.stamp, user.must_change_password = hashed, new_stamp(), must_change
    user.save(update_fields=["password", "stamp", "must_change_password", "has_proved_address"])
    void_links(user)


def check_policy(password: str, user: User) -> None:
    """Raise `Refused` at `new` unless the password may be this person's."""
    try:
        PasswordPolicy().validate(password, user)
    except ValidationError as error:
        raise Refused(error.messages[0], str(error.code), "new") from error


def _record(
    action: str,
    user: User,
    actor: Actor,
    tenant_id: int | None,
    *,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
) -> None:
    log.record(
        action,
        actor=actor,
        tenant_id=tenant_id,
        obj=(user.kind, user.pk, user.email),
        before=before,
        after=after,
    )


def _link_ended() -> Refused:
    message = "This link has been used, is older than 30 minutes, or was replaced by a newer one. Ask for a new one."
    return Refused(message, "reset_ended")
