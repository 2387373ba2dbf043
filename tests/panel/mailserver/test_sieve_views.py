"""The contract's second question: which script Dovecot runs for whom, and when."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from domains.models import Domain
from mailboxes.models import Mailbox, Vacation
from mailboxes.vacations import MAX_ADDRESSES, compile_answer, compile_phrase, compile_script
from panel.tenants.models import Tenant
from tests.factories import away, make_alias, make_domain, make_mailbox

pytestmark = pytest.mark.django_db
ANN = "ann@alder.example"


def ask(sql: str, *parameters: object) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [row[0] for row in cursor.fetchall()]


def script_id(user: str = ANN) -> list[str]:
    return ask("SELECT id FROM mail_sieve_names WHERE script_name = 'vacation' AND username = %s", user)


def script(user: str = ANN) -> str:
    [text] = ask("SELECT script FROM mail_sieve_scripts WHERE username = %s", user)
    return text


def named(user: str = ANN) -> list[str]:
    listed = script(user).partition(":addresses [")[2].partition("]")[0]
    return [address.strip('"') for address in listed.split(",")]


def test_the_name_leads_to_the_script_that_the_pure_function_makes(
    ann: Mailbox, alder_domain: Domain
) -> None:
    make_alias("sales", alder_domain, ANN)
    row = away(ann, phrase=compile_phrase('Änn "A"'), answer=compile_answer("It's", 'a "b" \\ ${hex:41}\n.'))
    assert script_id() == [str(row.pk)]
    assert ask("SELECT script FROM mail_sieve_scripts WHERE username = %s AND id = %s", ANN, str(row.pk)) == [
        compile_script([ANN, "sales@alder.example"], phrase=row.phrase, answer=row.answer)
    ]


def test_it_begins_and_ends_by_itself(ann: Mailbox) -> None:
    # A transaction of PostgreSQL knows one moment alone: that of its beginning.
    now, minute, hour = timezone.now(), timedelta(minutes=1), timedelta(hours=1)
    for starts_at, ends_at, is_there in (
        (now - minute, None, True),
        (now - hour, now + minute, True),
        (now + minute, None, False),
        (now + minute, now + hour, False),
        (now - hour, now - minute, False),
    ):
        row = away(ann, starts_at=starts_at, ends_at=ends_at)
        assert bool(script_id()) is is_there, (starts_at, ends_at)
        # Who asked for the name a moment ago still gets the script, and not an error.
        assert script()
        row.delete()


def test_one_that_is_off_is_not_there(ann: Mailbox) -> None:
    away(ann, is_on=False)
    assert script_id() == []


def test_for_dovecot_2_4_everybody_has_a_script_that_of_most_says_nothing(ann: Mailbox, bob: Mailbox) -> None:
    row = away(ann)
    by_user = {}
    for user in (ANN, "bob@alder.example"):
        [key] = ask("SELECT id FROM mail_sieve_names_always WHERE username = %s", user)
        told = "SELECT script FROM mail_sieve_scripts_always WHERE username = %s AND id = %s"
        by_user[user] = (key, *ask(told, user, key))
    assert by_user == {ANN: (str(row.pk), script()), "bob@alder.example": ("0", "/* nobody is away */")}
    row.delete()
    assert ask("SELECT id FROM mail_sieve_names_always WHERE username = %s", ANN) == ["0"]


@pytest.mark.parametrize("state", ["receive_only", "off", "deleted"])
def test_only_an_active_mailbox_answers(ann: Mailbox, state: str) -> None:
    away(ann)
    assert script_id()
    Mailbox.objects.filter(pk=ann.pk).update(state=state)
    assert script_id() == []


@pytest.mark.parametrize("level", ["north", "alder", "alder_domain"])
def test_a_suspension_silences_it_at_once(level: str, request: pytest.FixtureRequest, ann: Mailbox) -> None:
    away(ann)
    thing = request.getfixturevalue(level)
    type(thing).objects.filter(pk=thing.pk).update(suspended_at=timezone.now())
    assert script_id() == []
    type(thing).objects.filter(pk=thing.pk).update(suspended_at=None)
    assert script_id()


def test_nobody_gets_the_script_of_a_neighbour(ann: Mailbox, bob: Mailbox) -> None:
    away(ann)
    assert script_id("bob@alder.example") == []
    assert ask("SELECT script FROM mail_sieve_scripts WHERE username = %s", "bob@alder.example") == []


def test_every_name_that_leads_to_the_mailbox_is_its_own(
    ann: Mailbox, alder: Tenant, alder_domain: Domain
) -> None:
    also = make_domain("also.example", alder, alias_of=alder_domain)
    make_alias("sales", alder_domain, ANN)
    make_alias("office", alder_domain, "sales@alder.example", "ann@also.example")
    other = make_domain("finch.example", alder)
    make_alias("info", other, "office@alder.example")
    away(ann)
    assert named() == [
        ANN,
        "ann@also.example",
        "info@finch.example",
        "office@alder.example",
        "sales@alder.example",
        "office@also.example",
        "sales@also.example",
    ]
    Domain.objects.filter(pk=also.pk).update(removed_at=timezone.now())
    assert "ann@also.example" not in named()


def test_what_is_not_written_to_this_mailbox_is_not_its_own(
    ann: Mailbox, bob: Mailbox, birch: Tenant, birch_domain: Domain, alder: Tenant, alder_domain: Domain
) -> None:
    make_alias("", alder_domain, ANN)
    make_alias("old", alder_domain, ANN, is_enabled=False)
    make_alias("partner", birch_domain, ANN)
    make_alias("later", make_domain("unproved.example", alder, proved=False), ANN)
    make_alias("gone", make_domain("gone.example", alder, removed_at=timezone.now()), ANN)
    bob.address.targets.create(destination=ANN)
    make_alias("bobs", alder_domain, "bob@alder.example")
    away(ann)
    assert named() == [ANN]


def test_a_circle_of_aliases_ends(ann: Mailbox, alder_domain: Domain) -> None:
    make_alias("one", alder_domain, "two@alder.example", ANN)
    make_alias("two", alder_domain, "one@alder.example")
    away(ann)
    assert named() == [ANN, "one@alder.example", "two@alder.example"]


def test_a_thousand_aliases_leave_the_own_address_first(ann: Mailbox, alder_domain: Domain) -> None:
    for number in range(MAX_ADDRESSES + 20):
        make_alias(f"a{number:04}", alder_domain, ANN)
    away(ann)
    assert len(named()) == MAX_ADDRESSES
    assert named()[0] == ANN


def test_an_apostrophe_in_an_address_is_a_character(alder_domain: Domain) -> None:
    mailbox = make_mailbox("o'neil", alder_domain)
    away(mailbox)
    assert named("o'neil@alder.example") == ["o'neil@alder.example"]


def test_a_purged_mailbox_leaves_no_reply(ann: Mailbox) -> None:
    away(ann, ends_at=datetime(2999, 1, 1, tzinfo=UTC))
    ann.delete()
    assert not Vacation.objects.exists()
