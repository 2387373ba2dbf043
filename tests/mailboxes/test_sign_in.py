"""How mailbox users sign in to the panel."""

import time

import pytest
from django.utils import timezone
from passlib.hash import bcrypt

from mailboxes.models import Mailbox
from mailboxes.passwords import hash_password, is_right, needs_upgrade
from mailboxes.sign_in import MailboxBackend
from panel.accounts.models import User, UserKind
from panel.tenants.models import Membership
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db


def sign_in(password=PASSWORD, email="ann@alder.example"):
    return MailboxBackend().authenticate(None, email, password)


def test_the_first_sign_in_makes_one_principal_and_the_next_finds_it(ann):
    user = sign_in()
    assert (user.kind, user.email, user.has_usable_password()) == (
        UserKind.MAILBOX,
        "ann@alder.example",
        False,
    )
    assert sign_in() == user
    assert User.objects.count() == 1


def test_protocols_do_not_matter_to_the_panel(ann):
    Mailbox.objects.update(imap_enabled=False, pop3_enabled=False, smtp_enabled=False, sieve_enabled=False)
    assert sign_in() is not None


def test_wrong_passwords_and_unknown_addresses_open_nothing(ann):
    assert sign_in("wrong") is None
    assert sign_in(email="nobody@alder.example") is None
    assert sign_in("nul\x00") is None
    assert sign_in("") is None
    assert not User.objects.exists()


def test_an_unknown_address_takes_as_long_as_a_wrong_password(ann):
    Mailbox.objects.update(password_hash=hash_password(PASSWORD))

    def cost(email):
        times = []
        for _ in range(7):
            start = time.perf_counter()
            sign_in("wrong password", email)
            times.append(time.perf_counter() - start)
        return min(times)

    known, unknown = cost("ann@alder.example"), cost("nobody@alder.example")
    assert unknown > known / 2
    assert known > unknown / 2


@pytest.mark.parametrize("what", ["mailbox", "domain", "removed", "unproved", "tenant", "reseller"])
def test_whatever_closes_the_mailbox_closes_the_door_and_every_open_session(what, ann, alder, north):
    user, now = sign_in(), timezone.now()
    domain = ann.address.domain
    if what == "mailbox":
        Mailbox.objects.update(state="off")
    elif what in {"domain", "removed", "unproved"}:
        field = {"domain": "suspended_at", "removed": "removed_at", "unproved": "proved_at"}[what]
        setattr(domain, field, None if what == "unproved" else now)
        domain.save()
    else:
        tenant = alder if what == "tenant" else north
        tenant.suspended_at = now
        tenant.save()
    assert sign_in() is None
    assert MailboxBackend().get_user(user.pk) is None


def test_a_hash_of_an_older_policy_is_made_anew_at_the_sign_in(ann):
    Mailbox.objects.update(password_hash="{BLF-CRYPT}" + bcrypt.using(rounds=4).hash(PASSWORD))
    before = Mailbox.objects.get().password_changed_at
    user = sign_in()
    mailbox = Mailbox.objects.get()
    assert not needs_upgrade(mailbox.password_hash)
    assert is_right(PASSWORD, mailbox.password_hash)
    assert mailbox.password_changed_at == before
    assert MailboxBackend().get_user(user.pk).get_session_auth_hash() == user.get_session_auth_hash()


def test_a_wrong_password_upgrades_nothing(ann):
    before = Mailbox.objects.get().password_hash
    sign_in("wrong")
    assert Mailbox.objects.get().password_hash == before


def test_a_member_with_the_same_address_is_another_principal(ann, alder):
    member = make_user("ann@alder.example", alder, "tenant_admin")
    user = sign_in()
    assert user.pk != member.pk
    assert not Membership.objects.filter(user=user).exists()
    assert MailboxBackend().get_user(member.pk) is None
