"""The name of an alias domain becomes the main name: everything in the domain takes it, nothing else changes."""

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext

from domains.actions import make_alias_domain
from domains.models import Domain, DomainGrant
from mailboxes.actions.domain_renames import rename_domain
from mailboxes.actions.forwarding import forwarding_of
from mailboxes.actions.lifecycle import delete_mailbox
from mailboxes.actions.mailboxes import add_mailbox
from mailboxes.actions.renames import rename_mailbox
from mailboxes.models import Address, Mailbox, MailUsage, SendAs, Target
from mailboxes.sign_in import MailboxBackend
from panel.accounts.models import User
from panel.audit.models import AuditEntry
from panel.lib.errors import Refused
from panel.tenants.models import Membership, Revocation, Tenant, Usage, UsageKind
from tests.factories import GIB, PASSWORD, make_alias, make_domain, make_mailbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def access(alder_admin, alder, access_of):
    return access_of(alder_admin, alder)


@pytest.fixture
def alias(alder, alder_domain):
    """also.example, which leads to alder.example."""
    return make_domain("also.example", alder, alias_of=alder_domain)


@pytest.fixture
def rename(access, alias):
    def do(*, keep_old=True, domain=alias, access=access):
        return rename_domain(access=access, domain=domain, keep_old=keep_old)

    return do


def code_of(act):
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.code


def targets_of(address):
    return list(
        Target.objects.filter(address__address=address).order_by("pk").values_list("destination", flat=True)
    )


def test_the_domain_keeps_its_key_and_takes_the_name_and_the_alias_takes_the_old_one(
    rename, alder_domain, alias, ann
):
    proofs = dict(Domain.objects.values_list("name", "proof_token"))
    third = make_domain("third.example", alder_domain.tenant, alias_of=alder_domain)
    Domain.objects.filter(pk=alias.pk).update(is_vouched=True)
    assert rename().pk == alder_domain.pk
    rows = {row.pk: row for row in Domain.objects.all()}
    assert {pk: (row.name, row.alias_of_id, row.is_vouched) for pk, row in rows.items()} == {
        alder_domain.pk: ("also.example", None, True),
        alias.pk: ("alder.example", alder_domain.pk, False),
        third.pk: ("third.example", alder_domain.pk, False),
    }
    assert {row.name: row.proof_token for row in rows.values() if row.name in proofs} == proofs
    assert Mailbox.objects.get(pk=ann.pk).address.domain_id == alder_domain.pk


def test_every_address_in_it_has_the_new_name(rename, access, alder_domain, ann):
    make_alias("team", alder_domain, "zoe@example.com")
    make_alias("", alder_domain, "zoe@example.com")
    delete_mailbox(access=access, mailbox=make_mailbox("gone", alder_domain))
    rename_mailbox(access=access, mailbox=ann, local_part="anna", keep_old=False)
    other = make_mailbox("ann", make_domain("finch.example", alder_domain.tenant))
    rename()
    rows = Address.objects.exclude(pk=other.address_id).values_list("address", "kind")
    assert sorted(rows) == [
        ("@also.example", "alias"),
        ("ann@also.example", "reserved"),
        ("anna@also.example", "mailbox"),
        ("gone@also.example", "mailbox"),
        ("team@also.example", "alias"),
    ]
    assert Address.objects.get(pk=other.address_id).address == "ann@finch.example"


def test_its_users_sign_in_with_the_new_name_alone_and_stay_signed_in(rename, ann, cid):
    user = MailboxBackend().authenticate(None, "ann@alder.example", PASSWORD)
    stranger = MailboxBackend().authenticate(None, "cid@birch.example", PASSWORD)
    rename()
    assert MailboxBackend().authenticate(None, "ann@alder.example", PASSWORD) is None
    assert MailboxBackend().authenticate(None, "ann@also.example", PASSWORD).pk == user.pk
    kept = MailboxBackend().get_user(user.pk)
    assert (kept.email, kept.stamp) == ("ann@also.example", user.stamp)
    assert MailboxBackend().get_user(stranger.pk).email == "cid@birch.example"
    assert list(Revocation.objects.values_list("kind", "subject")) == [("domain", "alder.example")]


