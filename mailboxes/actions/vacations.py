"""The vacation reply of a mailbox, by its admin and by its user, and the undo of the last change."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from mailboxes import sievec
from mailboxes.actions.mailboxes import locked_mailbox
from mailboxes.models import Mailbox, MailboxState, Vacation
from mailboxes.vacations import (
    MAX_MESSAGE,
    MAX_SUBJECT,
    compile_answer,
    compile_phrase,
    compile_script,
    normalise_message,
    period,
    time_zones,
    today_in,
)
from panel.audit import log
from panel.audit.actor import Actor
from panel.environment import environment
from panel.lib.errors import Refused
from panel.lib.forms import refuse_unseen_characters
from panel.tenants.access import Access
from panel.tenants.roles import Permission

# Days that calendars and clocks of every library can tell.
FIRST_YEAR, LAST_YEAR = 2000, 2099
# How much of a message the trail keeps.
MAX_TOLD = 200
EMPTY = "Write {}: people get nothing else."


@dataclass(frozen=True)
class Reply:
    """What a person sets: whole days in `time_zone`, and the text. Without a last day it goes on."""

    is_on: bool
    first_day: date
    last_day: date | None
    time_zone: str
    subject: str
    message: str


def reply_of(mailbox: Mailbox) -> Reply:
    """What is set; for a mailbox without one, an empty reply that is off and begins today."""
    return reply_from(Vacation.objects.filter(mailbox=mailbox).first())


def reply_from(row: Vacation | None) -> Reply:
    """The same from its row, or from there being none."""
    if row is not None:
        return _reply_in(row)
    zone = environment.time_zone
    return Reply(
        is_on=False,
        first_day=today_in(zone, timezone.now()),
        last_day=None,
        time_zone=zone,
        subject="",
        message="",
    )


def set_vacation(*, access: Access, mailbox: Mailbox, reply: Reply) -> Vacation:
    """Let the mailbox answer with `reply`, or no longer.

    Raises `PermissionDenied`, and `Refused` (outranked, mailbox_deleted, vacation_*).
    """
    access.require(Permission.MAILBOX_EDIT)
    reply = _checked(reply, mailbox)
    with transaction.atomic():
        return _store(access.actor, locked_mailbox(access, mailbox), reply)


def set_own_vacation(*, actor: Actor, mailbox: Mailbox, reply: Reply) -> Vacation:
    """The same, by the person who signed in with this very mailbox."""
    reply = _checked(reply, mailbox)
    with transaction.atomic():
        return _store(actor, _locked_own(mailbox), reply)


@transaction.atomic
def undo_vacation(*, access: Access, mailbox: Mailbox, version: int) -> Vacation:
    """Bring back what was before change number `version`; the undo can be undone likewise.

    Raises `PermissionDenied`, and `Refused` (outranked, mailbox_deleted, vacation_changed_since).
    """
    return _undo(access.actor, locked_mailbox(access, mailbox), version)


@transaction.atomic
def undo_own_vacation(*, actor: Actor, mailbox: Mailbox, version: int) -> Vacation:
    """The same, by the mailbox's own user."""
    return _undo(actor, _locked_own(mailbox), version)


def _locked_own(mailbox: Mailbox) -> Mailbox:
    locked = (
        Mailbox.objects.select_for_update(of=("self",))
        .select_related("address__domain__tenant")
        .get(pk=mailbox.pk)
    )
    if locked.state == MailboxState.DELETED:
        raise Refused("This mailbox is deleted. Bring it back first.", "mailbox_deleted")
    return locked


def _undo(actor: Actor, mailbox: Mailbox, version: int) -> Vacation:
    row = Vacation.objects.filter(mailbox=mailbox, version=version).first()
    if row is None or row.previous is None:
        raise Refused(
            "The vacation reply was changed since, so there is nothing to undo.", "vacation_changed_since"
        )
    return _store(actor, mailbox, _from_json(row.previous))


