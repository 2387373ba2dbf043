"""Forwarding by admin and user, and rights to send under another address."""

from functools import partial

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from mailboxes.actions.forwarding import forwarding_of, set_forwarding, set_own_forwarding
from mailboxes.actions.send_as import grant_send_as, revoke_send_as
from mailboxes.models import Mailbox, MailboxState, SendAs
from panel.audit.actor import Actor, ActorKind
from panel.audit.models import AuditEntry
from panel.lib.errors import Refused
from panel.tenants.roles import Role
from tests.factories import make_alias, make_domain, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(access_of, alder_admin, alder, alder_domain):
    return access_of(alder_admin, alder)


def refusal_of(act) -> Refused:
    with pytest.raises(Refused) as refusal:
        act()
    return refusal.value


def forward(access, mailbox, *destinations, keep_copy=True):
    return set_forwarding(access=access, mailbox=mailbox, destinations=destinations, keep_copy=keep_copy)


def rows(mailbox) -> list[str]:
    return list(mailbox.address.targets.order_by("pk").values_list("destination", flat=True))


def test_a_forward_with_a_copy_has_the_mailbox_among_its_targets(admin, ann):
    forward(admin, ann, "zoe@example.com")
    assert rows(ann) == ["ann@alder.example", "zoe@example.com"]
    assert forwarding_of(ann) == (["zoe@example.com"], True)
    forward(admin, ann, "zoe@example.com", keep_copy=False)
    assert rows(ann) == ["zoe@example.com"]
    assert forwarding_of(ann) == (["zoe@example.com"], False)
    forward(admin, ann, keep_copy=False)
    assert rows(ann) == []
    assert forwarding_of(ann) == ([], True)
    told = list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))
    assert told == ["mailbox.set_forwarding", "mailbox.set_forwarding", "mailbox.clear_forwarding"]


def test_saving_the_same_again_tells_nothing(admin, ann):
    forward(admin, ann, "zoe@example.com")
    forward(admin, ann, "zoe@example.com")
    assert AuditEntry.objects.count() == 1


def test_two_mailboxes_that_forward_to_each_other_are_a_loop_even_with_copies(admin, ann, bob):
    forward(admin, ann, "bob@alder.example")
    refusal = refusal_of(lambda: forward(admin, bob, "ann@alder.example"))
    assert (refusal.code, refusal.field) == ("targets_loop", "destinations")
    assert rows(bob) == []


def test_a_mailbox_does_not_forward_to_itself_in_any_spelling(admin, alder, alder_domain, ann):
    make_domain("also.example", alder, alias_of=alder_domain)
    codes = [
        refusal_of(lambda target=target: forward(admin, ann, target)).code
        for target in ("Ann@Alder.example", "ann+x@alder.example", "ann@also.example")
    ]
    assert codes == ["targets_self", "targets_loop", "targets_loop"]


def test_a_user_sets_their_own_forwarding_and_the_trail_names_them(ann):
    actor = Actor(ActorKind.MAILBOX, "ann@alder.example", 7, "192.0.2.9")
    set_own_forwarding(actor=actor, mailbox=ann, destinations=["zoe@example.com"], keep_copy=False)
    entry = AuditEntry.objects.get()
    assert (entry.actor_kind, entry.actor_label, entry.object_label) == (
        "mailbox",
        "ann@alder.example",
        "ann@alder.example",
    )
    assert entry.after == {"destinations": ["zoe@example.com"], "keep_copy": False}


def test_a_user_hears_of_a_loop_but_not_through_which_alias(alder_domain, ann):
    make_alias("board", alder_domain, "secret-list@alder.example")
    make_alias("secret-list", alder_domain, "ann@alder.example")
    actor = Actor(ActorKind.MAILBOX, "ann@alder.example")
    refusal = refusal_of(
        lambda: set_own_forwarding(
            actor=actor, mailbox=ann, destinations=["board@alder.example"], keep_copy=True
        )
    )
    assert refusal.code == "targets_loop"
    assert "secret" not in refusal.message


def test_nobody_forwards_the_mail_of_someone_who_outranks_them(admin, north, ann):
    make_user("ann@alder.example", north, Role.RESELLER_ADMIN)
    assert refusal_of(lambda: forward(admin, ann, "zoe@example.com")).code == "outranked"
    actor = Actor(ActorKind.MAILBOX, "ann@alder.example")
    assert set_own_forwarding(actor=actor, mailbox=ann, destinations=["zoe@example.com"], keep_copy=True)


def test_a_mailbox_of_another_tenant_is_not_found_and_a_reader_may_not(
    admin, access_of, alder_reader, alder, ann, cid
):
    with pytest.raises(Mailbox.DoesNotExist):
        forward(admin, cid, "zoe@example.com")
    with pytest.raises(PermissionDenied):
        forward(access_of(alder_reader, alder), ann, "zoe@example.com")


def test_a_deleted_mailbox_is_left_as_it_is(admin, ann):
    Mailbox.objects.filter(pk=ann.pk).update(state=MailboxState.DELETED)
    assert refusal_of(lambda: forward(admin, ann, "zoe@example.com")).code == "mailbox_deleted"


