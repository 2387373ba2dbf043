"""Renames at the same moment as each other and as what else takes or gives up a name."""

from datetime import timedelta

import pytest
from django.utils import timezone

from domains.models import Domain
from mailboxes import jobs
from mailboxes.actions.aliases import add_alias
from mailboxes.actions.domain_renames import rename_domain
from mailboxes.actions.lifecycle import delete_mailbox
from mailboxes.actions.mailboxes import add_mailbox
from mailboxes.actions.renames import rename_mailbox
from mailboxes.models import Address, Alias, Mailbox, Target
from panel.audit.models import AuditEntry
from panel.tenants.models import Tenant, Usage, UsageKind
from tests.factories import GIB, PASSWORD, make_alias, make_domain, make_mailbox
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 8


@pytest.fixture
def access(alder_admin, alder, access_of):
    return access_of(alder_admin, alder)


@pytest.fixture
def renaming(access):
    def make(mailbox, local_part, *, keep_old=True):
        return lambda: rename_mailbox(
            access=access, mailbox=mailbox, local_part=local_part, keep_old=keep_old
        )

    return make


def assert_whole(alder, domain):
    """Every address is spelled by its parts, leads where something is, and counts once."""
    for address in Address.objects.select_related("domain"):
        assert address.address == f"{address.local_part}@{address.domain.name}"
    used = {kind: Usage.objects.get(tenant=alder, kind=kind).used for kind in UsageKind}
    assert used[UsageKind.ALIASES] == Alias.objects.count()
    assert used[UsageKind.MAILBOXES] == Mailbox.objects.count()
    names = set(Address.objects.exclude(kind="reserved").values_list("address", flat=True))
    inside = Target.objects.filter(destination__endswith=f"@{Domain.objects.get(pk=domain.pk).name}")
    assert set(inside.values_list("destination", flat=True)) <= names


def test_of_many_that_want_one_name_one_gets_it(renaming, alder, alder_domain):
    boxes = [make_mailbox(f"box-{number}", alder_domain) for number in range(THREADS)]
    ended = at_once([renaming(box, "wanted") for box in boxes])
    assert ended == {"done": 1, "address_taken": THREADS - 1}
    assert Address.objects.filter(address="wanted@alder.example").count() == 1
    assert AuditEntry.objects.filter(action="mailbox.rename").count() == 1
    assert_whole(alder, alder_domain)


def test_one_mailbox_that_is_given_many_names_at_once_has_one_and_its_others_lead_there(
    renaming, ann, alder, alder_domain
):
    make_alias("team", alder_domain, "ann@alder.example")
    ended = at_once([renaming(ann, f"name-{number}") for number in range(THREADS)])
    assert ended == {"done": THREADS}
    own = Mailbox.objects.get(pk=ann.pk).address.address
    assert list(Target.objects.values_list("destination", flat=True).distinct()) == [own]
    assert Alias.objects.count() == THREADS + 1
    assert_whole(alder, alder_domain)


def test_two_mailboxes_that_change_names_wait_for_each_other_and_never_for_ever(
    renaming, ann, bob, alder, alder_domain
):
    make_alias("team", alder_domain, "ann@alder.example", "bob@alder.example")
    ended = at_once([renaming(ann, "bob"), renaming(bob, "ann")] * 4)
    assert ended == {"address_taken": 8}
    assert_whole(alder, alder_domain)


def test_a_name_goes_to_a_rename_a_new_mailbox_or_a_new_alias_and_never_to_two(
    renaming, access, alder, alder_domain
):
    boxes = [make_mailbox(f"box-{number}", alder_domain) for number in range(4)]
    acts = [renaming(box, "wanted") for box in boxes]
    acts += [
        lambda: add_mailbox(
            access=access, domain=alder_domain, local_part="wanted", quota_bytes=GIB, password=PASSWORD
        )
    ] * 3
    acts += [
        lambda: add_alias(
            access=access, domain=alder_domain, local_part="wanted", destinations=["zoe@example.com"]
        )
    ] * 3
    assert at_once(acts) == {"done": 1, "address_taken": 9}
    assert_whole(alder, alder_domain)


def test_the_last_alias_of_a_cap_is_kept_by_one_rename(renaming, alder, alder_domain):
    Tenant.objects.filter(pk=alder.pk).update(max_aliases=1)
    boxes = [make_mailbox(f"box-{number}", alder_domain) for number in range(THREADS)]
    ended = at_once([renaming(box, f"new-{number}") for number, box in enumerate(boxes)])
    assert ended == {"done": 1, "cap_reached": THREADS - 1}
    assert_whole(alder, alder_domain)


def test_a_rename_and_a_deletion_at_once_end_in_one_order(renaming, access, alder, alder_domain):
    boxes = [make_mailbox(f"box-{number}", alder_domain) for number in range(4)]
    acts = [renaming(box, f"new-{number}") for number, box in enumerate(boxes)]
    acts += [lambda box=box: delete_mailbox(access=access, mailbox=box) for box in boxes]
    ended = at_once(acts)
    assert ended["done"] + ended["mailbox_deleted"] == 8
    assert Mailbox.objects.filter(state="deleted").count() == 4
    assert_whole(alder, alder_domain)


def test_a_rename_and_a_purge_at_once_leave_no_half(renaming, access, alder, alder_domain):
    boxes = [make_mailbox(f"box-{number}", alder_domain) for number in range(4)]
    gone = [make_mailbox(f"gone-{number}", alder_domain) for number in range(4)]
    for number, mailbox in enumerate(gone):
        make_alias(f"alias-{number}", alder_domain, f"box-{number}@alder.example", str(mailbox))
        delete_mailbox(access=access, mailbox=mailbox)
    Mailbox.objects.filter(state="deleted").update(purge_at=timezone.now() - timedelta(seconds=1))
    acts = [renaming(box, f"new-{number}", keep_old=False) for number, box in enumerate(boxes)]
    acts += [lambda mailbox=mailbox: jobs.purge_mailbox(mailbox.pk) for mailbox in gone]
    assert at_once(acts) == {"done": 8}
    assert sorted(Target.objects.values_list("destination", flat=True)) == [
        f"new-{number}@alder.example" for number in range(4)
    ]
    assert_whole(alder, alder_domain)


def test_renames_of_a_domain_and_of_its_mailboxes_at_once_fit_together(renaming, access, alder, alder_domain):
    alias = make_domain("also.example", alder, alias_of=alder_domain)
    boxes = [make_mailbox(f"box-{number}", alder_domain) for number in range(4)]
    for number, box in enumerate(boxes):
        make_alias(f"alias-{number}", alder_domain, str(box))
    acts = [renaming(box, f"new-{number}") for number, box in enumerate(boxes)]
    acts += [lambda: rename_domain(access=access, domain=alias, keep_old=True)] * 3
    acts += [
        lambda number=number: add_mailbox(
            access=access,
            domain=alder_domain,
            local_part=f"fresh-{number}",
            quota_bytes=GIB,
            password=PASSWORD,
        )
        for number in range(3)
    ]
    assert at_once(acts) == {"done": 10}
    assert Domain.objects.get(pk=alder_domain.pk).name == "also.example"
    assert_whole(alder, alder_domain)
