"""Lists as files: what is filtered, no more than may be seen, no secret, and nothing that a spreadsheet runs."""

import csv
import io
from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client

from domains.models import Domain
from mailboxes.models import Mailbox
from panel.accounts.models import User
from panel.lib import keyset
from panel.tenants.models import Tenant
from tests.factories import make_alias, make_domain, make_mailbox

pytestmark = pytest.mark.django_db(databases=["default", settings.USAGE_DATABASE])
SignedIn = Callable[[User], Client]


def rows_of(client: Client, path: str, **query: str) -> list[dict[str, str]]:
    response = client.get(path, query)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"].startswith("attachment; filename=")
    body = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]  # streams
    return list(csv.DictReader(io.StringIO(body, newline="")))


def test_mailboxes_are_exported_as_the_list_is_filtered(
    signed_in: SignedIn, alder_admin: User, alder: Tenant, ann: Mailbox, bob: Mailbox, cid: Mailbox
) -> None:
    Mailbox.objects.filter(pk=bob.pk).update(state="off", name="=HYPERLINK(0)")
    client, path = signed_in(alder_admin), f"/t/{alder.pk}/mailboxes/export.csv"
    assert [row["Address"] for row in rows_of(client, path)] == ["ann@alder.example", "bob@alder.example"]
    (row,) = rows_of(client, path, state="off")
    assert (row["Name"], row["State"]) == ("'=HYPERLINK(0)", "off")
    assert [row["Address"] for row in rows_of(client, path, q="ann@")] == ["ann@alder.example"]
    assert rows_of(client, path, q="zzz") == []


def test_no_export_holds_a_password_or_its_hash(
    signed_in: SignedIn, ops_admin: User, operator: Tenant, ann: Mailbox
) -> None:
    response = signed_in(ops_admin).get(f"/t/{operator.pk}/mailboxes/export.csv")
    body = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]  # streams
    assert "ann@alder.example" in body
    assert "ARGON2" not in body.upper()


def test_a_reseller_exports_all_clients_and_a_client_nothing_of_its_neighbour(
    signed_in: SignedIn,
    north_admin: User,
    birch_admin: User,
    north: Tenant,
    birch: Tenant,
    ann: Mailbox,
    cid: Mailbox,
) -> None:
    above = rows_of(signed_in(north_admin), f"/t/{north.pk}/mailboxes/export.csv")
    assert {row["Tenant"] for row in above} == {"Alder and Finch", "Birch Dental"}
    own = rows_of(signed_in(birch_admin), f"/t/{birch.pk}/mailboxes/export.csv")
    assert [row["Address"] for row in own] == ["cid@birch.example"]


def test_another_tenants_domain_in_the_filter_narrows_nothing_and_shows_nothing(
    signed_in: SignedIn, alder_admin: User, alder: Tenant, ann: Mailbox, birch_domain: Domain, cid: Mailbox
) -> None:
    rows = rows_of(signed_in(alder_admin), f"/t/{alder.pk}/mailboxes/export.csv", domain=str(birch_domain.pk))
    assert [row["Address"] for row in rows] == ["ann@alder.example"]


def test_domains_and_aliases_are_exported(
    signed_in: SignedIn, alder_admin: User, alder: Tenant, alder_domain: Domain, ann: Mailbox
) -> None:
    make_domain("xn--bcher-kva.example", alder, proved=False)
    make_alias("office", alder_domain, "ann@alder.example", "x@elsewhere.example", comment="+49 30 1234")
    client = signed_in(alder_admin)
    domains = rows_of(client, f"/t/{alder.pk}/domains/export.csv")
    assert [(row["Domain"], row["State"], row["Mailboxes"]) for row in domains] == [
        ("alder.example", "Working", "1"),
        ("bücher.example", "Waiting for proof", "0"),
    ]
    assert [
        row["Domain"] for row in rows_of(client, f"/t/{alder.pk}/domains/export.csv", state="waiting")
    ] == ["bücher.example"]
    aliases = rows_of(client, f"/t/{alder.pk}/aliases/export.csv")
    assert sorted(row["Delivers to"] for row in aliases) == ["ann@alder.example", "x@elsewhere.example"]
    assert {row["Comment"] for row in aliases} == {"'+49 30 1234"}


def test_a_long_list_is_exported_page_by_page_without_a_gap(
    signed_in: SignedIn,
    alder_admin: User,
    alder: Tenant,
    alder_domain: Domain,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in range(7):
        make_mailbox(f"person{number}", alder_domain)
    monkeypatch.setattr(keyset.walk, "__kwdefaults__", {"size": 2})
    rows = rows_of(signed_in(alder_admin), f"/t/{alder.pk}/mailboxes/export.csv")
    assert [row["Address"] for row in rows] == [f"person{number}@alder.example" for number in range(7)]
