"""Setting the vacation reply: by admin and user, within bounds, on the trail, with an undo."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from mailboxes import sievec
from mailboxes.actions.mailboxes import Protocols, edit_mailbox
from mailboxes.actions.vacations import (
    Reply,
    reply_of,
    set_own_vacation,
    set_vacation,
    undo_own_vacation,
    undo_vacation,
)
from mailboxes.models import Mailbox, Vacation
from mailboxes.vacations import MAX_MESSAGE, MAX_SUBJECT, compile_answer, period
from panel.audit.actor import Actor, ActorKind
from panel.audit.models import AuditEntry
from panel.lib.errors import Refused
from panel.tenants.roles import Role
from tests.factories import make_user

pytestmark = pytest.mark.django_db

TODAY = timezone.now().date()
DAY = timedelta(days=1)
AWAY = Reply(
    is_on=True,
    first_day=TODAY,
    last_day=TODAY + 14 * DAY,
    time_zone="Europe/Berlin",
    subject="Away",
    message="I am away.",
)
ANN = Actor(ActorKind.MAILBOX, "ann@alder.example", 7, "192.0.2.9")


@pytest.fixture
def admin(access_of, alder_admin, alder, alder_domain):
    return access_of(alder_admin, alder)


def refusal_of(act) -> Refused:
    with pytest.raises(Refused) as refusal:
        act()
    return refusal.value


def own(mailbox, **changes) -> Vacation:
    return set_own_vacation(actor=ANN, mailbox=mailbox, reply=replace(AWAY, **changes))


def test_an_admin_and_the_user_set_the_same_reply_and_the_trail_tells_who(admin, ann):
    set_vacation(access=admin, mailbox=ann, reply=AWAY)
    own(ann, subject="Really away")
    first, second = AuditEntry.objects.order_by("pk")
    assert (first.action, first.actor_kind, first.object_label) == (
        "mailbox.set_vacation",
        "member",
        "ann@alder.example",
    )
    assert (second.actor_kind, second.actor_label) == ("mailbox", "ann@alder.example")
    assert (second.before, second.after) == (
        {"vacation_subject": "Away"},
        {"vacation_subject": "Really away"},
    )


def test_what_is_stored_is_what_dovecot_needs(ann):
    row = own(ann)
    times = period(AWAY.first_day, AWAY.last_day, "Europe/Berlin")
    assert (row.starts_at, row.ends_at) == (times.starts_at, times.ends_at)
    assert (row.phrase, row.answer) == ('\\"Ann\\" ', compile_answer("Away", "I am away."))
    assert reply_of(ann) == AWAY


def test_without_one_it_is_off_and_begins_today(ann):
    assert reply_of(ann) == Reply(
        is_on=False, first_day=TODAY, last_day=None, time_zone="UTC", subject="", message=""
    )


def test_saving_the_same_again_changes_and_tells_nothing(ann):
    assert own(ann).version == own(ann).version == 1
    assert AuditEntry.objects.count() == 1


def test_switching_it_off_keeps_the_text_and_is_told_as_an_end(ann):
    own(ann)
    own(ann, is_on=False)
    assert Vacation.objects.get().message == "I am away."
    last = AuditEntry.objects.latest("pk")
    assert (last.action, last.before, last.after) == (
        "mailbox.end_vacation",
        {"vacation": True},
        {"vacation": False},
    )


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"subject": ""}, "vacation_empty", "subject"),
        ({"message": " \r\n\t"}, "vacation_empty", "message"),
        ({"subject": "x" * (MAX_SUBJECT + 1)}, "vacation_long", "subject"),
        ({"message": "x" * (MAX_MESSAGE + 1)}, "vacation_long", "message"),
        ({"subject": "x\r\nBcc: evil@example.com"}, "vacation_characters", "subject"),
        ({"subject": "x\ty"}, "vacation_characters", "subject"),
        ({"message": "x\x00y"}, "vacation_characters", "message"),
        ({"message": "x\x1by"}, "vacation_characters", "message"),
        ({"message": "x\u2028y"}, "vacation_characters", "message"),
        ({"message": "x\u202ey"}, "vacation_characters", "message"),
        ({"message": "x\ud800y"}, "vacation_characters", "message"),
        ({"last_day": TODAY - DAY}, "vacation_days", "last_day"),
        ({"first_day": TODAY - 9 * DAY, "last_day": TODAY - 5 * DAY}, "vacation_over", "last_day"),
        ({"first_day": date(1, 1, 1)}, "vacation_day", "first_day"),
        ({"last_day": date(9999, 12, 31)}, "vacation_day", "last_day"),
        ({"time_zone": "Mars/Olympus"}, "vacation_time_zone", "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "vacation_time_zone", "time_zone"),
        ({"time_zone": ""}, "vacation_time_zone", "time_zone"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(ann, changes, code, field):
    refusal = refusal_of(lambda: own(ann, **changes))
    assert (refusal.code, refusal.field) == (code, field)
    assert not Vacation.objects.exists()


def test_ten_thousand_characters_fit_however_their_lines_end(ann):
    row = own(ann, message="\r\n".join(["x" * 99] * 100))
    assert len(row.message) == MAX_MESSAGE - 1


def test_one_that_is_off_may_wait_empty_or_with_days_gone_by(ann):
    assert own(ann, is_on=False, subject="", message="", first_day=TODAY - 9 * DAY, last_day=TODAY - 5 * DAY)


def test_a_script_that_the_compiler_does_not_take_is_not_put_live(ann, monkeypatch):
    monkeypatch.setattr(sievec, "complaint", lambda _script: "line 1: error")
    refusal = refusal_of(lambda: own(ann))
    assert (refusal.code, refusal.field) == ("vacation_script", "message")
    assert not Vacation.objects.exists()


def test_a_deleted_mailbox_is_left_as_it_is(admin, ann):
    Mailbox.objects.filter(pk=ann.pk).update(state="deleted")
    assert refusal_of(lambda: own(ann)).code == "mailbox_deleted"
    assert refusal_of(lambda: set_vacation(access=admin, mailbox=ann, reply=AWAY)).code == "mailbox_deleted"


def test_nobody_answers_for_someone_who_outranks_them(admin, north, ann):
    make_user("ann@alder.example", north, Role.RESELLER_ADMIN)
    assert refusal_of(lambda: set_vacation(access=admin, mailbox=ann, reply=AWAY)).code == "outranked"
    row = own(ann)
    assert (
        refusal_of(lambda: undo_vacation(access=admin, mailbox=ann, version=row.version)).code == "outranked"
    )


def test_readers_and_strangers_set_and_undo_nothing(admin, access_of, alder_reader, alder, ann, cid):
    own(ann)
    reader = access_of(alder_reader, alder)
    for act in (
        lambda access, mailbox: set_vacation(access=access, mailbox=mailbox, reply=AWAY),
        lambda access, mailbox: undo_vacation(access=access, mailbox=mailbox, version=1),
    ):
        with pytest.raises(Mailbox.DoesNotExist):
            act(admin, cid)
        with pytest.raises(PermissionDenied):
            act(reader, ann)


def test_an_undo_brings_back_what_was_and_can_be_undone(admin, ann):
    own(ann)
    changed = own(ann, subject="Other", is_on=False)
    back = undo_own_vacation(actor=ANN, mailbox=ann, version=changed.version)
    assert reply_of(ann) == AWAY
    assert back.answer == compile_answer("Away", "I am away.")
    undo_vacation(access=admin, mailbox=ann, version=back.version)
    assert reply_of(ann) == replace(AWAY, subject="Other", is_on=False)


def test_undoing_the_first_leaves_none(ann):
    row = own(ann)
    undo_own_vacation(actor=ANN, mailbox=ann, version=row.version)
    assert not reply_of(ann).is_on
    assert reply_of(ann).message == ""


def test_an_undo_comes_too_late_once_something_else_was_changed(ann, bob):
    first = own(ann)
    own(ann, subject="Newer")
    for mailbox, version in ((ann, first.version), (bob, 1), (ann, 99)):
        refusal = refusal_of(
            lambda mailbox=mailbox, version=version: undo_own_vacation(
                actor=ANN, mailbox=mailbox, version=version
            )
        )
        assert refusal.code == "vacation_changed_since"
    assert reply_of(ann).subject == "Newer"


def test_a_new_display_name_stands_in_the_next_reply(admin, ann):
    own(ann)
    edit_mailbox(
        access=admin, mailbox=ann, name="Ann Kettering", quota_bytes=ann.quota_bytes, protocols=Protocols()
    )
    assert Vacation.objects.get().phrase == '\\"Ann Kettering\\" '


def test_the_trail_keeps_the_beginning_of_a_long_message(ann):
    own(ann, message="x" * 5000)
    assert AuditEntry.objects.get().after["vacation_message"] == "x" * 200 + "…"