def test_targets_and_rights_of_the_tenant_follow_and_no_other_does(
    rename, ann, bob, alder, alder_domain, birch_domain, cid
):
    finch = make_domain("finch.example", alder)
    make_alias("team", alder_domain, "ann+desk@alder.example", "bob@also.example", "bob@alder.example")
    make_alias("", finch, "ann@alder.example", "x@notalder.example", "x@sub.alder.example")
    make_alias("theirs", birch_domain, "ann@alder.example")
    for destination in ("ann@alder.example", "zoe@example.com"):
        Target.objects.create(address=ann.address, destination=destination)
    for mailbox, sender in (
        (bob, "ann@alder.example"),
        (bob, "ann@also.example"),
        (ann, "ann@also.example"),
        (ann, "team@alder.example"),
        (make_mailbox("fay", finch), "team+x@alder.example"),
        (cid, "ann@alder.example"),
    ):
        SendAs.objects.create(mailbox=mailbox, sender=sender)
    Tenant.objects.filter(pk=alder.pk).update(contact_email="Ann@alder.example")
    rename()
    assert targets_of("team@also.example") == ["ann+desk@also.example", "bob@also.example"]
    assert targets_of("@finch.example") == ["ann@also.example", "x@notalder.example", "x@sub.alder.example"]
    assert targets_of("theirs@birch.example") == ["ann@alder.example"]
    assert forwarding_of(Mailbox.objects.get(pk=ann.pk)) == (["zoe@example.com"], True)
    assert sorted(SendAs.objects.values_list("mailbox__address__address", "sender")) == [
        ("ann@also.example", "team@also.example"),
        ("bob@also.example", "ann@also.example"),
        ("cid@birch.example", "ann@alder.example"),
        ("fay@finch.example", "team+x@also.example"),
    ]
    assert Tenant.objects.get(pk=alder.pk).contact_email == "Ann@also.example"


def test_dovecots_figures_follow(rename, ann):
    for username, used in (("ann@alder.example", 5), ("ann@also.example", 1), ("ann@notalder.example", 9)):
        MailUsage.objects.create(username=username, used_bytes=used)
    rename()
    assert sorted(MailUsage.objects.values_list("username", "used_bytes")) == [
        ("ann@also.example", 5),
        ("ann@notalder.example", 9),
    ]


def test_the_old_name_is_removed_in_the_same_act_where_that_is_wanted(rename, alias, alder):
    rename(keep_old=False)
    alias.refresh_from_db()
    assert (alias.name, alias.is_removed) == ("alder.example", True)
    assert Usage.objects.get(tenant=alder, kind=UsageKind.DOMAINS).used == 2
    assert [entry.action for entry in AuditEntry.objects.order_by("pk")] == [
        "domain.rename",
        "domain.edit",
        "domain.remove",
    ]


def test_the_trail_tells_both_names_at_both_domains(rename, alder_domain, alias, ann):
    rename()
    entries = AuditEntry.objects.order_by("pk")
    assert [(one.action, one.object_id, one.object_label, one.before, one.after) for one in entries] == [
        (
            "domain.rename",
            alder_domain.pk,
            "also.example",
            {"name": "alder.example"},
            {"name": "also.example", "old_name": "an alias domain", "addresses": 1},
        ),
        (
            "domain.edit",
            alias.pk,
            "alder.example",
            {"name": "also.example"},
            {"name": "alder.example"},
        ),
    ]


def test_it_can_be_turned_back(rename, ann, alder_domain):
    before = sorted(Address.objects.values_list("pk", "address"))
    rename()
    rename()
    assert sorted(Address.objects.values_list("pk", "address")) == before
    assert Domain.objects.get(pk=alder_domain.pk).name == "alder.example"


