"""A renamed mailbox keeps its mail, password, rights and forwards, and by choice its old address."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.utils import timezone

from mailboxes import jobs
from mailboxes.actions.aliases import add_alias
from mailboxes.actions.lifecycle import delete_mailbox
from mailboxes.actions.mailboxes import add_mailbox
from mailboxes.actions.renames import rename_mailbox
from mailboxes.models import Address, Mailbox, MailUsage, SendAs, Target
from mailboxes.sign_in import MailboxBackend
from mailboxes.sources import closed_of
from panel.audit.models import AuditEntry
from panel.lib.errors import Refused
from panel.tenants.models import Revocation, Tenant, Usage, UsageKind
from panel.tenants.roles import Role
from tests.factories import GIB, PASSWORD, away, make_alias, make_domain, make_mailbox, make_user

pytestmark = pytest.mark.django_db
OLD, NEW = "ann@alder.example", "ann.holt@alder.example"


@pytest.fixture
def access(alder_admin, alder, access_of):
    return access_of(alder_admin, alder)


@pytest.fixture
def rename(access, ann):
    def do(local_part="ann.holt", *, keep_old=True, mailbox=ann, access=access):
        return rename_mailbox(access=access, mailbox=mailbox, local_part=local_part, keep_old=keep_old)

    return do


def code_of(act):
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.code, refused.value.field


def targets_of(address):
    return list(
        Target.objects.filter(address__address=address).order_by("pk").values_list("destination", flat=True)
    )


def senders_of(mailbox):
    return sorted(SendAs.objects.filter(mailbox=mailbox).values_list("sender", flat=True))


def test_it_is_the_same_mailbox_with_the_same_password_under_a_new_address(rename, ann, alder_domain):
    before = Mailbox.objects.values("pk", "password_hash", "quota_bytes", "address_id").get(pk=ann.pk)
    assert rename().address.address == NEW
    assert Mailbox.objects.values("pk", "password_hash", "quota_bytes", "address_id").get(pk=ann.pk) == before
    assert (ann.address.pk, NEW) in Address.objects.values_list("pk", "address")
    assert Revocation.objects.filter(kind="sign_in", subject=OLD).count() == 1
    assert MailboxBackend().authenticate(None, OLD, PASSWORD) is None
    assert MailboxBackend().authenticate(None, NEW, PASSWORD) is not None


def test_the_kept_address_is_an_alias_that_counts_and_under_which_the_user_still_sends(rename, ann, alder):
    rename()
    assert targets_of(OLD) == [NEW]
    assert senders_of(ann) == [OLD]
    assert Usage.objects.get(tenant=alder, kind=UsageKind.ALIASES).used == 1


def test_without_it_the_old_address_is_reserved_as_after_a_deletion_and_then_free(
    rename, access, ann, alder, alder_domain
):
    rename(keep_old=False)
    adding = lambda: add_mailbox(  # noqa: E731 -- done twice
        access=access, domain=alder_domain, local_part="ann", quota_bytes=GIB, password=PASSWORD
    )
    assert code_of(adding) == ("address_taken", "local_part")
    aliasing = lambda: add_alias(  # noqa: E731 -- one line says it
        access=access, domain=alder_domain, local_part="ann", destinations=["zoe@example.com"]
    )
    assert code_of(aliasing) == ("address_taken", "local_part")
    assert senders_of(ann) == []
    make_alias("late", alder_domain, OLD, "zoe@example.com")
    jobs.purge_deleted()
    assert code_of(adding) == ("address_taken", "local_part")
    Address.objects.filter(address=OLD).update(reserved_until=timezone.now() - timedelta(seconds=1))
    jobs.purge_deleted()
    adding()
    # What was pointed at the name while it was nobody's does not reach who has it next.
    assert targets_of("late@alder.example") == ["zoe@example.com"]


def test_everything_of_the_tenant_that_names_the_old_address_names_the_new_one(
    rename, ann, bob, alder, alder_domain, birch_domain
):
    make_domain("also.example", alder, alias_of=alder_domain)
    make_domain("claimed.example", alder, alias_of=alder_domain, proved=False)
    make_alias("team", alder_domain, "ann+desk@alder.example", "anna@alder.example", OLD, NEW)
    make_alias("", make_domain("finch.example", alder), "ann@also.example")
    make_alias("claim", alder_domain, "ann@claimed.example")
    make_alias("theirs", birch_domain, OLD)
    for destination in (OLD, "zoe@example.com"):
        Target.objects.create(address=ann.address, destination=destination)
    Target.objects.create(address=bob.address, destination=OLD)
    Tenant.objects.filter(pk=alder.pk).update(contact_email=OLD)
    rename(keep_old=False)
    assert targets_of("team@alder.example") == ["ann.holt+desk@alder.example", "anna@alder.example", NEW]
    assert targets_of("@finch.example") == ["ann.holt@also.example"]
    assert targets_of("claim@alder.example") == ["ann@claimed.example"]
    assert targets_of("theirs@birch.example") == [OLD]
    assert targets_of(NEW) == [NEW, "zoe@example.com"]
    assert targets_of("bob@alder.example") == [NEW]
    assert Tenant.objects.get(pk=alder.pk).contact_email == NEW


@pytest.mark.parametrize("keep_old", [True, False])
def test_rights_to_send_follow_the_name(rename, ann, bob, alder_domain, keep_old):
    for mailbox, sender in (
        (bob, OLD),
        (bob, "ann+news@alder.example"),
        (ann, "team@alder.example"),
        (ann, NEW),
    ):
        SendAs.objects.create(mailbox=mailbox, sender=sender)
    rename(keep_old=keep_old)
    new = [NEW, "ann.holt+news@alder.example"]
    old = [OLD, "ann+news@alder.example"] if keep_old else []
    assert senders_of(bob) == sorted(new + old)
    assert senders_of(ann) == sorted(["team@alder.example", *([OLD] if keep_old else [])])


def test_its_user_stays_signed_in_to_the_panel_and_its_figures_and_reply_stay(rename, ann):
    user = MailboxBackend().authenticate(None, OLD, PASSWORD)
    MailUsage.objects.create(username=OLD, used_bytes=5, last_sign_in=7)
    MailUsage.objects.create(username=NEW, used_bytes=1)
    away(ann)
    rename()
    kept = MailboxBackend().get_user(user.pk)
    assert (kept.email, kept.stamp) == (NEW, user.stamp)
    assert list(MailUsage.objects.values_list("username", "used_bytes", "last_sign_in")) == [(NEW, 5, 7)]
    assert ann.vacation.is_on


def test_the_trail_tells_both_addresses_and_what_followed(rename, ann, alder, alder_domain):
    make_alias("team", alder_domain, OLD)
    rename()
    entry = AuditEntry.objects.get(action="mailbox.rename")
    assert (entry.tenant_id, entry.object_id, entry.object_label) == (alder.pk, ann.pk, NEW)
    assert entry.before == {"address": OLD}
    assert entry.after == {
        "address": NEW,
        "old_address": "an alias",
        "followers": ["team@alder.example"],
    }


@pytest.mark.parametrize("keep_old", [True, False])
def test_it_can_be_named_back(rename, ann, alder, keep_old):
    rename(keep_old=keep_old)
    rename("ann", keep_old=False)
    assert Mailbox.objects.get(pk=ann.pk).address.address == OLD
    assert Usage.objects.get(tenant=alder, kind=UsageKind.ALIASES).used == 0
    assert Address.objects.get(address=NEW).kind == "reserved"
    assert senders_of(ann) == []


def test_an_alias_that_leads_here_alone_makes_way_even_where_the_cap_is_full(
    rename, ann, alder, alder_domain
):
    make_alias("ann.holt", alder_domain, OLD)
    Tenant.objects.filter(pk=alder.pk).update(max_aliases=1)
    rename()
    assert targets_of(OLD) == [NEW]
    assert Usage.objects.get(tenant=alder, kind=UsageKind.ALIASES).used == 1


@pytest.mark.parametrize(
    ("local_part", "code"),
    [
        ("bob", "address_taken"),
        ("team", "address_taken"),
        ("gone", "address_taken"),
        ("former", "address_taken"),
        ("ann", "address_same"),
        ("ANN", "address_same"),
        ("x" * 65, None),
        ("a+b", None),
        ("", None),
        ("eve@birch.example", None),
        ("eve\r\nRCPT", None),
        ("<script>", None),
        ("a|b", None),
    ],
)
def test_a_name_that_cannot_be_is_refused_and_nothing_changes(
    rename, access, bob, alder_domain, local_part, code
):
    make_alias("team", alder_domain, OLD, "bob@alder.example")
    delete_mailbox(access=access, mailbox=make_mailbox("gone", alder_domain))
    other = make_mailbox("temporary", alder_domain)
    rename_mailbox(access=access, mailbox=other, local_part="former", keep_old=False)
    rename_mailbox(access=access, mailbox=other, local_part="latest", keep_old=False)
    before = sorted(Address.objects.values_list("pk", "address", "kind"))
    refused = code_of(lambda: rename(local_part, keep_old=False))
    assert refused[1] == "local_part"
    assert code in {None, refused[0]}
    assert sorted(Address.objects.values_list("pk", "address", "kind")) == before


def test_postmaster_stays_an_address_that_takes_mail(rename, alder_domain):
    postmaster = make_mailbox("postmaster", alder_domain)
    refused = code_of(lambda: rename("pia", mailbox=postmaster, keep_old=False))
    assert refused == ("role_stays_on", "keep_old")
    rename("pia", mailbox=postmaster)
    assert targets_of("postmaster@alder.example") == ["pia@alder.example"]


def test_a_full_cap_of_aliases_is_told_where_the_old_address_is_to_stay(rename, alder):
    Tenant.objects.filter(pk=alder.pk).update(max_aliases=0)
    assert code_of(rename) == ("cap_reached", "keep_old")
    assert Address.objects.filter(address=OLD, kind="mailbox").exists()
    rename(keep_old=False)


def test_a_name_with_which_mail_would_go_in_a_circle_is_refused(rename, ann, alder_domain):
    make_alias("team", alder_domain, NEW)
    Target.objects.create(address=ann.address, destination="team@alder.example")
    assert code_of(rename) == ("targets_loop", "local_part")
    assert Address.objects.get(pk=ann.address_id).address == OLD


def test_nobody_renames_a_mailbox_from_or_onto_the_address_of_who_stands_higher(rename, north, ann):
    make_user(NEW, north, Role.RESELLER_ADMIN)
    assert code_of(rename) == ("outranked", "local_part")
    make_user(OLD, north, Role.RESELLER_ADMIN)
    assert code_of(lambda: rename("eve"))[0] == "outranked"


def test_readers_strangers_and_deleted_mailboxes(
    rename, ann, access, access_of, alder_reader, alder, birch_admin, birch
):
    with pytest.raises(PermissionDenied):
        rename(access=access_of(alder_reader, alder))
    assert code_of(lambda: rename(access=access_of(birch_admin, birch)))[0] == "domain_unknown"
    delete_mailbox(access=access, mailbox=ann)
    assert code_of(rename)[0] == "mailbox_deleted"


def test_the_command_does_the_same(ann, bob):
    call_command("rename_mailbox", OLD, NEW)
    assert targets_of(OLD) == [NEW]
    call_command("rename_mailbox", "bob@alder.example", "rob@alder.example", "--drop-old")
    assert Address.objects.get(address="bob@alder.example").kind == "reserved"
    for old, new in ((OLD, "x@alder.example"), (NEW, "ann@birch.example"), (NEW, "rob@alder.example")):
        with pytest.raises(CommandError):
            call_command("rename_mailbox", old, new)


def test_a_deleted_mailbox_takes_its_reserved_names_with_it(rename, access, ann):
    rename(keep_old=False)
    delete_mailbox(access=access, mailbox=Mailbox.objects.get(pk=ann.pk))
    Mailbox.objects.update(purge_at=timezone.now() - timedelta(seconds=1))
    assert jobs.purge_deleted() == 1
    assert not Address.objects.exists()


def test_a_target_that_names_a_given_up_address_says_that_nobody_has_it(rename, alder):
    rename(keep_old=False)
    assert closed_of([OLD, NEW], alder.pk) == {OLD: "a mailbox gave the name up, and nobody has it"}
