"""From an empty folder to mail that arrives, as people live it: one story, told on both databases.

Harbourline runs Posthouse, Northmoor resells it, and Alder and Finch have their mail there. Each step
stands on those before it; the pictures of the pages lie in `shots/`.
"""

import imaplib
import time
from collections.abc import Callable

import pytest

from tests.e2e.house import House
from tests.e2e.mail import as_printed, imap, may_sign_in, read, subjects, swaks, wait_until
from tests.e2e.person import Person
from tests.load import Load
from tests.panel.mailserver.clients import receive, submit

People = Callable[[str], Person]

RESELLER, CLIENT = "Northmoor Studio", "Alder and Finch"
DOMAIN, SECOND_DOMAIN = "alder.example", "finch.example"
NORA, ALMA = "nora@northmoor.example", "alma@finch.example"
ANN, BOB, INFO, NOBODY = (f"{name}@{DOMAIN}" for name in ("ann", "bob", "info", "nobody"))
EVE = f"eve@{SECOND_DOMAIN}"
FRIEND = "friend@outside.example"
# What the product promises: a new sign-in is refused within 5 s, an open session ends within 10.
NEW_SIGN_INS_SECONDS, OPEN_SESSIONS_SECONDS = 5, 10
BEFORE_SECONDS, AWAY_SECONDS, BACK_WITHIN_SECONDS = 3, 10, 15
PARTS = ("web", "worker", "mail_keeper", "dovecot", "/postfix/sbin/master")


class TestTheHouseOpens:
    def test_the_operator_signs_in_with_the_printed_password_and_must_choose_another(
        self, house: House, people: People
    ):
        operator = people(house.printed(r"The first operator signs in as (\S+)"))
        operator.signs_in_for_the_first_time(
            house.printed(r"shown only now: (\S+)"), "fog horns in the morning"
        )
        operator.shoot("01-operator")

    def test_the_printed_password_opens_nothing_any_more(self, house: House, people: People):
        operator = people(house.printed(r"The first operator signs in as (\S+)"))
        operator.signs_out()
        operator.types_at_the_door(house.printed(r"shown only now: (\S+)"))
        operator.is_refused_at_the_door("The address or the password is not right.")
        operator.signs_in()

    def test_the_operator_creates_a_reseller_and_its_admin(self, house: House, people: People):
        operator = people(house.printed(r"The first operator signs in as (\S+)"))
        operator.adds_tenant("Reseller", RESELLER, "hello@northmoor.example")
        one_time = operator.adds_person(NORA, "Reseller admin")
        operator.shoot("02-reseller-admin")
        people(NORA).signs_in_for_the_first_time(one_time, "tall grass by the river")

    def test_the_reseller_creates_a_client_and_its_admin(self, people: People):
        nora = people(NORA)
        nora.adds_tenant("Client", CLIENT, "office@finch.example")
        one_time = nora.adds_person(ALMA, "Admin")
        nora.shoot("03-client-admin")
        people(ALMA).signs_in_for_the_first_time(one_time, "seven kettles on a shelf")


class TestTheClientMovesIn:
    def test_its_admin_adds_a_domain_and_proves_it_by_the_record_that_is_shown(
        self, house: House, people: People
    ):
        alma = people(ALMA)
        host, value = alma.adds_domain(DOMAIN)
        alma.shoot("04-domain-waits")
        house.publish(DOMAIN, host, value)
        alma.presses_check()
        alma.sees_domain_proved()
        alma.shoot("05-domain-proved")

    def test_two_mailboxes_one_with_a_password_that_is_shown_once(self, house: House, people: People):
        alma = people(ALMA)
        house.passwords[ANN] = alma.adds_mailbox("ann", quota_gb="1")
        alma.shoot("06-mailbox")
        house.passwords[BOB] = alma.adds_mailbox("bob", quota_gb="0.001", password="nine owls in the barn")

    def test_an_alias_and_a_forward(self, people: People):
        alma = people(ALMA)
        alma.adds_alias("info", BOB)
        alma.shoot("07-alias")
        alma.forwards("Ann", BOB)
        alma.shoot("08-forward")


class TestMailFlows:
    def test_the_printed_command_sends_and_the_other_reads(self, house: House):
        command = house.printed(r"(swaks [^\n]*\\\n[^\n]*)\n")
        sent = as_printed(house, command, domain=DOMAIN, password=house.passwords[ANN])
        assert sent.code == 250, sent.transcript
        assert "STARTTLS" in sent.transcript
        assert f"From: {ANN}" in read(house, BOB, sent.tag)

    def test_mail_from_outside_arrives(self, house: House):
        sent = swaks(house, sender=FRIEND, to=BOB)
        assert sent.code == 250, sent.transcript
        read(house, BOB, sent.tag)

    def test_mail_to_the_alias_arrives(self, house: House):
        sent = swaks(house, sender=ANN, password=house.passwords[ANN], to=INFO)
        assert sent.code == 250, sent.transcript
        read(house, BOB, sent.tag)

    def test_mail_to_the_forwarding_mailbox_arrives_at_both(self, house: House):
        sent = swaks(house, sender=FRIEND, to=ANN)
        assert sent.code == 250, sent.transcript
        read(house, ANN, sent.tag)
        read(house, BOB, sent.tag)

    def test_an_unknown_recipient_is_refused_with_550(self, house: House):
        assert swaks(house, sender=FRIEND, to=NOBODY).answer.startswith("550 5.1.1")

    def test_a_foreign_sender_is_refused_with_553(self, house: House):
        sent = swaks(house, sender=BOB, user=ANN, password=house.passwords[ANN], to=BOB)
        assert sent.answer.startswith("553 5.7.1"), sent.transcript

    def test_a_wrong_password_is_refused_with_535(self, house: House):
        sent = swaks(house, sender=ANN, password="not the password", to=BOB)
        assert sent.answer.startswith("535 5.7.8"), sent.transcript

    def test_a_message_that_does_not_fit_comes_back_with_552(self, house: House):
        sent = swaks(house, sender=ANN, password=house.passwords[ANN], to=BOB, kb=1200)
        assert sent.code == 250, sent.transcript
        bounce = read(house, ANN, f"Subject: {sent.tag}")
        assert "multipart/report" in bounce
        assert "552 5.2.2" in bounce
        assert f"Final-Recipient: rfc822; {BOB}" in bounce


