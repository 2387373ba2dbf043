"""A list that is filtered in two ways: each filter keeps the other."""

import re

import pytest
from django.urls import reverse

from tests.factories import make_alias, make_domain

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(signed_in, alder_admin, alder_domain):
    make_domain("aspen.example", alder_domain.tenant)
    make_alias("info", alder_domain, "zoe@example.com")
    return signed_in(alder_admin)


def page(browser, route, tenant, **query) -> str:
    return browser.get(reverse(route, args=[tenant.pk]), query).content.decode()


def hidden(html) -> dict[str, str]:
    """What the search form of the list sends besides the search."""
    form = html[html.index('hx-target="#list"') :].partition("</form>")[0]
    return dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form))


@pytest.mark.parametrize(
    ("route", "name"),
    [
        ("domains:list", "state"),
        ("mailboxes:list", "state"),
        ("mailboxes:aliases", "domain"),
        ("tenants:list", "state"),
        ("tenants:team", "anything"),
    ],
)
def test_a_search_keeps_the_filter_and_begins_at_the_first_page(route, name, browser, alder):
    html = page(browser, route, alder, q="a", page="x", **{name: "working"})
    assert hidden(html) == {name: "working"}


@pytest.mark.parametrize(("route", "state"), [("domains:list", "waiting"), ("mailboxes:list", "off")])
def test_a_filter_keeps_the_search(route, state, browser, alder, ann):
    html = page(browser, route, alder, q="al", page="x")
    assert f'href="?q=al&amp;state={state}"' in html


def test_leaving_the_domain_of_a_list_keeps_the_search(browser, alder, alder_domain):
    html = page(browser, "mailboxes:aliases", alder, q="inf", domain=str(alder_domain.pk))
    assert 'class="chip" href="?q=inf"' in html


@pytest.mark.parametrize("route", ["domains:list", "mailboxes:list"])
def test_clearing_the_search_keeps_the_filter(route, browser, alder):
    html = page(browser, route, alder, q="zzz", state="suspended")
    assert 'href="?state=suspended">Clear the search' in html


def test_clearing_the_only_filter_leads_to_the_whole_list(browser, alder):
    html = page(browser, "domains:list", alder, q="zzz")
    assert 'href="?">Clear the search' in html


def test_what_stands_in_the_query_string_stays_text(browser, alder):
    html = page(browser, "domains:list", alder, q="al", state='"><script>alert(1)</script>')
    assert "<script>alert(1)" not in html
