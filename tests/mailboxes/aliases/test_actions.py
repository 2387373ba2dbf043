"""Aliases change by one action each: checked, counted, told in the trail, undone by nobody else."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from mailboxes.actions.aliases import (
    add_alias,
    clear_catch_all,
    delete_alias,
    disable_alias,
    edit_alias,
    enable_alias,
    set_catch_all,
)
from mailboxes.models import Address, AddressKind, Alias, MailboxState, SendAs, Target
from panel.audit.models import AuditEntry
from tests.factories import make_alias, make_domain
from tests.mailboxes.aliases.acts import add, refusal_of, targets_of, used

pytestmark = pytest.mark.django_db


def test_a_new_alias_has_its_targets_its_comment_its_place_in_the_cap_and_in_the_trail(
    admin, alder, north, operator, alder_domain
):
    alias = add(admin, alder_domain, "Info", "Zoe@Example.com", "ann@alder.example", comment=" Front desk ")
    assert (str(alias), alias.comment, alias.is_enabled) == ("info@alder.example", "Front desk", True)
    assert targets_of(alias) == ["zoe@example.com", "ann@alder.example"]
    assert [used(tenant) for tenant in (alder, north, operator)] == [1, 1, 1]
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.object_label, entry.tenant_id) == (
        "alias.add",
        "info@alder.example",
        alder.pk,
    )
    assert entry.after == {"destinations": ["zoe@example.com", "ann@alder.example"], "comment": "Front desk"}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "local_part_empty"),
        ("a" * 65, "local_part_too_long"),
        ("info+x", "local_part_plus"),
        ("in fo", "local_part_characters"),
        ('"info"', "local_part_characters"),
        ("info\n", "local_part_characters"),
        ("../info", "local_part_characters"),
        ("in%fo", "local_part_characters"),
        ("pоstmaster", "local_part_characters"),
    ],
)
def test_an_odd_name_is_refused_at_its_field(admin, alder_domain, name, code):
    refusal = refusal_of(lambda: add(admin, alder_domain, name))
    assert (refusal.code, refusal.field) == (code, "local_part")
    assert not Alias.objects.exists()


@pytest.mark.parametrize(
    ("destinations", "code"),
    [
        ([], "destinations_empty"),
        (["|cmd"], "address_special"),
        (["info@alder.example"], "targets_self"),
        (["a@example.com\nb@example.com"], "address_characters"),
        (["a@example.com,b@example.com"], "address_characters"),
    ],
)
def test_odd_targets_are_refused_and_nothing_is_half_saved(admin, alder, alder_domain, destinations, code):
    refusal = refusal_of(
        lambda: add_alias(access=admin, domain=alder_domain, local_part="info", destinations=destinations)
    )
    assert (refusal.code, refusal.field) == (code, "destinations")
    assert (Address.objects.count(), used(alder), AuditEntry.objects.count()) == (0, 0, 0)


def test_a_taken_address_is_refused_in_the_words_of_what_takes_it(admin, alder_domain, ann):
    assert "mailbox ann@alder.example already" in refusal_of(lambda: add(admin, alder_domain, "ann")).message
    add(admin, alder_domain, "info")
    assert "alias info@alder.example already" in refusal_of(lambda: add(admin, alder_domain, "INFO")).message
    ann.state, ann.purge_at = MailboxState.DELETED, timezone.now() + timedelta(days=14)
    ann.save(update_fields=["state", "purge_at"])
    refusal = refusal_of(lambda: add(admin, alder_domain, "ann"))
    assert (refusal.code, refusal.field) == ("address_taken", "local_part")
    assert "stays reserved until it is gone for good on " in refusal.message
    Address.objects.create(
        domain=alder_domain, kind=AddressKind.RESERVED, local_part="old", address="old@alder.example"
    )
    assert "kept free" in refusal_of(lambda: add(admin, alder_domain, "old")).message


def test_an_alias_needs_a_proved_domain_that_is_there_and_no_alias_domain(admin, alder, alder_domain):
    now = timezone.now()
    cases = {
        "domain_unproved": make_domain("new.example", alder, proved=False),
        "domain_removed": make_domain("gone.example", alder, removed_at=now),
        "domain_is_alias": make_domain("also.example", alder, alias_of=alder_domain),
    }
    for code, domain in cases.items():
        refusal = refusal_of(lambda domain=domain: add(admin, domain))
        assert (refusal.code, refusal.field) == (code, "domain")


def test_the_domain_of_another_tenant_is_refused_without_saying_that_it_exists(admin, birch_domain):
    refusal = refusal_of(lambda: add(admin, birch_domain))
    assert refusal.code == "domain_unknown"
    assert "birch" not in refusal.message


def test_an_alias_of_another_tenant_cannot_be_changed_or_deleted(admin, birch_domain):
    theirs = make_alias("info", birch_domain, "zoe@example.com")
    for act in (
        lambda: edit_alias(access=admin, alias=theirs, destinations=["x@example.com"], comment=""),
        lambda: delete_alias(access=admin, alias=theirs),
        lambda: disable_alias(access=admin, alias=theirs),
    ):
        with pytest.raises(Alias.DoesNotExist):
            act()
    theirs.refresh_from_db()
    assert (targets_of(theirs), theirs.is_enabled) == (["zoe@example.com"], True)


def test_a_reader_and_support_change_nothing(access_of, alder_reader, ops_support, alder, alder_domain):
    alias = make_alias("info", alder_domain, "zoe@example.com")
    for user in (alder_reader, ops_support):
        access = access_of(user, alder)
        for act in (
            lambda access=access: add(access, alder_domain, "new"),
            lambda access=access: set_catch_all(
                access=access, domain=alder_domain, destinations=["z@example.com"]
            ),
            lambda access=access: edit_alias(
                access=access, alias=alias, destinations=["x@y.com"], comment=""
            ),
            lambda access=access: enable_alias(access=access, alias=alias),
            lambda access=access: delete_alias(access=access, alias=alias),
        ):
            with pytest.raises(PermissionDenied):
                act()


def test_a_domain_manager_acts_in_the_granted_domain_alone(access_of, alder_manager, alder, alder_domain):
    access = access_of(alder_manager, alder)
    other = make_domain("finch.example", alder)
    assert add(access, alder_domain)
    assert refusal_of(lambda: add(access, other)).code == "domain_unknown"


def test_the_cap_of_aliases_binds_and_a_catch_all_counts(admin, alder, alder_domain):
    alder.max_aliases = 2
    alder.save(update_fields=["max_aliases"])
    add(admin, alder_domain)
    set_catch_all(access=admin, domain=alder_domain, destinations=["zoe@example.com"])
    assert refusal_of(lambda: add(admin, alder_domain, "more")).code == "cap_reached"
    assert not Address.objects.filter(local_part="more").exists()
    clear_catch_all(access=admin, domain=alder_domain)
    assert add(admin, alder_domain, "more")
    assert used(alder) == 2


def test_editing_tells_before_and_after_and_changes_nothing_else(admin, alder_domain):
    alias = add(admin, alder_domain)
    edit_alias(access=admin, alias=alias, destinations=["bob@example.com"], comment="New")
    alias.refresh_from_db()
    assert (targets_of(alias), alias.comment) == (["bob@example.com"], "New")
    entry = AuditEntry.objects.get(action="alias.edit")
    assert (entry.before["destinations"], entry.after["destinations"]) == (
        ["zoe@example.com"],
        ["bob@example.com"],
    )
    edit_alias(access=admin, alias=alias, destinations=["bob@example.com"], comment="New")
    assert AuditEntry.objects.filter(action="alias.edit").count() == 1


def test_a_comment_is_bounded_and_holds_no_unseen_character(admin, alder_domain):
    assert refusal_of(lambda: add(admin, alder_domain, comment="x" * 201)).field == "comment"
    assert refusal_of(lambda: add(admin, alder_domain, comment="a\x00b")).field == "comment"


def test_switching_off_and_on_keeps_everything_and_is_told_once(admin, alder_domain):
    alias = add(admin, alder_domain)
    disable_alias(access=admin, alias=alias)
    disable_alias(access=admin, alias=alias)
    alias.refresh_from_db()
    assert not alias.is_enabled
    enable_alias(access=admin, alias=alias)
    alias.refresh_from_db()
    assert (alias.is_enabled, targets_of(alias)) == (True, ["zoe@example.com"])
    told = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(told) == ["alias.add", "alias.disable", "alias.enable"]


def test_deleting_leaves_nothing_that_a_new_alias_of_the_name_would_inherit(admin, alder, alder_domain, ann):
    alias = add(admin, alder_domain)
    SendAs.objects.create(mailbox=ann, sender="info@alder.example")
    delete_alias(access=admin, alias=alias)
    assert not Address.objects.filter(address="info@alder.example").exists()
    assert (Alias.objects.count(), Target.objects.count(), SendAs.objects.count()) == (0, 0, 0)
    assert used(alder) == 0
    entry = AuditEntry.objects.get(action="alias.delete")
    assert entry.before["senders"] == ["ann@alder.example"]
    assert targets_of(add(admin, alder_domain, "info", "new@example.com")) == ["new@example.com"]


def test_no_right_to_send_outlives_the_name_in_any_of_its_spellings(admin, alder, alder_domain, ann):
    make_domain("also.example", alder, alias_of=alder_domain)
    alias = add(admin, alder_domain, "sales")
    for sender in (
        "sales@alder.example",
        "sales+x@alder.example",
        "sales@also.example",
        "sales+x@also.example",
    ):
        SendAs.objects.create(mailbox=ann, sender=sender)
    kept = SendAs.objects.create(mailbox=ann, sender="salesman@also.example")
    delete_alias(access=admin, alias=alias)
    assert list(SendAs.objects.all()) == [kept]


def test_deleting_twice_is_found_out_and_gives_back_once(admin, alder, alder_domain):
    alias = add(admin, alder_domain)
    again = Alias.objects.get(pk=alias.pk)
    delete_alias(access=admin, alias=alias)
    with pytest.raises(Alias.DoesNotExist):
        delete_alias(access=admin, alias=again)
    assert used(alder) == 0


@pytest.mark.parametrize("name", ["postmaster", "abuse"])
def test_a_role_may_have_an_alias_of_its_own_which_can_be_deleted_but_not_switched_off(
    admin, alder_domain, name
):
    alias = add(admin, alder_domain, name)
    assert refusal_of(lambda: disable_alias(access=admin, alias=alias)).code == "role_stays_on"
    assert delete_alias(access=admin, alias=alias)


def test_the_catch_all_is_set_changed_and_cleared(admin, alder_domain):
    first = set_catch_all(access=admin, domain=alder_domain, destinations=["zoe@example.com"])
    assert (first.address.local_part, first.address.address) == ("", "@alder.example")
    second = set_catch_all(access=admin, domain=alder_domain, destinations=["bob@example.com"])
    assert (second.pk, targets_of(second)) == (first.pk, ["bob@example.com"])
    clear_catch_all(access=admin, domain=alder_domain)
    clear_catch_all(access=admin, domain=alder_domain)
    assert not Alias.objects.exists()
    told = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(told) == ["alias.add", "alias.edit", "alias.delete"]
