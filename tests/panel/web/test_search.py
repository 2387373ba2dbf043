"""What the search finds, and for whom."""

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from domains.models import Domain
from mailboxes.models import Mailbox
from panel.accounts.models import User
from panel.tenants.models import Tenant
from tests.factories import make_alias, make_domain, make_mailbox

SignedIn = Callable[[User], Client]


def found(client: Client, tenant: Tenant, q: str) -> str:
    response = client.get(f"/t/{tenant.pk}/search/", {"q": q})
    assert response.status_code == 200
    return response.content.decode().split('id="found"')[1]


def test_it_finds_tenants_domains_mailboxes_and_aliases_by_their_beginning(
    signed_in: SignedIn, ops_admin: User, operator: Tenant, alder_domain: Domain, alder: Tenant
) -> None:
    box = make_mailbox("alma", alder_domain)
    alias = make_alias("all", alder_domain, "alma@alder.example")
    page = found(signed_in(ops_admin), operator, " AL")
    assert f'href="/t/{alder.pk}/"' in page
    assert f'href="/t/{alder.pk}/domains/{alder_domain.pk}/"' in page
    assert f'href="/t/{alder.pk}/mailboxes/{box.pk}/"' in page
    assert f'href="/t/{alder.pk}/aliases/{alias.pk}/"' in page
    assert "<mark>al</mark>ma@alder.example" in page


def test_who_is_a_member_above_finds_neighbours_from_within_a_client(
    signed_in: SignedIn, north_admin: User, alder: Tenant, birch: Tenant, cid: Mailbox
) -> None:
    page = found(signed_in(north_admin), alder, "cid@")
    assert f'href="/t/{birch.pk}/mailboxes/{cid.pk}/"' in page


def test_a_client_finds_nothing_of_its_neighbour_nor_of_who_is_above(
    signed_in: SignedIn, alder_admin: User, alder: Tenant, birch_domain: Domain, cid: Mailbox
) -> None:
    client = signed_in(alder_admin)
    for q in ("birch", "cid@", "north", "Birch"):
        assert "Nothing that you may see" in found(client, alder, q)


def test_a_domain_manager_finds_the_granted_domain_alone(
    signed_in: SignedIn, alder_manager: User, alder: Tenant, ann: Mailbox
) -> None:
    make_mailbox("anna", make_domain("ungranted.example", alder))
    page = found(signed_in(alder_manager), alder, "ann")
    assert "ann@alder.example" in page.replace("<mark>", "").replace("</mark>", "")
    assert "ungranted" not in page
    assert "ungranted.example" not in found(signed_in(alder_manager), alder, "zz ungranted")


def test_acts_are_offered_only_to_who_may(
    signed_in: SignedIn, alder_admin: User, alder_reader: User, alder: Tenant
) -> None:
    assert "Add mailbox" in found(signed_in(alder_admin), alder, "add")
    assert "Add mailbox" not in found(signed_in(alder_reader), alder, "add")
    assert "Audit log" in found(signed_in(alder_reader), alder, "")


@pytest.mark.parametrize(
    "q", ["%", "_", "%%", "a_", "\x00al", "'; --", "<script>", "@", "al" * 500, "ä@ö", "💥💥"]
)
def test_odd_characters_find_nothing_and_break_nothing(
    q: str, signed_in: SignedIn, alder_admin: User, alder: Tenant, ann: Mailbox
) -> None:
    page = found(signed_in(alder_admin), alder, q)
    assert "<script>" not in page
    assert "ann@" not in page


def test_a_domain_in_other_letters_is_found_as_it_is_written(
    signed_in: SignedIn, alder_admin: User, alder: Tenant
) -> None:
    make_mailbox("lea", make_domain("xn--bcher-kva.example", alder))
    assert "<mark>bücher.example</mark>" in found(signed_in(alder_admin), alder, "Bücher.example")
    assert "<mark>lea@bücher.example</mark>" in found(signed_in(alder_admin), alder, "lea@bücher.example")


def test_a_suspended_seat_finds_nothing(signed_in: SignedIn, alder_admin: User, alder: Tenant) -> None:
    client = signed_in(alder_admin)
    Tenant.objects.filter(pk=alder.pk).update(suspended_at="2026-01-01T00:00Z")
    assert client.get(f"/t/{alder.pk}/search/", {"q": "alder"}).status_code in {302, 404}


def test_a_search_costs_the_same_however_much_it_finds(
    signed_in: SignedIn,
    ops_admin: User,
    operator: Tenant,
    alder: Tenant,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(9):
        make_mailbox("al", make_domain(f"al{number}.example", alder))
    client = signed_in(ops_admin)
    with django_assert_max_num_queries(16):
        page = found(client, operator, "al")
    assert page.count("al@al") <= 2 * 6
