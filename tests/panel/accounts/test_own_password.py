"""Guesses of the present password in a session that stands open, and hashes that are made anew."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.hashers import identify_hasher
from django.db import connection
from django.test import Client

from mailboxes.actions.passwords import upgrade_hash as upgrade_mailbox
from mailboxes.models import Mailbox
from mailboxes.passwords import needs_upgrade
from panel.accounts import actions
from panel.accounts.models import User
from panel.accounts.passwords import hash_password, is_right
from panel.audit.models import AuditEntry
from tests.factories import PASSWORD, PASSWORD_HASH
from tests.hashers import CheapArgon2

pytestmark = pytest.mark.django_db
NEW = "a much better sentence"


class DearArgon2(CheapArgon2):
    """The policy after its cost went up."""

    time_cost = 2


@pytest.fixture
def dearer(settings):
    settings.PASSWORD_HASHERS = [f"{__name__}.DearArgon2"]


def signed_in_as(email, password=PASSWORD):
    client = Client()
    assert client.post("/sign-in/", {"email": email, "password": password}).status_code == 302
    return client


def change(client, path, old):
    """The two pages name the new password differently."""
    return client.post(path, {"old": old, "new": NEW, "password": NEW, "again": NEW})


@pytest.fixture(params=["member", "mailbox"])
def own(request, alder_admin, ann):
    """The address of a person and the page on which they change their password."""
    if request.param == "member":
        return alder_admin.email, "/password/change/"
    return ann.address.address, "/me/password/"


def test_attack_51_a_stolen_session_guesses_the_present_password_five_times_and_no_more(own, alder):
    email, path = own
    stolen = signed_in_as(email)
    answers = [change(stolen, path, f"guess {number}") for number in range(7)]
    assert [answer.status_code for answer in answers] == [422] * 5 + [429] * 2
    assert 590 <= int(answers[-1]["Retry-After"]) <= 600
    assert "Too many tries. Wait 10 minutes, then try again." in answers[-1].content.decode()
    assert change(stolen, path, PASSWORD).status_code == 429
    entry = AuditEntry.objects.get(action="session.throttle")
    assert (entry.tenant_id, entry.object_label, entry.actor_label) == (alder.pk, email, email)


def test_the_owner_still_changes_the_password_elsewhere_and_ends_the_stolen_session(own):
    email, path = own
    stolen = signed_in_as(email)
    for number in range(6):
        change(stolen, path, f"guess {number}")
    assert change(signed_in_as(email), path, PASSWORD).status_code == 302
    assert stolen.get(path).status_code == 302
    signed_in_as(email, NEW)


def test_the_same_wrong_present_password_again_is_one_guess(own):
    email, path = own
    client = signed_in_as(email)
    assert {change(client, path, "the old one").status_code for _ in range(8)} == {422}
    assert change(client, path, PASSWORD).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_attack_51_parallel_guesses_in_one_session_are_heard_to_the_limit(alder_admin):
    session = signed_in_as(alder_admin.email).cookies["session"].value

    def guess(number):
        client = Client()
        client.cookies["session"] = session
        try:
            return change(client, "/password/change/", f"guess {number}").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        assert sorted(pool.map(guess, range(10))) == [422] * 5 + [429] * 5


def test_a_members_hash_is_made_anew_at_sign_in_when_the_cost_went_up(alder_admin, alder, dearer):
    elsewhere, before = signed_in_as(alder_admin.email), User.objects.get().password
    assert identify_hasher(before).decode(before)["time_cost"] == DearArgon2.time_cost
    assert is_right(PASSWORD, before) == (True, False)
    signed_in_as(alder_admin.email)
    assert User.objects.get().password == before
    assert elsewhere.get(f"/t/{alder.pk}/").status_code == 200


def test_making_a_hash_anew_ends_no_session(alder_admin, alder, settings):
    open_one = signed_in_as(alder_admin.email)
    settings.PASSWORD_HASHERS = [f"{__name__}.DearArgon2"]
    before = User.objects.get().password
    signed_in_as(alder_admin.email)
    assert User.objects.get().password != before
    assert open_one.get(f"/t/{alder.pk}/").status_code == 200


def test_a_wrong_password_makes_no_hash_anew(alder_admin, dearer):
    Client().post("/sign-in/", {"email": alder_admin.email, "password": "wrong"})
    assert User.objects.get().password == alder_admin.password


def test_a_members_password_that_was_changed_meanwhile_is_not_overwritten(alder_admin, dearer):
    stale = User.objects.get(pk=alder_admin.pk)
    changed = hash_password(NEW)
    User.objects.filter(pk=alder_admin.pk).update(password=changed)
    actions.upgrade_hash(stale, PASSWORD)
    assert User.objects.get().password == changed


def test_a_mailbox_hash_is_made_anew_at_sign_in_and_ends_no_session(ann):
    open_one = signed_in_as("ann@alder.example")
    upgraded = Mailbox.objects.get().password_hash
    assert not needs_upgrade(upgraded)
    signed_in_as("ann@alder.example")
    assert Mailbox.objects.get().password_hash == upgraded
    assert open_one.get("/me/").status_code == 200


def test_a_mailbox_password_that_was_changed_meanwhile_is_not_overwritten(ann):
    Mailbox.objects.update(password_hash="{ARGON2ID}another")
    assert ann.password_hash == PASSWORD_HASH
    upgrade_mailbox(ann, PASSWORD)
    assert Mailbox.objects.get().password_hash == "{ARGON2ID}another"


def test_setting_a_password_ends_the_sessions_whichever_way_it_is_set(alder_admin, alder):
    client = signed_in_as(alder_admin.email)
    alder_admin.refresh_from_db()
    alder_admin.set_password(NEW)
    alder_admin.save()
    assert client.get(f"/t/{alder.pk}/").status_code == 302
