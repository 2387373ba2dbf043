"""A vacation reply is set, seen and taken back in a browser without JavaScript."""

import re

from playwright.sync_api import Browser, expect

from tests.browser.conftest import Tab
from tests.browser.site import Site


def test_a_reply_is_switched_changed_and_undone_without_javascript(chromium: Browser, site: Site) -> None:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    tab = Tab(context.new_page(), site)
    tab.listen()
    tab.become("ann")
    tab.open("/me/")
    switch = tab.page.get_by_role("switch", name="Vacation reply")
    expect(switch).to_be_checked()
    switch.click()
    expect(switch).not_to_be_checked()
    tab.shoot("state-vacation-off-390-light")
    tab.page.get_by_role("button", name="Undo").click()
    expect(tab.page).to_have_url(re.compile("/me/vacation/$"))
    expect(tab.page.get_by_role("switch", name="Reply while away")).to_be_checked()
    tab.page.get_by_label("Subject").fill("Away a little longer")
    tab.page.get_by_role("button", name="Save").click()
    expect(tab.page.get_by_label("Subject")).to_have_value("Away a little longer")
    tab.shoot("state-vacation-saved-390-light")
    tab.page.get_by_role("button", name="Undo").click()
    expect(tab.page.get_by_label("Subject")).to_have_value("Away for two weeks")
    tab.check()
    context.close()
