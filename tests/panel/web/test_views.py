"""Home, overview, theme, health and what is shown when something is wrong."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from mailboxes.models import Mailbox
from panel.accounts.models import User
from panel.tenants.models import Revocation, RevocationKind, Tenant
from tests.factories import make_domain, make_user

SignedIn = Callable[[User], Client]


def test_home_sends_people_to_where_they_work(
    signed_in: SignedIn,
    ops_admin: User,
    operator: Tenant,
    alder_manager: User,
    alder: Tenant,
) -> None:
    assert Client().get("/").headers["Location"] == "/sign-in/"
    assert signed_in(ops_admin).get("/").headers["Location"] == f"/t/{operator.pk}/"
    assert signed_in(alder_manager).get("/").headers["Location"] == f"/t/{alder.pk}/domains/"


def test_a_member_of_no_tenant_is_told_so(signed_in: SignedIn, operator: Tenant) -> None:
    response = signed_in(make_user("lost@mail.example")).get("/")
    assert response.status_code == 403
    assert "belong to no tenant" in response.content.decode()


def test_the_overview_tells_what_is_used_and_what_waits(
    signed_in: SignedIn, alder_admin: User, alder: Tenant, ann: Mailbox, north: Tenant
) -> None:
    Tenant.objects.filter(pk=north.pk).update(max_mailboxes=1)
    make_domain("waiting.example", alder, proved=False)
    page = signed_in(alder_admin).get(f"/t/{alder.pk}/").content.decode()
    assert "waiting.example waits for its proof" in page
    assert "Limit of your provider" in page
    assert "2 domains, 1 mailbox." in page


def test_the_overview_shows_nothing_of_a_neighbour(
    signed_in: SignedIn, alder_admin: User, alder: Tenant, birch: Tenant
) -> None:
    make_domain("secret-birch.example", birch, proved=False)
    page = signed_in(alder_admin).get(f"/t/{alder.pk}/").content.decode()
    assert "secret-birch" not in page
    assert "Birch" not in page


def test_the_overview_of_a_new_tenant_shows_the_first_steps(
    signed_in: SignedIn, alder_admin: User, alder_reader: User, alder: Tenant
) -> None:
    page = signed_in(alder_admin).get(f"/t/{alder.pk}/").content.decode()
    assert "The first steps" in page
    assert "Add domain</a>" in page
    assert "Add domain</a>" not in signed_in(alder_reader).get(f"/t/{alder.pk}/").content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_the_overview_asks_the_same_questions_for_one_row_and_for_three(
    count: int,
    signed_in: SignedIn,
    north_admin: User,
    north: Tenant,
    alder: Tenant,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(count):
        make_domain(f"waiting-{number}.example", alder, proved=False)
    browser = signed_in(north_admin)
    with django_assert_num_queries(14):
        browser.get(f"/t/{north.pk}/")


def test_a_domain_manager_has_no_overview_and_a_stranger_no_tenant(
    signed_in: SignedIn, alder_manager: User, birch_admin: User, alder: Tenant
) -> None:
    assert signed_in(alder_manager).get(f"/t/{alder.pk}/").status_code == 403
    assert signed_in(birch_admin).get(f"/t/{alder.pk}/").status_code == 404


def test_the_sidebar_holds_what_the_person_may_open_and_nothing_else(
    signed_in: SignedIn, ops_support: User, operator: Tenant, north_admin: User, north: Tenant, alder: Tenant
) -> None:
    rest = ["Domains", "Mailboxes", "Aliases", "Team", "Audit log", "Bulk changes", "Settings", "Help"]
    assert _sidebar(signed_in(ops_support), operator) == ["Overview", "Tenants", *rest]
    assert _sidebar(signed_in(north_admin), north) == ["Overview", "Clients", *rest]
    assert _sidebar(signed_in(north_admin), alder) == ["Overview", *rest]


def test_the_page_that_is_open_is_marked_in_the_sidebar(
    signed_in: SignedIn, north_admin: User, north: Tenant
) -> None:
    page = signed_in(north_admin).get(f"/t/{north.pk}/").content.decode()
    assert re.findall(r'<a href="([^"]*)" aria-current="page">', page) == [f"/t/{north.pk}/"]


def test_the_switcher_shows_the_tenants_next_to_the_current_one(
    signed_in: SignedIn, north_admin: User, alder: Tenant, birch: Tenant, cedar: Tenant
) -> None:
    page = signed_in(north_admin).get(f"/t/{alder.pk}/").content.decode()
    assert "Northmoor Studio<small>" in page
    assert "Alder and Finch<small>" in page
    assert "Cedar Legal" not in page


def test_a_member_of_a_client_never_sees_who_stands_above(
    signed_in: SignedIn, alder_admin: User, alder: Tenant
) -> None:
    assert "Northmoor" not in signed_in(alder_admin).get(f"/t/{alder.pk}/").content.decode()


def test_the_theme_is_kept_in_a_cookie_and_rendered(db: None) -> None:
    browser = Client()
    response = browser.post("/theme/", {"theme": "dark", "next": "/help/"})
    assert response.headers["Location"] == "/help/"
    assert '<html lang="en" data-theme="dark"' in browser.get("/help/").content.decode()
    browser.post("/theme/", {"theme": "system"})
    assert "data-theme" not in browser.get("/help/").content.decode()


@pytest.mark.parametrize(
    "evil",
    [
        "https://evil.example/",
        "//evil.example",
        "javascript:alert(1)",
        "/\\evil.example",
        "evil",
        "evil.example",
        "?evil",
    ],
)
def test_the_theme_switch_never_leads_away(evil: str, db: None) -> None:
    response = Client().post("/theme/", {"theme": "dark", "next": evil})
    assert response.headers["Location"] == "/"


def test_a_made_up_theme_cookie_is_not_repeated(db: None) -> None:
    browser = Client()
    browser.cookies["theme"] = '"><script>'
    assert "<script>" not in browser.get("/help/").content.decode()


def test_the_theme_switch_takes_only_post_with_a_token(db: None) -> None:
    assert Client().get("/theme/").status_code == 405
    response = Client(enforce_csrf_checks=True).post("/theme/", {"theme": "dark"})
    assert response.status_code == 403
    assert "open too long" in response.content.decode()


def test_health_says_only_whether_the_database_answers(db: None) -> None:
    response = Client().get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")


def test_an_error_page_names_the_request(db: None) -> None:
    response = Client().get("/no/such/page")
    assert response.status_code == 404
    assert response.headers["X-Request-Id"] in response.content.decode()


def test_no_page_may_be_kept_in_a_cache(db: None) -> None:
    assert Client().get("/help/").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/help/", "/help", "/no/such/page", "/healthz", "/theme/"])
def test_every_answer_carries_the_headers_that_guard_it(path: str, db: None) -> None:
    headers = Client().get(path).headers
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["base-uri"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "form-action")} == {"'self'"}


def _sidebar(browser: Client, tenant: Tenant) -> list[str]:
    """The labels of the sidebar, from top to bottom."""
    page = browser.get(f"/t/{tenant.pk}/").content.decode()
    return re.findall(r"</svg>([^<]+)</a>", page.partition("<aside")[2].partition("</aside>")[0])


def test_the_operator_is_told_what_did_not_reach_the_mail_servers(
    signed_in: SignedIn, ops_admin: User, north_admin: User, operator: Tenant, north: Tenant
) -> None:
    late = Revocation.objects.create(
        kind=RevocationKind.SIGN_IN, subject="ann@alder.example", last_error="doveadm does not answer"
    )
    assert "mail servers" not in signed_in(ops_admin).get(f"/t/{operator.pk}/").content.decode()
    Revocation.objects.filter(pk=late.pk).update(created_at=timezone.now() - timedelta(minutes=5))
    page = signed_in(ops_admin).get(f"/t/{operator.pk}/").content.decode()
    assert "1 change did not reach the mail servers" in page
    assert "doveadm does not answer" in page
    assert "doveadm" not in signed_in(north_admin).get(f"/t/{north.pk}/").content.decode()
