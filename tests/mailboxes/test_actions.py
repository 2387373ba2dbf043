"""What people do to mailboxes."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from mailboxes import jobs
from mailboxes.actions.lifecycle import delete_mailbox, set_state, undelete_mailbox
from mailboxes.actions.mailboxes import Protocols, add_mailbox, edit_mailbox
from mailboxes.actions.passwords import change_password, set_password
from mailboxes.models import Address, Alias, Mailbox, MailboxState, MailUsage, SendAs, Target
from mailboxes.passwords import is_right
from mailboxes.sign_in import MailboxBackend
from panel.audit.actor import Actor, ActorKind
from panel.audit.models import AuditEntry
from panel.lib.errors import Refused
from panel.tenants.models import Revocation, Usage, UsageKind
from panel.tenants.roles import Role
from tests.factories import GIB, PASSWORD, make_alias, make_domain, make_mailbox, make_user

pytestmark = pytest.mark.django_db

NEW = "quiet river under stones"


def used(tenant, kind):
    return Usage.objects.get(tenant=tenant, kind=kind).used


@pytest.fixture
def access(alder_admin, alder, access_of):
    return access_of(alder_admin, alder)


def add(access, domain, local_part="dora", **fields):
    fields.setdefault("quota_bytes", GIB)
    return add_mailbox(access=access, domain=domain, local_part=local_part, **fields)


def test_a_mailbox_gets_a_password_that_is_shown_once_and_opens_it(access, alder_domain):
    made = add(access, alder_domain, "Dora", name=" Dora  Vale ")
    assert made.mailbox.address.address == "dora@alder.example"
    assert is_right(made.one_time, made.mailbox.password_hash)
    assert made.one_time not in repr(made)
    entry = AuditEntry.objects.get(action="mailbox.add")
    assert entry.after == {
        "name": "Dora  Vale",
        "quota_bytes": GIB,
        "imap": True,
        "pop3": True,
        "smtp": True,
        "sieve": True,
    }


def test_a_mailbox_counts_with_its_quota_along_the_path(access, alder_domain, alder, north, operator):
    add(access, alder_domain, quota_bytes=3 * GIB)
    for tenant in (alder, north, operator):
        assert (used(tenant, UsageKind.MAILBOXES), used(tenant, UsageKind.STORAGE)) == (1, 3 * GIB)


def test_a_full_cap_above_refuses_a_mailbox_and_saves_nothing(access, alder_domain, north):
    north.max_mailboxes = 0
    north.save()
    with pytest.raises(Refused) as refusal:
        add(access, alder_domain)
    assert refusal.value.code == "cap_reached"
    assert not Address.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_mailbox_without_a_quota_is_refused_below_a_storage_cap(access, alder_domain, north):
    add(access, alder_domain, "free", quota_bytes=None)
    north.max_storage_bytes = 10 * GIB
    north.save()
    with pytest.raises(Refused) as refusal:
        add(access, alder_domain, quota_bytes=None)
    assert (refusal.value.code, refusal.value.field) == ("cap_reached", "quota_bytes")


@pytest.mark.parametrize("quota_bytes", [0, -1, 1024, 2**62])
def test_a_quota_that_dovecot_would_take_for_none_or_that_is_absurd_is_refused(
    access, alder_domain, quota_bytes
):
    with pytest.raises(Refused, match="quota"):
        add(access, alder_domain, quota_bytes=quota_bytes)


def test_a_name_that_exists_is_refused_in_words_for_each_kind(access, alder_domain, ann):
    make_alias("office", alder_domain, "ann@alder.example")
    with pytest.raises(Refused, match="There is a mailbox ann@alder.example already"):
        add(access, alder_domain, "ann")
    with pytest.raises(Refused, match="is an alias already") as refusal:
        add(access, alder_domain, "office")
    assert (refusal.value.code, refusal.value.field) == ("address_taken", "local_part")
    delete_mailbox(access=access, mailbox=ann)
    with pytest.raises(Refused, match="was deleted and can be brought back until"):
        add(access, alder_domain, "ann")


@pytest.mark.parametrize(
    "local_part",
    [
        "",
        "a b",
        "../etc",
        "|cmd",
        "/file",
        ":include:x",
        "a@b",
        "a+b",
        "-o",
        "x" * 65,
        "a\r\nb",
        "a\x00b",
        '"a"',
    ],
)
def test_a_local_part_that_a_server_could_act_on_is_refused(access, alder_domain, local_part):
    with pytest.raises(Refused) as refusal:
        add(access, alder_domain, local_part)
    assert refusal.value.field == "local_part"


def test_no_mailbox_is_made_in_a_domain_that_is_not_proved_removed_or_an_alias(access, alder, alder_domain):
    now = timezone.now()
    for domain, code in (
        (make_domain("claim.example", alder, proved=False), "domain_unproved"),
        (make_domain("gone.example", alder, removed_at=now), "domain_removed"),
        (make_domain("also.example", alder, alias_of=alder_domain), "domain_is_alias"),
    ):
        with pytest.raises(Refused) as refusal:
            add(access, domain)
        assert refusal.value.code == code


def test_a_domain_of_another_tenant_is_refused_as_unknown(access, birch_domain):
    with pytest.raises(Refused) as refusal:
        add(access, birch_domain)
    assert refusal.value.code == "domain_unknown"


def test_support_and_readers_change_nothing(ops_support, alder_reader, alder, alder_domain, ann, access_of):
    for user in (ops_support, alder_reader):
        access = access_of(user, alder)
        for act in (
            lambda access=access: add(access, alder_domain),
            lambda access=access: set_password(access=access, mailbox=ann),
            lambda access=access: set_state(access=access, mailbox=ann, state="off"),
            lambda access=access: delete_mailbox(access=access, mailbox=ann),
        ):
            with pytest.raises(PermissionDenied):
                act()


def test_a_domain_manager_manages_the_named_domain_alone(alder_manager, alder, ann, access_of):
    other = make_mailbox("zoe", make_domain("other.example", alder))
    access = access_of(alder_manager, alder)
    assert set_state(access=access, mailbox=ann, state="off").state == "off"
    with pytest.raises(Mailbox.DoesNotExist):
        set_state(access=access, mailbox=other, state="off")


def test_a_larger_quota_takes_the_difference_and_a_smaller_one_gives_it_back(access, alder, ann):
    edit = {"access": access, "mailbox": ann, "name": "Ann", "protocols": Protocols()}
    edit_mailbox(**edit, quota_bytes=4 * GIB)
    assert used(alder, UsageKind.STORAGE) == 4 * GIB
    edit_mailbox(**edit, quota_bytes=2 * GIB)
    assert used(alder, UsageKind.STORAGE) == 2 * GIB
    edit_mailbox(**edit, quota_bytes=None)
    assert (used(alder, UsageKind.STORAGE), used(alder, UsageKind.UNMETERED)) == (0, 1)
    edit_mailbox(**edit, quota_bytes=GIB)
    assert (used(alder, UsageKind.STORAGE), used(alder, UsageKind.UNMETERED)) == (GIB, 0)


def test_taking_a_protocol_away_ends_sign_ins_and_giving_one_does_not(access, ann):
    edit = {"access": access, "mailbox": ann, "name": "Ann", "quota_bytes": GIB}
    edit_mailbox(**edit, protocols=Protocols(pop3=False))
    assert list(Revocation.objects.values_list("kind", "subject")) == [("sign_in", "ann@alder.example")]
    edit_mailbox(**edit, protocols=Protocols())
    assert Revocation.objects.count() == 1
    entry = AuditEntry.objects.filter(action="mailbox.edit").earliest("pk")
    assert (entry.before, entry.after) == ({"pop3": True}, {"pop3": False})


def test_a_new_password_ends_sessions_and_the_old_one_is_wrong_at_once(access, ann):
    backend = MailboxBackend()
    user = backend.authenticate(None, "ann@alder.example", PASSWORD)
    made = set_password(access=access, mailbox=ann)
    assert backend.authenticate(None, "ann@alder.example", PASSWORD) is None
    assert backend.authenticate(None, "ann@alder.example", made.one_time) == user
    again = backend.get_user(user.pk)
    assert again.get_session_auth_hash() != user.get_session_auth_hash()
    assert Revocation.objects.filter(kind="sign_in", subject="ann@alder.example").count() == 1


def test_passwords_and_hashes_are_in_no_audit_entry(access, ann, alder_domain):
    made = add(access, alder_domain)
    set_password(access=access, mailbox=ann, password=NEW)
    change_password(actor=access.actor, mailbox=Mailbox.objects.get(pk=ann.pk), old=NEW, new=NEW + "!")
    told = str(list(AuditEntry.objects.values()))
    for secret in (made.one_time, NEW, "ARGON2ID", "$argon2"):
        assert secret not in told


def test_a_user_changes_the_password_with_the_old_one_only(ann):
    actor = Actor(ActorKind.MAILBOX, "ann@alder.example", 1)
    for old, new, code in (
        ("wrong", NEW, "old_password_wrong"),
        (ann.password_hash, NEW, "old_password_wrong"),
        (PASSWORD, PASSWORD, "password_same"),
        (PASSWORD, "short", "password_short"),
        (PASSWORD, "ann@alder.example", "password_address"),
    ):
        with pytest.raises(Refused) as refusal:
            change_password(actor=actor, mailbox=ann, old=old, new=new)
        assert refusal.value.code == code
    change_password(actor=actor, mailbox=ann, old=PASSWORD, new=NEW)
    assert is_right(NEW, Mailbox.objects.get(pk=ann.pk).password_hash)


def test_of_two_changes_with_the_same_old_password_the_second_is_refused(ann):
    actor = Actor(ActorKind.MAILBOX, "ann@alder.example", 1)
    stale = Mailbox.objects.get(pk=ann.pk)
    change_password(actor=actor, mailbox=ann, old=PASSWORD, new=NEW)
    with pytest.raises(Refused) as refusal:
        change_password(actor=actor, mailbox=stale, old=PASSWORD, new="another river of stones")
    assert refusal.value.code == "old_password_wrong"


@pytest.mark.parametrize("state", ["receive_only", "off"])
def test_who_is_switched_off_loses_the_panel_at_once_and_for_good(access, ann, state):
    backend = MailboxBackend()
    user = backend.authenticate(None, "ann@alder.example", PASSWORD)
    set_state(access=access, mailbox=ann, state=state)
    assert backend.get_user(user.pk) is None
    assert backend.authenticate(None, "ann@alder.example", PASSWORD) is None
    set_state(access=access, mailbox=ann, state="active")
    assert backend.get_user(user.pk).get_session_auth_hash() != user.get_session_auth_hash()


@pytest.mark.parametrize("state", ["deleted", "", "ACTIVE", "nonsense"])
def test_a_state_that_is_no_choice_is_refused(access, ann, state):
    with pytest.raises(Refused) as refusal:
        set_state(access=access, mailbox=ann, state=state)
    assert refusal.value.code == "state_unknown"


def test_postmaster_and_abuse_are_never_switched_off_or_deleted(access, alder_domain):
    for name in ("postmaster", "abuse"):
        mailbox = make_mailbox(name, alder_domain)
        with pytest.raises(Refused, match="must always take mail"):
            set_state(access=access, mailbox=mailbox, state="off")
        with pytest.raises(Refused, match="must always take mail"):
            delete_mailbox(access=access, mailbox=mailbox)


def test_an_undelete_restores_everything(access, alder, ann, bob):
    set_state(access=access, mailbox=ann, state="receive_only")
    Target.objects.create(address=ann.address, destination="out@far.example")
    SendAs.objects.create(mailbox=ann, sender="office@alder.example")
    before = Mailbox.objects.filter(pk=ann.pk).values().get()
    delete_mailbox(access=access, mailbox=ann)
    assert (used(alder, UsageKind.MAILBOXES), used(alder, UsageKind.STORAGE)) == (2, 2 * GIB)
    undelete_mailbox(access=access, mailbox=ann)
    assert Mailbox.objects.filter(pk=ann.pk).values().get() == before
    assert (Target.objects.count(), SendAs.objects.count()) == (1, 1)


def purge(mailbox):
    Mailbox.objects.filter(pk=mailbox.pk).update(purge_at=timezone.now() - timedelta(seconds=1))
    return jobs.purge_deleted()


def test_a_mailbox_is_purged_only_when_its_grace_is_over(access, ann):
    delete_mailbox(access=access, mailbox=ann)
    assert jobs.purge_deleted() == 0
    assert purge(ann) == 1
    assert jobs.purge_deleted() == 0


def test_a_mailbox_that_was_brought_back_is_not_purged(access, ann):
    delete_mailbox(access=access, mailbox=ann)
    undelete_mailbox(access=access, mailbox=ann)
    assert not jobs.purge_mailbox(ann.pk)


def test_a_purge_gives_the_caps_back_and_lets_the_files_go(access, alder, ann, alder_domain):
    delete_mailbox(access=access, mailbox=ann)
    purge(ann)
    assert (used(alder, UsageKind.MAILBOXES), used(alder, UsageKind.STORAGE)) == (0, 0)
    subject = Revocation.objects.get(kind="files").subject
    assert subject == f"{alder_domain.pk}/{ann.pk}"


def test_an_address_that_is_made_anew_inherits_nothing(access, alder_domain, ann, bob, cid, birch_domain):
    """Attack case 10."""
    user = MailboxBackend().authenticate(None, "ann@alder.example", PASSWORD)
    Target.objects.create(address=ann.address, destination="out@far.example")
    make_alias("office", alder_domain, "ann@alder.example", "bob@alder.example")
    alone = make_alias("alone", alder_domain, "ann@alder.example")
    make_alias("elsewhere", birch_domain, "ann@alder.example")
    SendAs.objects.create(mailbox=ann, sender="office@alder.example")
    SendAs.objects.create(mailbox=bob, sender="ann@alder.example")
    MailUsage.objects.create(username="ann@alder.example", used_bytes=7, last_sign_in=8)
    delete_mailbox(access=access, mailbox=ann)
    purge(ann)
    made = add(access, alder_domain, "ann").mailbox
    assert made.pk != ann.pk
    assert made.user is None
    assert MailboxBackend().get_user(user.pk) is None
    assert not SendAs.objects.exists()
    assert not MailUsage.objects.exists()
    assert list(Target.objects.order_by("pk").values_list("address__address", "destination")) == [
        ("office@alder.example", "bob@alder.example"),
        # What another tenant does with its own mail is its own business.
        ("elsewhere@birch.example", "ann@alder.example"),
    ]
    assert not Alias.objects.get(pk=alone.pk).is_enabled


def test_the_addresses_of_a_domain_whose_grace_is_over_are_purged(alder, alder_domain, ann, bob):
    make_alias("office", alder_domain, "ann@alder.example")
    alder_domain.removed_at = alder_domain.purge_at = timezone.now() - timedelta(seconds=1)
    alder_domain.save()
    assert jobs.purge_deleted() == 2
    assert not Address.objects.exists()
    for kind in (UsageKind.MAILBOXES, UsageKind.STORAGE, UsageKind.ALIASES):
        assert used(alder, kind) == 0


def test_a_tenant_admin_cannot_touch_the_mailbox_of_someone_who_stands_higher(
    access, north, alder_domain, ann
):
    """Attack case 6: the reset mail of the reseller's admin goes to ann@alder.example."""
    make_user("ann@alder.example", north, Role.RESELLER_ADMIN)
    for act in (
        lambda: set_password(access=access, mailbox=ann, password=NEW),
        lambda: edit_mailbox(access=access, mailbox=ann, name="A", quota_bytes=GIB, protocols=Protocols()),
        lambda: set_state(access=access, mailbox=ann, state="off"),
        lambda: delete_mailbox(access=access, mailbox=ann),
    ):
        with pytest.raises(Refused) as refusal:
            act()
        assert refusal.value.code == "outranked"
    make_user("chief@alder.example", north, Role.RESELLER_ADMIN)
    with pytest.raises(Refused) as refusal:
        add(access, alder_domain, "chief")
    assert (refusal.value.code, refusal.value.field) == ("outranked", "local_part")


def test_a_tenant_admin_cannot_touch_the_mailbox_of_a_member_of_another_tenant(access, birch, ann):
    make_user("ann@alder.example", birch, Role.READ_ONLY)
    with pytest.raises(Refused) as refusal:
        set_password(access=access, mailbox=ann, password=NEW)
    assert refusal.value.code == "outranked"


def test_an_admin_may_reset_the_mailbox_of_a_colleague_and_of_themselves(
    access, alder, ann, bob, north_admin, access_of
):
    make_user("ann@alder.example", alder, Role.DOMAIN_MANAGER)
    make_user("bob@alder.example", alder, Role.TENANT_ADMIN)
    set_password(access=access, mailbox=ann, password=NEW)
    set_password(access=access, mailbox=bob, password=NEW)
    set_password(access=access_of(north_admin, alder), mailbox=bob, password=NEW)


def test_mailbox_states_are_those_that_the_contract_knows():
    assert [state.value for state in MailboxState] == ["active", "receive_only", "off", "deleted"]