def test_the_statements_are_as_many_for_thirty_mailboxes_as_for_one(
    rename, ann, alder_domain, django_assert_num_queries
):
    rename()  # the first entry of a trail makes its head
    with CaptureQueriesContext(connection) as first:
        rename()
    for number in range(30):
        mailbox = make_mailbox(f"box-{number}", alder_domain)
        MailboxBackend().authenticate(None, str(mailbox), PASSWORD)
        make_alias(f"alias-{number}", alder_domain, str(mailbox))
    with django_assert_num_queries(len(first)):
        rename()


@pytest.mark.parametrize("which", ["alias", "main"])
@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"suspended_at": "2026-01-01T00:00Z"}, "domain_suspended"),
        ({"removed_at": "2026-01-01T00:00Z"}, "domain_removed"),
    ],
)
def test_what_is_suspended_or_removed_keeps_its_name(rename, alias, alder_domain, which, fields, code):
    Domain.objects.filter(pk=(alias if which == "alias" else alder_domain).pk).update(**fields)
    assert code_of(rename) == code
    assert Domain.objects.get(pk=alias.pk).name == "also.example"


def test_a_claim_or_a_domain_of_its_own_is_no_main_name(rename, alder, alder_domain):
    claim = make_domain("claimed.example", alder, alias_of=alder_domain, proved=False)
    assert code_of(lambda: rename(domain=claim)) == "alias_unproved"
    assert code_of(lambda: rename(domain=alder_domain)) == "alias_none"


def test_addresses_that_would_grow_too_long_are_named_before(rename, alder, alder_domain):
    make_mailbox("x" * 64, alder_domain)
    label = ".".join(["y" * 60] * 3)
    long = make_domain(f"{label}.example", alder, alias_of=alder_domain)
    assert code_of(lambda: rename(domain=long)) == "address_too_long"


def test_strangers_readers_and_managers_of_one_name_may_not(
    rename, alder, alias, alder_manager, alder_reader, birch, birch_admin, access_of
):
    manager = access_of(alder_manager, alder)
    for access, error in (
        (access_of(birch_admin, birch), Http404),
        (access_of(alder_reader, alder), PermissionDenied),
        (manager, Http404),
    ):
        with pytest.raises(error):
            rename(access=access)
    DomainGrant.objects.create(membership=Membership.objects.get(user=alder_manager), domain=alias)
    with pytest.raises(PermissionDenied):
        rename(access=manager, keep_old=False)
    assert rename(access=manager).name == "also.example"


def test_names_given_up_in_a_domain_do_not_keep_it_from_becoming_an_alias_or_the_main_name(
    rename, access, alder, alder_domain, ann
):
    finch = make_domain("finch.example", alder)
    fay = make_mailbox("ann", finch)
    Address.objects.filter(pk=fay.address_id).update(kind="reserved")
    fay.delete()
    make_alias_domain(access=access, domain=finch, target=alder_domain)
    rename(domain=finch)
    assert list(Address.objects.values_list("address", "kind")) == [("ann@finch.example", "mailbox")]


def test_the_command_does_the_same(alias, alder_domain, ann):
    call_command("rename_domain", "also.example")
    assert Address.objects.get(pk=ann.address_id).address == "ann@also.example"
    call_command("rename_domain", "alder.example", "--remove-old")
    assert Domain.objects.get(name="also.example").is_removed
    for name in ("nobody.example", "alder.example", "not a domain"):
        with pytest.raises(CommandError):
            call_command("rename_domain", name)


def test_a_mailbox_that_is_added_by_who_still_saw_the_old_name_has_the_new_one(rename, access, alder_domain):
    rename()
    assert alder_domain.name == "alder.example"
    made = add_mailbox(
        access=access, domain=alder_domain, local_part="eve", quota_bytes=GIB, password=PASSWORD
    )
    assert str(made.mailbox) == "eve@also.example"


def test_a_principal_that_missed_the_new_name_has_it_at_the_next_sign_in(ann):
    user = MailboxBackend().authenticate(None, "ann@alder.example", PASSWORD)
    User.objects.filter(pk=user.pk).update(email="ann@before.example")
    MailboxBackend().authenticate(None, "ann@alder.example", PASSWORD)
    assert User.objects.get(pk=user.pk).email == "ann@alder.example"
