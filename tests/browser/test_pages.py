"""Each page, wide and narrow, light and dark: it answers, it complains of nothing, axe finds nothing."""

from collections.abc import Callable, Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.browser.conftest import VARIANTS, Tab, Variant
from tests.browser.pages import NOT_PAGES, PAGES, Page
from tests.browser.site import Site


def path_of(page: Page, site: Site) -> str:
    return (
        reverse(
            page.route,
            kwargs={name: site.ids.get(row, row) for name, row in page.args.items()},
        )
        + page.query
    )


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_whole_in_every_variant(
    page: Page, variant: Variant, tab_of: Callable[[Variant], Tab], site: Site
) -> None:
    tab = tab_of(variant)
    tab.become(page.person)
    response = tab.open(path_of(page, site))
    if page.typed:
        response = tab.submit({name: text.format(variant=variant) for name, text in page.typed.items()})
    assert response.status == page.status
    tab.shoot(f"{page.name}-{variant}")
    tab.check()
    tab.check_width()
    assert tab.violations() == []


def test_every_route_is_visited_or_says_why_not() -> None:
    visited = {page.route for page in PAGES}
    routes = set(named_routes(get_resolver()))
    assert sorted(routes - visited - set(NOT_PAGES)) == []
    assert sorted((visited | set(NOT_PAGES)) - routes) == []


def named_routes(resolver: URLResolver, namespace: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from named_routes(
                entry,
                f"{namespace}{entry.namespace}:" if entry.namespace else namespace,
            )
        elif isinstance(entry, URLPattern) and entry.name:
            yield namespace + entry.name