class TestTheClientDoesNotPay:
    def test_a_suspension_by_the_reseller_ends_what_was_open_and_lets_nobody_in(
        self, house: House, people: People
    ):
        nora, alma, bob = people(NORA), people(ALMA), people(BOB)
        bob.signs_in()
        bob.shoot("09-self-service")
        nora.switches_to(RESELLER)
        with imap(house, BOB) as program:
            program.select()
            nora.suspends(CLIENT, "invoice unpaid")
            began = time.monotonic()
            wait_until(NEW_SIGN_INS_SECONDS, lambda: not may_sign_in(house, BOB), "IMAP refuses")
            wait_until(
                OPEN_SESSIONS_SECONDS - (time.monotonic() - began), lambda: has_ended(program), "IMAP ends"
            )
        alma.page.goto("/")
        alma.sees("Nothing is open to you for now")
        alma.signs_out()
        assert bob.is_outside()
        for person in (alma, bob):
            person.types_at_the_door(person.password)
            person.is_refused_at_the_door("Your password is right, but")
        nora.shoot("10-suspended")
        alma.shoot("11-refused")

    def test_meanwhile_nobody_sends_or_receives(self, house: House):
        sent = swaks(house, sender=ANN, password=house.passwords[ANN], to=BOB)
        assert sent.answer.startswith("535 5.7.8"), sent.transcript
        for recipient in (BOB, INFO):
            sent = swaks(house, sender=FRIEND, to=recipient)
            assert sent.answer.startswith("450 4.2.1"), sent.transcript

    def test_when_it_is_lifted_all_is_back(self, house: House, people: People):
        alma, bob = people(ALMA), people(BOB)
        people(NORA).lifts_suspension()
        wait_until(NEW_SIGN_INS_SECONDS, lambda: may_sign_in(house, BOB), "IMAP lets in again")
        alma.signs_in()
        bob.signs_in()
        submitted = swaks(house, sender=ANN, password=house.passwords[ANN], to=INFO)
        assert submitted.code == 250, submitted.transcript
        received = swaks(house, sender=FRIEND, to=ANN)
        assert received.code == 250, received.transcript
        for sent in (submitted, received):
            read(house, BOB, sent.tag)
        read(house, ANN, received.tag)


@pytest.mark.parametrize("house", ["postgresql"], indirect=True)
class TestTheDatabaseIsAway:
    def test_ten_seconds_without_it_under_load_only_delay(self, house: House, people: People):
        assert house.database is not None
        parts = {name: house.installation.pid_of(name) for name in PARTS}
        alma = people(ALMA)
        with Load(
            lambda: submit(house, ANN, BOB, password=house.passwords[ANN]),
            lambda: receive(house, FRIEND, BOB),
        ) as load:
            time.sleep(BEFORE_SECONDS)
            house.database.stop()
            time.sleep(AWAY_SECONDS / 2)
            alma.page.goto("/")
            alma.sees("Something broke on our side")
            alma.shoot("12-database-away")
            time.sleep(AWAY_SECONDS / 2)
            house.database.start()
            back = load.now()
            wait_until(BACK_WITHIN_SECONDS, alma.is_inside, "the panel is back")
            time.sleep(max(0, back + BACK_WITHIN_SECONDS + 3 - load.now()))
        assert load.codes <= {250, 451, 454}, load.codes
        assert 451 in load.codes
        assert load.refused_after(back + BACK_WITHIN_SECONDS) == []
        # What was on its way to the mailbox when the database went is tried again after half a minute.
        wait_until(75, lambda: set(load.accepted) <= subjects(house, BOB), "all that was accepted arrives")
        assert {name: house.installation.pid_of(name) for name in PARTS} == parts

    def test_afterwards_worker_and_keeper_do_their_work(self, house: House, people: People):
        alma = people(ALMA)
        host, value = alma.adds_domain(SECOND_DOMAIN)
        house.publish(SECOND_DOMAIN, host, value)
        alma.presses_check()
        alma.sees_domain_proved()
        requests = house.installation.state / "run/requests"
        wait_until(
            OPEN_SESSIONS_SECONDS, lambda: not any(requests.iterdir()), "the keeper has reloaded Postfix"
        )
        house.passwords[EVE] = alma.adds_mailbox("eve", quota_gb="1", domain=SECOND_DOMAIN)
        sent = swaks(house, sender=ANN, password=house.passwords[ANN], to=EVE)
        assert sent.code == 250, sent.transcript
        read(house, EVE, sent.tag)


class TestTheBooksAreClosed:
    def test_no_page_complained(self, people: People):
        assert {email: people(email).complaints for email in (NORA, ALMA, BOB)} == {
            NORA: [],
            ALMA: [],
            BOB: [],
        }


def has_ended(program: imaplib.IMAP4) -> bool:
    """Whether the server has closed a session that was open."""
    try:
        program.noop()
    except (imaplib.IMAP4.abort, OSError):
        return True
    return False
