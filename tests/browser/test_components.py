"""The components by themselves, in every variant, and what the scripts do with them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from django import forms
from django.contrib.messages.constants import ERROR, SUCCESS
from django.contrib.messages.storage.base import Message
from django.template import engines
from django.test import RequestFactory
from django.utils import timezone
from playwright.sync_api import expect

from panel.lib.keyset import Page
from tests.browser.conftest import VARIANTS, Tab, Variant

WIDE = VARIANTS[0]
GALLERY = Path(__file__).with_name("templates") / "gallery.html"
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'"


class GalleryForm(forms.Form):
    name = forms.CharField(label="Display name", help_text="As others see it in your mail.")
    local_part = forms.CharField(label="Address", required=False)
    password = forms.CharField(label="New password", widget=forms.PasswordInput)
    quota = forms.ChoiceField(label="Quota", choices=[("1", "1 GB"), ("25", "25 GB")])
    note = forms.CharField(label="Comment", widget=forms.Textarea, required=False)
    protocols = forms.MultipleChoiceField(
        label="Protocols",
        choices=[("imap", "IMAP"), ("pop3", "POP3")],
        widget=forms.CheckboxSelectMultiple,
    )
    keep = forms.BooleanField(
        label="Keep a copy in this mailbox",
        required=False,
        help_text="Off: mail only goes on.",
    )


def gallery() -> str:
    """The page as the panel would render it, with names as long as they may get."""
    names = ["ann@alder.example", "b" * 64 + "@" + "c" * 60 + ".example"]
    request = RequestFactory().get("/gallery")
    request.user = SimpleNamespace(  # type: ignore[assignment]  # what a page shows of a user
        name="Ann Kettering", email="ann@alder.example", kind="member"
    )
    messages = [
        Message(SUCCESS, "Ann’s quota is now 30 GB."),
        Message(ERROR, "Two could not be suspended."),
    ]
    # Where Django's own middleware keeps them.
    setattr(request, "_messages", messages)  # noqa: B010 -- not in the stubs
    context = {
        "form": GalleryForm({"name": "", "quota": "7"}),
        "names": names,
        "page": Page(items=names, next_cursor="next", previous_cursor=""),  # type: ignore[type-var]  # names do for rows
        "moment": timezone.now(),
    }
    return engines["django"].from_string(GALLERY.read_text()).render(context, request)


@pytest.fixture
def open_gallery(
    tab_of: Callable[[Variant], Tab],
) -> Iterator[Callable[[Variant], Tab]]:
    """The gallery in a tab, at an address of the site, under the policy that pages have."""
    opened: list[Tab] = []

    def open_in(variant: Variant) -> Tab:
        tab = tab_of(variant)
        opened.append(tab)
        tab.become("")
        headers = {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": POLICY,
        }
        tab.page.route("**/gallery", lambda route: route.fulfill(body=gallery(), headers=headers))
        tab.open("/gallery")
        return tab

    yield open_in
    for tab in opened:
        tab.page.unroute("**/gallery")


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_every_component_passes_in_every_variant(
    variant: Variant, open_gallery: Callable[[Variant], Tab]
) -> None:
    tab = open_gallery(variant)
    tab.shoot(f"components-{variant}")
    tab.check()
    tab.check_width()
    assert tab.violations() == []


def test_the_eye_shows_a_password_and_hides_it_again(
    open_gallery: Callable[[Variant], Tab],
) -> None:
    page = open_gallery(WIDE).page
    password = page.get_by_label("New password", exact=True)
    page.get_by_role("button", name="Show the password").click()
    expect(password).to_have_attribute("type", "text")
    page.get_by_role("button", name="Hide the password").click()
    expect(password).to_have_attribute("type", "password")


def test_the_copy_button_copies_and_ticks(
    open_gallery: Callable[[Variant], Tab],
) -> None:
    tab = open_gallery(WIDE)
    tab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab.page.get_by_role("button", name="Copy the record’s value").click()
    expect(tab.page.get_by_role("button", name="Copied")).to_be_visible()
    copied = tab.page.evaluate("navigator.clipboard.readText()")
    assert copied == "posthouse-verify=0123456789abcdef0123456789abcdef"
    tab.check()


def test_the_head_of_a_table_picks_all_rows_and_counts_them(
    open_gallery: Callable[[Variant], Tab],
) -> None:
    page = open_gallery(WIDE).page
    bulk = page.get_by_role("region", name="Picked mailboxes")
    expect(bulk).to_be_hidden()
    page.get_by_label("Pick all on this page").check()
    expect(bulk).to_contain_text("2 selected")
    page.get_by_label("Pick ann@alder.example").uncheck()
    expect(bulk).to_contain_text("1 selected")
    assert page.get_by_label("Pick all on this page").evaluate("box => box.indeterminate")


def test_the_save_bar_names_what_was_changed(
    open_gallery: Callable[[Variant], Tab],
) -> None:
    page = open_gallery(WIDE).page
    bar = page.locator(".savebar > :first-child")
    page.get_by_label("Display name").fill("Ann")
    page.get_by_label("Keep a copy in this mailbox").check()
    expect(bar).to_have_text("2 changes: display name, keep a copy in this mailbox")
    page.get_by_role("button", name="Undo changes").click()
    expect(bar).to_have_text("Nothing changed yet")


def test_a_message_can_be_closed(open_gallery: Callable[[Variant], Tab]) -> None:
    page = open_gallery(WIDE).page
    expect(page.locator(".toast")).to_have_count(2)
    page.get_by_role("button", name="Close this message").first.click()
    expect(page.locator(".toast")).to_have_count(1)