def test_ninety_nine_targets_fit_beside_the_copy(admin, ann):
    many = [f"user{number}@example.com" for number in range(100)]
    assert refusal_of(lambda: forward(admin, ann, *many)).code == "destinations_too_many"
    assert forward(admin, ann, *many[:99])
    assert forward(admin, ann, *many, keep_copy=False)


# Send-as


def grant(access, mailbox, sender):
    return grant_send_as(access=access, mailbox=mailbox, sender=sender)


def test_a_right_is_for_an_address_in_a_domain_of_the_same_tenant_made_or_not(
    admin, alder, alder_domain, ann
):
    make_domain("finch.example", alder)
    make_domain("also.example", alder, alias_of=alder_domain)
    for sender in ("Sales@Alder.example", "new@finch.example", "ann@also.example"):
        assert grant(admin, ann, sender).sender == sender.lower()
    assert AuditEntry.objects.filter(action="send_as.grant").count() == 3


@pytest.mark.parametrize(
    "sender",
    [
        "ceo@birch.example",
        "@birch.example",
        "birch.example",
        "@alder.example",
        "*@alder.example",
        "x@sub.birch.example",
        "x@sub.alder.example",
        "x@birch.example.",
        "x@BIRCH.EXAMPLE",
        '"x"@birch.example',
        "x@alder.example@birch.example",
        "x@birch.example,y@alder.example",
        "x@alder.example\n",
        "x@alder.example\x00",
        "x%birch.example@alder.example",
        "x+tag@alder.example",
        "x@alder.example ceo@birch.example",
        "x@xn--alder-.example",
        "x@аlder.example",
        "x@unknown.example",
        "x@unproved.example",
        "x@removed.example",
        "x@claimed.example",
        "",
        "a" * 100_000,
    ],
)
def test_no_spelling_gives_a_right_to_an_address_of_somebody_else(
    admin, alder, birch, ann, birch_domain, sender
):
    make_domain("unproved.example", alder, proved=False)
    make_domain("removed.example", alder, removed_at=timezone.now())
    make_domain("claimed.example", alder, proved=False)
    make_domain("claimed.example", birch)
    assert refusal_of(lambda: grant(admin, ann, sender)).field == "sender"
    assert not SendAs.objects.exists()


def test_a_foreign_domain_and_an_unknown_one_get_the_same_answer(admin, ann, birch_domain):
    foreign = refusal_of(lambda: grant(admin, ann, "x@birch.example"))
    unknown = refusal_of(lambda: grant(admin, ann, "x@bixch.example"))
    assert foreign.message.replace("birch", "bixch") == unknown.message


def test_a_reseller_does_not_give_one_client_the_names_of_another(
    access_of, north, north_admin, ann, birch_domain
):
    refusal = refusal_of(lambda: grant(access_of(north_admin, north), ann, "x@birch.example"))
    assert refusal.code == "sender_domain"


def test_a_domain_manager_gives_rights_in_the_granted_domain_alone(access_of, alder_manager, alder, ann):
    make_domain("finch.example", alder)
    access = access_of(alder_manager, alder)
    assert grant(access, ann, "sales@alder.example")
    assert refusal_of(lambda: grant(access, ann, "sales@finch.example")).code == "sender_domain"


def test_a_right_is_given_once_and_none_is_needed_for_the_own_address(admin, ann):
    grant(admin, ann, "sales@alder.example")
    assert refusal_of(lambda: grant(admin, ann, "SALES@alder.example")).code == "sender_granted"
    assert refusal_of(lambda: grant(admin, ann, "ann@alder.example")).code == "sender_own"


def test_nobody_lends_the_name_of_someone_who_outranks_them(admin, operator, alder, alder_domain, ann):
    make_user("ops@alder.example", operator, Role.OPERATOR_ADMIN)
    make_domain("also.example", alder, alias_of=alder_domain)
    for spelling in ("ops@alder.example", "ops@also.example"):
        assert refusal_of(partial(grant, admin, ann, spelling)).code == "outranked"


def test_taking_a_right_away_twice_tells_once_and_touches_no_other_mailbox(admin, ann, bob, cid):
    right = grant(admin, ann, "sales@alder.example")
    theirs = SendAs.objects.create(mailbox=cid, sender="sales@birch.example")
    revoke_send_as(access=admin, mailbox=bob, right_id=right.pk)
    revoke_send_as(access=admin, mailbox=ann, right_id=theirs.pk)
    assert SendAs.objects.count() == 2
    revoke_send_as(access=admin, mailbox=ann, right_id=right.pk)
    revoke_send_as(access=admin, mailbox=ann, right_id=right.pk)
    assert list(SendAs.objects.all()) == [theirs]
    assert AuditEntry.objects.filter(action="send_as.revoke").count() == 1


def test_readers_and_strangers_change_no_right(admin, access_of, alder_reader, alder, ann, cid):
    with pytest.raises(PermissionDenied):
        grant(access_of(alder_reader, alder), ann, "sales@alder.example")
    with pytest.raises(Mailbox.DoesNotExist):
        grant(admin, cid, "sales@alder.example")
