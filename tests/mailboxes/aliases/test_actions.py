"""Aliases change by one action each: checked, counted, told in the trail, undone by nobody else."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
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
from panel.lib.errors import Refused
from panel.tenants.models import Usage, UsageKind
from panel.tenants.roles import Role
from tests.factories import make_alias, make_domain, make_mailbox, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(access_of, alder_admin, alder, alder_domain):
    return access_of(alder_admin, alder)


def used(tenant) -> int:
    return Usage.objects.get(tenant=tenant, kind=UsageKind.ALIASES).used


def targets_of(alias: Alias) -> list[str]:
    return list(alias.address.targets.order_by("pk").values_list("destination", flat=True))


def refusal_of(act) -> Refused:
    with pytest.raises(Refused) as refusal:
        act()
    return refusal.value


def add(admin, domain, name="info", *destinations, **more):
    return add_alias(
        access=admin,
        domain=domain,
        local_part=name,
        destinations=destinations or ["zoe@example.com"],
        **more,
    )


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


# Loops and bounds, on what the database holds


def test_a_loop_of_two_aliases_is_refused_with_the_way_it_takes(admin, alder_domain):
    add(admin, alder_domain, "a", "b@alder.example")
    refusal = refusal_of(lambda: add(admin, alder_domain, "b", "a@alder.example"))
    assert refusal.code == "targets_loop"
    assert "b@alder.example → a@alder.example → b@alder.example" in refusal.message
    assert not Address.objects.filter(local_part="b").exists()


def test_a_loop_through_a_sub_address_is_refused(admin, alder_domain):
    add(admin, alder_domain, "a", "b+x@alder.example")
    assert refusal_of(lambda: add(admin, alder_domain, "b", "a+y@alder.example")).code == "targets_loop"
    assert refusal_of(lambda: add(admin, alder_domain, "c", "c+x@alder.example")).code == "targets_loop"


def test_a_loop_through_an_alias_domain_is_refused(admin, alder, alder_domain):
    make_domain("also.example", alder, alias_of=alder_domain)
    assert refusal_of(lambda: add(admin, alder_domain, "a", "a@also.example")).code == "targets_loop"
    add(admin, alder_domain, "b", "c+x@also.example")
    assert refusal_of(lambda: add(admin, alder_domain, "c", "b@also.example")).code == "targets_loop"


def test_a_catch_all_that_delivers_to_a_name_nobody_has_is_a_loop(admin, alder_domain, ann):
    def set_to(target):
        return set_catch_all(access=admin, domain=alder_domain, destinations=[target])

    assert refusal_of(lambda: set_to("nobody@alder.example")).code == "targets_loop"
    assert targets_of(set_to("ann@alder.example")) == ["ann@alder.example"]


def test_a_loop_of_two_catch_alls_is_refused(admin, alder, alder_domain):
    other = make_domain("finch.example", alder)
    set_catch_all(access=admin, domain=alder_domain, destinations=["x@finch.example"])
    refusal = refusal_of(lambda: set_catch_all(access=admin, domain=other, destinations=["y@alder.example"]))
    assert "the catch-all of finch.example" in refusal.message


def test_an_alias_that_the_catch_all_needs_is_not_deleted(admin, alder_domain):
    alias = add(admin, alder_domain)
    set_catch_all(access=admin, domain=alder_domain, destinations=["info@alder.example"])
    assert refusal_of(lambda: delete_alias(access=admin, alias=alias)).code == "alias_needed_by_catch_all"
    assert Alias.objects.filter(pk=alias.pk).exists()


def test_a_loop_through_postmaster_and_the_contact_is_refused(admin, alder, alder_domain):
    refusal = refusal_of(lambda: add(admin, alder_domain, "office", "postmaster@alder.example"))
    assert refusal.code == "targets_loop"


def test_a_loop_across_tenants_is_refused_in_words_that_tell_nothing(admin, birch_domain, alder_domain):
    make_alias("secret", birch_domain, "info@alder.example")
    refusal = refusal_of(lambda: add(admin, alder_domain, "info", "secret@birch.example"))
    assert refusal.code == "targets_loop"
    assert "birch" not in refusal.message
    assert "secret" not in refusal.message


def test_a_target_of_another_tenant_is_a_plain_outside_address(admin, birch_domain, alder_domain):
    """A chain and a crowd behind it change nothing: whether it exists is not told either."""
    for step in range(20):
        make_alias(f"s{step}", birch_domain, f"s{step + 1}@birch.example")
    make_alias("crowd", birch_domain, *[f"c{number}@example.com" for number in range(1001)])
    assert add(admin, alder_domain, "a", "s0@birch.example", "crowd@birch.example", "none@birch.example")


def test_a_disabled_alias_counts_so_that_enabling_makes_no_loop(admin, alder_domain):
    disable_alias(access=admin, alias=add(admin, alder_domain, "a", "b@alder.example"))
    assert refusal_of(lambda: add(admin, alder_domain, "b", "a@alder.example")).code == "targets_loop"


def test_a_chain_may_be_ten_steps_long_from_whichever_end_it_is_built(admin, alder_domain):
    for step in reversed(range(10)):
        add(admin, alder_domain, f"up{step}", f"up{step + 1}@alder.example")
    refusal = refusal_of(lambda: add(admin, alder_domain, "top", "up0@alder.example"))
    assert refusal.code == "targets_depth"
    for step in range(10):
        add(admin, alder_domain, f"down{step}", f"down{step + 1}@alder.example")
    assert refusal_of(lambda: add(admin, alder_domain, "down10")).code == "targets_depth"


def test_a_tree_of_targets_stops_at_a_thousand_from_whichever_end_it_is_built(admin, alder_domain):
    crowd = [f"c{number}@example.com" for number in range(100)]
    for branch in range(11):
        add(admin, alder_domain, f"b{branch}", *crowd)
    branches = [f"b{branch}@alder.example" for branch in range(11)]
    assert add(admin, alder_domain, "thousand", *branches[:10])
    assert refusal_of(lambda: add(admin, alder_domain, "more", *branches)).code == "targets_recipients"
    add(admin, alder_domain, "early", *[f"late{number}@alder.example" for number in range(11)])
    for number in range(10):
        late = crowd if number else crowd[:-1]
        add(admin, alder_domain, f"late{number}", *late)
    refusal = refusal_of(lambda: add(admin, alder_domain, "late10", *crowd))
    assert refusal.code == "targets_recipients"
    assert "early@alder.example" in refusal.message


def test_a_bomb_through_the_catch_all_is_counted(admin, alder_domain):
    add(admin, alder_domain, "fuse", *[f"x{number}@alder.example" for number in range(11)])
    crowd = [f"c{number}@example.com" for number in range(100)]
    # Eleven names that do not exist are one catch-all, which Postfix expands eleven times.
    refusal = refusal_of(lambda: set_catch_all(access=admin, domain=alder_domain, destinations=crowd))
    assert refusal.code == "targets_recipients"


def test_a_check_costs_the_same_number_of_queries_for_one_target_and_for_many(admin, alder_domain):
    counts = []
    for name, amount in (("one", 1), ("many", 90)):
        with CaptureQueriesContext(connection) as queries:
            add(admin, alder_domain, name, *[f"{name}{number}@alder.example" for number in range(amount)])
        counts.append(len(queries))
    assert counts[0] == counts[1]


# Those who stand higher


def test_an_admin_cannot_catch_the_mail_of_someone_who_outranks_them(admin, operator, alder, alder_domain):
    make_user("ops@alder.example", operator, Role.OPERATOR_ADMIN)
    refusal = refusal_of(lambda: add(admin, alder_domain, "ops"))
    assert (refusal.code, refusal.field) == ("outranked", "local_part")
    assert (
        refusal_of(
            lambda: set_catch_all(access=admin, domain=alder_domain, destinations=["z@example.com"])
        ).code
        == "outranked"
    )


def test_the_spellings_of_an_outranking_member_are_known(admin, operator, north, alder, alder_domain):
    make_domain("also.example", alder, alias_of=alder_domain)
    make_user("ops+panel@also.example", operator, Role.OPERATOR_SUPPORT)
    assert refusal_of(lambda: add(admin, alder_domain, "ops")).code == "outranked"


def test_an_alias_of_someone_who_outranks_is_neither_changed_nor_deleted(admin, north, alder_domain):
    alias = add(admin, alder_domain, "boss")
    make_user("boss@alder.example", north, Role.RESELLER_ADMIN)
    for act in (
        lambda: edit_alias(access=admin, alias=alias, destinations=["x@example.com"], comment=""),
        lambda: disable_alias(access=admin, alias=alias),
        lambda: delete_alias(access=admin, alias=alias),
    ):
        assert refusal_of(act).code == "outranked"


def test_the_one_who_outranks_and_equals_may(access_of, admin, north, north_admin, alder, alder_domain):
    make_user("boss@alder.example", north, Role.RESELLER_ADMIN)
    make_user("peer@alder.example", alder, Role.TENANT_ADMIN)
    assert add(access_of(north_admin, alder), alder_domain, "boss")
    assert add(admin, alder_domain, "peer")


def test_a_catch_all_is_free_once_the_outranking_address_has_a_row(admin, operator, alder_domain):
    make_user("ops@alder.example", operator, Role.OPERATOR_ADMIN)
    make_mailbox("ops", alder_domain)
    assert set_catch_all(access=admin, domain=alder_domain, destinations=["z@example.com"])


# The command


def test_the_command_adds_an_alias_and_a_catch_all_and_says_what_is_refused(alder_domain, operator, capsys):
    call_command("add_alias", "info@Alder.example", "zoe@example.com", comment="Desk")
    call_command("add_alias", "@alder.example", "zoe@example.com")
    assert sorted(map(str, Alias.objects.all())) == ["@alder.example", "info@alder.example"]
    for arguments in (
        ("info@alder.example", "zoe@example.com"),
        ("new@alder.example", "|cmd"),
        ("new@unknown.example", "zoe@example.com"),
        ("nodomain", "zoe@example.com"),
    ):
        with pytest.raises(CommandError):
            call_command("add_alias", *arguments)
    assert Alias.objects.count() == 2
