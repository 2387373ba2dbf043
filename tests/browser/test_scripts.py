"""What the scripts add, and that nothing needs them."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Tab, Variant
from tests.browser.site import Site

WIDE, PHONE = Variant(1440, "light"), Variant(390, "light")
MAX_FIRST_LOAD = 60_000

TabOf = Callable[[Variant], Tab]


@pytest.fixture
def plain_tab(chromium: Browser, site: Site) -> Iterator[Tab]:
    """A browser without JavaScript."""
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 1440, "height": 900})
    tab = Tab(context.new_page(), site)
    tab.listen()
    yield tab
    context.close()


def test_the_theme_switch_works_without_javascript_and_lasts(plain_tab: Tab, site: Site) -> None:
    plain_tab.become("alder_admin")
    plain_tab.open(f"/t/{site.ids['alder']}/")
    plain_tab.page.get_by_role("button", name="Your account").click()
    plain_tab.page.get_by_role("button", name="Dark").click()
    expect(plain_tab.page.locator("html")).to_have_attribute("data-theme", "dark")
    plain_tab.open("/help/")
    expect(plain_tab.page.locator("html")).to_have_attribute("data-theme", "dark")
    plain_tab.check()


def test_the_tenant_switcher_works_without_javascript(plain_tab: Tab, site: Site) -> None:
    plain_tab.become("north_admin")
    plain_tab.open(f"/t/{site.ids['north']}/")
    plain_tab.page.get_by_role("button", name="Switch tenant").click()
    plain_tab.page.get_by_role("link", name="Alder and Finch Client").click()
    expect(plain_tab.page).to_have_url(re.compile(f"/t/{site.ids['alder']}/$"))


def test_the_drawer_of_a_phone_opens_and_holds_the_menu(tab_of: TabOf, site: Site) -> None:
    tab = tab_of(PHONE)
    tab.become("alder_admin")
    tab.open(f"/t/{site.ids['alder']}/")
    menu = tab.page.get_by_role("navigation", name="Main")
    expect(menu).to_be_hidden()
    tab.page.get_by_role("button", name="Open the menu").click()
    expect(menu).to_be_visible()
    tab.shoot("state-drawer-390-light")
    assert tab.violations() == []
    tab.check()


@pytest.mark.parametrize(("opener", "name"), [("Switch tenant", "switcher"), ("Your account", "account")])
def test_an_open_menu_passes_axe(opener: str, name: str, tab_of: TabOf, site: Site) -> None:
    tab = tab_of(WIDE)
    tab.become("ops_admin")
    tab.open(f"/t/{site.ids['operator']}/")
    tab.page.get_by_role("button", name=opener).click()
    tab.shoot(f"state-{name}-1440-light")
    assert tab.violations() == []
    tab.check()


def test_the_first_load_stays_light(chromium: Browser, site: Site) -> None:
    """Stack rules: page, style, sprite and scripts together, as they travel compressed."""
    context = chromium.new_context()
    tab = Tab(context.new_page(), site)
    tab.become("alder_admin")
    protocol = context.new_cdp_session(tab.page)
    protocol.send("Network.enable")
    sizes: list[float] = []
    protocol.on(
        "Network.loadingFinished",
        lambda event: sizes.append(event["encodedDataLength"]),
    )
    tab.open(f"/t/{site.ids['alder']}/")
    tab.page.wait_for_load_state("networkidle")
    context.close()
    assert len(sizes) > 5, "style, sprite and scripts were loaded"
    assert sum(sizes) < MAX_FIRST_LOAD


def test_ctrl_k_finds_and_enter_opens_what_was_found_first(tab_of: TabOf, site: Site) -> None:
    tab = tab_of(WIDE)
    tab.become("ops_admin")
    tab.open(f"/t/{site.ids['operator']}/")
    tab.page.keyboard.press("Control+k")
    palette = tab.page.get_by_role("dialog", name="Search or jump to")
    expect(palette.get_by_role("link", name="Audit log")).to_be_visible()
    tab.page.keyboard.type("ann@")
    expect(palette.get_by_role("link").first).to_contain_text("ann@alder.example")
    tab.shoot("state-search-1440-light")
    assert tab.violations() == []
    tab.page.keyboard.press("ArrowUp")
    tab.page.keyboard.press("Enter")
    expect(tab.page).to_have_url(re.compile(rf"/t/{site.ids['alder']}/mailboxes/{site.ids['ann']}/$"))
    tab.check()


def test_arrows_move_through_what_was_found_and_escape_closes(tab_of: TabOf, site: Site) -> None:
    tab = tab_of(PHONE)
    tab.become("alder_admin")
    tab.open(f"/t/{site.ids['alder']}/")
    tab.page.get_by_role("button", name="Search or jump to").click()
    palette = tab.page.get_by_role("dialog", name="Search or jump to")
    expect(palette.get_by_role("link", name="Domains")).to_be_visible()
    tab.page.keyboard.press("ArrowDown")
    expect(palette.get_by_role("link").nth(1)).to_be_focused()
    tab.shoot("state-search-390-light")
    tab.page.keyboard.press("Escape")
    expect(palette).to_be_hidden()
    tab.check()


def test_the_search_works_without_javascript(plain_tab: Tab, site: Site) -> None:
    plain_tab.become("alder_admin")
    plain_tab.open(f"/t/{site.ids['alder']}/")
    plain_tab.page.get_by_role("button", name="Search or jump to").click()
    plain_tab.page.get_by_role("searchbox", name="Search").first.fill("ann@")
    plain_tab.page.keyboard.press("Enter")
    expect(plain_tab.page.get_by_role("main").get_by_role("link", name="ann@alder.example")).to_be_visible()
    plain_tab.check()
