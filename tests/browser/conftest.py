"""One site for all browser tests; a tab that fails its test on any complaint."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships no types
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
)

from tests.browser.site import Site, running_site

SHOTS = Path(__file__).resolve().parents[1] / "e2e" / "shots"
AXE_RULES = {
    "resultTypes": ["violations"],
    "runOnly": {
        "type": "tag",
        "values": [
            "wcag2a",
            "wcag2aa",
            "wcag21a",
            "wcag21aa",
            "wcag22aa",
            "best-practice",
        ],
    },
}
BAD_REQUEST = 400


@dataclass(frozen=True)
class Variant:
    width: int
    scheme: Literal["light", "dark"]

    def __str__(self) -> str:
        return f"{self.width}-{self.scheme}"


VARIANTS = [Variant(width, scheme) for width in (1440, 390) for scheme in ("light", "dark")]


@dataclass
class Tab:
    """A page of the browser with everything that it complained of since the last `check`."""

    page: Page
    site: Site
    complaints: list[str] = field(default_factory=list)

    def become(self, person: str) -> None:
        """Sign in as one of the cast of world.py, or out with the empty string."""
        self.page.context.clear_cookies()
        if person:
            cookie = {
                "name": self.site.session_cookie,
                "value": self.site.cookies[person],
                "url": self.site.url,
            }
            self.page.context.add_cookies([cookie])  # type: ignore[list-item]

    def open(self, path: str) -> Response:
        response = self.page.goto(self.site.url + path, wait_until="load")
        assert response is not None
        return response

    def submit(self, typed: dict[str, str]) -> Response:
        """Fill in the page's form, each text into the field of that name (or chosen there), and send it."""
        for name, text in typed.items():
            control = self.page.locator(f'main [name="{name}"]')
            if control.first.get_attribute("type") == "radio":
                self.page.locator(f'main [name="{name}"][value="{text}"]').check()
            elif control.evaluate("control => control.localName") == "select":
                control.select_option(text)
            else:
                control.fill(text)
        with self.page.expect_navigation(wait_until="load") as waiting:
            self.page.locator("main button:is(.primary, .danger)").click()
        return waiting.value

    def check(self) -> None:
        """Nothing complained: no script error, no refused resource, no content security policy report."""
        found, self.complaints = self.complaints, []
        assert found == []

    def check_width(self) -> None:
        """The page does not scroll sideways."""
        root = "document.documentElement"
        assert self.page.evaluate(f"{root}.scrollWidth - {root}.clientWidth") == 0

    def violations(self) -> list[str]:
        """What axe finds on the page as it is now, a line each."""
        return [
            f"{found['id']}: {node['target']} {node['html'][:160]} ({node['failureSummary']})"
            for found in Axe().run(self.page, options=AXE_RULES).response["violations"]
            for node in found["nodes"]
        ]

    def shoot(self, name: str) -> None:
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png", full_page=True, animations="disabled")

    def listen(self) -> None:
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("requestfailed", self._hear_failure)
        self.page.on("response", self._hear_response)

    def _hear(self, message: ConsoleMessage) -> None:
        """Chromium reports violations of the policy here. The document's own 403 or 404 is no complaint."""
        is_about_document = (
            re.match(r"Failed to load resource", message.text) and message.location["url"] == self.page.url
        )
        if message.type in {"error", "warning"} and not is_about_document:
            self.complaints.append(f"{message.type}: {message.text}")

    def _hear_failure(self, request: Request) -> None:
        # Whoever leaves a page that follows something breaks off the question that is on its way.
        is_left_behind = request.failure == "net::ERR_ABORTED" and "hx-request" in request.headers
        if not is_left_behind:
            self.complaints.append(f"not loaded: {request.url} {request.failure}")

    def _hear_response(self, response: Response) -> None:
        if response.status >= BAD_REQUEST and not response.request.is_navigation_request():
            self.complaints.append(f"{response.status}: {response.url}")


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running


@pytest.fixture(scope="session")
def tab_of(chromium: Browser, site: Site) -> Iterator[Callable[[Variant], Tab]]:
    """The tab of a variant: one context for each, used again and again."""
    tabs: dict[Variant, Tab] = {}
    contexts: list[BrowserContext] = []

    def find(variant: Variant) -> Tab:
        if variant not in tabs:
            is_phone = variant.width < 600
            context = chromium.new_context(
                viewport={"width": variant.width, "height": 844 if is_phone else 900},
                color_scheme=variant.scheme,
                has_touch=is_phone,
                is_mobile=is_phone,
                reduced_motion="reduce",
            )
            contexts.append(context)
            tabs[variant] = Tab(context.new_page(), site)
            tabs[variant].listen()
        return tabs[variant]

    yield find
    for context in contexts:
        context.close()
