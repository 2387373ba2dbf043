"""What leads to something that goes is named before, left out while it may come back, and gone after."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from domains.jobs import purge_removed
from domains.models import Domain
from mailboxes import jobs
from mailboxes.actions.aliases import delete_alias
from mailboxes.models import Address, Alias, Mailbox, Target
from panel.audit.models import AuditEntry
from tests.factories import make_alias, make_domain, make_mailbox

pytestmark = pytest.mark.django_db
PAST = timedelta(seconds=-1)


def targets_of(address: str) -> list[str]:
    rows = Target.objects.filter(address__address=address).order_by("pk")
    return list(rows.values_list("destination", flat=True))


def forward(mailbox: Mailbox, *destinations: str) -> None:
    for destination in destinations:
        Target.objects.create(address=mailbox.address, destination=destination)


@pytest.fixture
def ways(alder, alder_domain, birch_domain, ann, bob):
    """Every way that leads to bob@alder.example, one of them another tenant's."""
    make_domain("also.example", alder, alias_of=alder_domain)
    other = make_domain("finch.example", alder)
    make_alias("team", alder_domain, "bob+desk@alder.example", "zoe@example.com")
    make_alias("only", alder_domain, "bob@also.example")
    make_alias("", other, "bob@alder.example")
    make_alias("theirs", birch_domain, "bob@alder.example")
    forward(ann, "ann@alder.example", "bob@alder.example")
    make_alias("bobby", alder_domain, "bobby@example.com")


def purge(mailbox: Mailbox) -> None:
    Mailbox.objects.filter(pk=mailbox.pk).update(state="deleted", purge_at=timezone.now() + PAST)
    assert jobs.purge_deleted() == 1


def test_the_page_that_deletes_a_mailbox_names_what_leads_to_it(ways, signed_in, alder_admin, alder, bob):
    page = signed_in(alder_admin).get(reverse("mailboxes:delete", args=[alder.pk, bob.pk]))
    assert page.context["sources"] == [
        "team@alder.example",
        "only@alder.example",
        "@finch.example",
        "ann@alder.example",
    ]
    text = page.content.decode()
    assert "the catch-all of finch.example" in text
    assert "theirs@birch.example" not in text
    assert "bobby@alder.example" not in text


def test_a_domain_manager_is_named_only_what_they_may_see(ways, signed_in, alder_manager, alder, bob):
    page = signed_in(alder_manager).get(reverse("mailboxes:delete", args=[alder.pk, bob.pk]))
    assert "finch.example" not in page.content.decode()
    assert "team@alder.example" in page.content.decode()


def test_a_deleted_mailbox_stays_a_target_until_it_is_gone_and_the_page_says_that_it_gets_nothing(
    ways, signed_in, alder_admin, alder, bob
):
    Mailbox.objects.filter(pk=bob.pk).update(state="deleted", purge_at=timezone.now() + timedelta(days=1))
    assert jobs.purge_deleted() == 0
    assert targets_of("only@alder.example") == ["bob@also.example"]
    team = Alias.objects.get(address__address="team@alder.example")
    page = signed_in(alder_admin).get(reverse("mailboxes:alias_edit", args=[alder.pk, team.pk]))
    assert "bob+desk@alder.example gets nothing: the mailbox is deleted." in page.content.decode()
    assert "zoe@example.com gets nothing" not in page.content.decode()


def test_a_mailbox_that_is_gone_is_nobodys_target_and_what_is_left_without_one_is_off(ways, bob):
    purge(bob)
    assert targets_of("team@alder.example") == ["zoe@example.com"]
    assert targets_of("only@alder.example") == targets_of("@finch.example") == []
    assert targets_of("ann@alder.example") == []
    # Another tenant's alias is theirs, and another name is another name.
    assert targets_of("theirs@birch.example") == ["bob@alder.example"]
    assert targets_of("bobby@alder.example") == ["bobby@example.com"]
    off = Alias.objects.filter(is_enabled=False).values_list("address__address", flat=True)
    assert sorted(off) == ["@finch.example", "only@alder.example"]
    told = {
        entry.object_label: (entry.before, entry.after)
        for entry in AuditEntry.objects.filter(action__in=("alias.edit", "mailbox.edit"))
    }
    assert told["team@alder.example"] == (
        {"destinations": ["bob+desk@alder.example", "zoe@example.com"]},
        {"destinations": ["zoe@example.com"]},
    )
    assert told["only@alder.example"][1] == {"destinations": [], "is_enabled": False}
    assert set(told) == {"team@alder.example", "only@alder.example", "@finch.example", "ann@alder.example"}


def test_deleting_an_alias_names_and_ends_what_leads_to_it(
    signed_in, access_of, alder_admin, alder, alder_domain
):
    alias = make_alias("info", alder_domain, "zoe@example.com")
    make_alias("team", alder_domain, "info+x@alder.example")
    page = signed_in(alder_admin).get(reverse("mailboxes:alias_delete", args=[alder.pk, alias.pk]))
    assert page.context["sources"] == ["team@alder.example"]
    delete_alias(access=access_of(alder_admin, alder), alias=alias)
    assert targets_of("team@alder.example") == []
    assert not Alias.objects.get().is_enabled


def test_removing_a_domain_names_what_leads_into_it_and_the_end_of_its_grace_ends_that(
    signed_in, alder_admin, alder, alder_domain, birch_domain
):
    other = make_domain("finch.example", alder)
    make_mailbox("x", other)
    make_alias("inside", other, "x@finch.example")
    make_alias("team", alder_domain, "x@finch.example", "nobody@finch.example", "zoe@example.com")
    make_alias("theirs", birch_domain, "x@finch.example")
    client = signed_in(alder_admin)
    page = client.get(reverse("domains:remove", args=[alder.pk, other.pk]))
    assert page.context["sources"] == ["team@alder.example"]
    assert "team@alder.example" in page.content.decode()
    assert client.post(reverse("domains:remove", args=[alder.pk, other.pk])).status_code == 302
    assert len(targets_of("team@alder.example")) == 3
    Domain.objects.filter(pk=other.pk).update(purge_at=timezone.now() + PAST)
    jobs.purge_deleted()
    assert purge_removed() == 1
    assert targets_of("team@alder.example") == ["zoe@example.com"]
    assert targets_of("theirs@birch.example") == ["x@finch.example"]
    assert not Address.objects.filter(address__endswith="@finch.example").exists()


def test_an_empty_domain_that_goes_is_nobodys_target_either(alder, alder_domain):
    other = make_domain("finch.example", alder)
    make_alias("team", alder_domain, "x@finch.example")
    Domain.objects.filter(pk=other.pk).update(
        removed_at=timezone.now() + PAST, purge_at=timezone.now() + PAST
    )
    assert purge_removed() == 1
    assert not Alias.objects.get().is_enabled