def _store(actor: Actor, mailbox: Mailbox, reply: Reply) -> Vacation:
    row = Vacation.objects.filter(mailbox=mailbox).first()
    before = reply_of(mailbox)
    if row is not None and before == reply:
        return row
    times = period(reply.first_day, reply.last_day, reply.time_zone)
    row = row or Vacation(mailbox=mailbox)
    for field, value in asdict(reply).items():
        setattr(row, field, value)
    row.starts_at, row.ends_at = times.starts_at, times.ends_at
    row.phrase = compile_phrase(mailbox.name)
    row.answer = compile_answer(reply.subject, reply.message)
    row.previous, row.version = _to_json(before), row.version + 1
    row.save()
    told, was = _told(reply), _told(before)
    changed = [key for key in told if told[key] != was[key]]
    log.record(
        "mailbox.set_vacation" if reply.is_on else "mailbox.end_vacation",
        actor=actor,
        tenant_id=mailbox.address.domain.tenant_id,
        obj=("mailbox", mailbox.pk, mailbox.address.address),
        before={key: was[key] for key in changed},
        after={key: told[key] for key in changed},
    )
    return row


def _checked(reply: Reply, mailbox: Mailbox) -> Reply:
    """The reply in its normal form, whose script the compiler takes. Asks a program, so it comes before
    any transaction."""
    reply = replace(reply, subject=reply.subject.strip(), message=normalise_message(reply.message))
    _check_text(reply)
    _check_days(reply)
    script = compile_script(
        [mailbox.address.address],
        phrase=compile_phrase(mailbox.name),
        answer=compile_answer(reply.subject, reply.message),
    )
    if sievec.complaint(script):
        # Nothing that is typed should come here; if it does, it is not put live.
        message = "The mail server does not take this text. Write it with plain letters and digits."
        raise Refused(message, "vacation_script", "message")
    return reply


def _check_text(reply: Reply) -> None:
    for field, text, most in (
        ("subject", reply.subject, MAX_SUBJECT),
        ("message", reply.message, MAX_MESSAGE),
    ):
        try:
            refuse_unseen_characters(text, multiline=field == "message")
        except ValidationError as error:
            raise Refused(error.messages[0], "vacation_characters", field) from error
        if len(text) > most:
            raise Refused(
                f"The {field} has {len(text):,} characters. Use at most {most:,}.", "vacation_long", field
            )
        if reply.is_on and not text.strip():
            what = "a subject" if field == "subject" else "a message"
            raise Refused(EMPTY.format(what), "vacation_empty", field)


def _check_days(reply: Reply) -> None:
    if reply.time_zone not in time_zones():
        raise Refused("Choose a time zone from the list.", "vacation_time_zone", "time_zone")
    for field, day in (("first_day", reply.first_day), ("last_day", reply.last_day)):
        if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
            message = f"Choose a day between the years {FIRST_YEAR} and {LAST_YEAR}."
            raise Refused(message, "vacation_day", field)
    if reply.last_day is None:
        return
    if reply.last_day < reply.first_day:
        raise Refused("The last day comes before the first one.", "vacation_days", "last_day")
    if reply.is_on and reply.last_day < today_in(reply.time_zone, timezone.now()):
        message = "This day is over. Choose a later one, or none, or switch the reply off."
        raise Refused(message, "vacation_over", "last_day")


def _reply_in(row: Vacation) -> Reply:
    return Reply(
        is_on=row.is_on,
        first_day=row.first_day,
        last_day=row.last_day,
        time_zone=row.time_zone,
        subject=row.subject,
        message=row.message,
    )


def _to_json(reply: Reply) -> dict[str, Any]:
    return asdict(reply) | {
        "first_day": reply.first_day.isoformat(),
        "last_day": reply.last_day.isoformat() if reply.last_day else None,
    }


def _from_json(kept: Mapping[str, Any]) -> Reply:
    last_day = kept["last_day"]
    days = {
        "first_day": date.fromisoformat(kept["first_day"]),
        "last_day": date.fromisoformat(last_day) if last_day else None,
    }
    return Reply(**{**kept, **days})


def _told(reply: Reply) -> dict[str, Any]:
    message = reply.message
    return {
        "vacation": reply.is_on,
        "vacation_from": reply.first_day.isoformat(),
        "vacation_until": reply.last_day.isoformat() if reply.last_day else "",
        "vacation_zone": reply.time_zone,
        "vacation_subject": reply.subject,
        "vacation_message": message if len(message) <= MAX_TOLD else message[:MAX_TOLD] + "…",
    }
