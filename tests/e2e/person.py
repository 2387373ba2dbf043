"""Someone at a browser: what each of the story's people does on the pages, in the words of the pages."""

import re
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.e2e.house import House

SHOTS = Path(__file__).resolve().parent / "shots"
# A page comes in a blink; the machine that runs the tests may be busy.
PATIENCE_MS = 20_000


class Person:
    """A browser of their own with their cookies. `shoot` keeps a picture of each page that the story
    comes by."""

    def __init__(self, chromium: Browser, house: House, email: str) -> None:
        self.house, self.email = house, email
        self._context = chromium.new_context(
            base_url=house.url, viewport={"width": 1440, "height": 900}, reduced_motion="reduce"
        )
        self._context.set_default_timeout(PATIENCE_MS)
        self.page: Page = self._context.new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda said: self._hear(said.type, said.text))

    def _hear(self, kind: str, text: str) -> None:
        # A refusal is a page of its own with its status; Chromium reports each as an error.
        if kind in {"error", "warning"} and not text.startswith("Failed to load resource"):
            self.complaints.append(text)

    @property
    def password(self) -> str:
        return self.house.passwords[self.email]

    def shoot(self, name: str) -> None:
        SHOTS.mkdir(exist_ok=True)
        path = SHOTS / f"story-{self.house.name}-{name}.png"
        self.page.screenshot(path=path, full_page=True, animations="disabled")

    def go(self, *links: str) -> None:
        """Follow links by their words, one page after the other."""
        for name in links:
            self.page.get_by_role("link", name=name, exact=True).first.click()

    def press(self, button: str) -> None:
        self.page.get_by_role("button", name=button, exact=True).click()

    def fill(self, **fields: str) -> None:
        """Type into fields by the names that a form gives them; a choice is made by its words."""
        for name, value in fields.items():
            field = self.page.locator(f"main [name={name}]").first
            kind = field.evaluate("field => field.tagName + ' ' + field.type")
            if kind.startswith("SELECT"):
                field.select_option(label=value)
            elif kind == "INPUT radio":
                # What the choice means stands behind its name.
                self.page.get_by_role("radio", name=re.compile(rf"^{value}\b")).first.check()
            elif kind == "INPUT checkbox":
                field.set_checked(bool(value))
            else:
                field.fill(value)

    def sees(self, words: str | re.Pattern[str]) -> None:
        expect(self.page.get_by_text(words).first).to_be_visible(timeout=PATIENCE_MS)

    def heading(self) -> str:
        return self.page.get_by_role("heading", level=1).inner_text()

    # The door

    def types_at_the_door(self, password: str) -> None:
        self.page.goto("/sign-in/")
        self.fill(email=self.email, password=password)
        self.press("Sign in")

    def signs_in(self) -> None:
        """In a browser that knows nobody."""
        self._context.clear_cookies()
        self.types_at_the_door(self.password)
        expect(self.page.get_by_role("button", name=re.compile("^Your account"))).to_be_visible(
            timeout=PATIENCE_MS
        )

    def signs_in_for_the_first_time(self, one_time: str, own: str) -> None:
        """Whoever was handed a password is asked for one of their own before anything else."""
        self.types_at_the_door(one_time)
        self.sees("Your password was handed out for one use.")
        self.fill(old=one_time, new=own, again=own)
        self.press("Change password")
        expect(self.page.get_by_role("button", name=re.compile("^Your account"))).to_be_visible(
            timeout=PATIENCE_MS
        )
        self.house.passwords[self.email] = own

    def signs_out(self) -> None:
        menu = self.page.get_by_role("button", name=re.compile("^Your account"))
        if menu.count():
            menu.click()
        self.press("Sign out")
        self.sees("You are signed out")

    def is_refused_at_the_door(self, sentence: str) -> None:
        """On the page where it was typed."""
        expect(self.page.get_by_role("alert")).to_contain_text(sentence, timeout=PATIENCE_MS)
        assert self.page.url.partition("?")[0].endswith("/sign-in/")

    def is_outside(self) -> bool:
        """Whether the next click ends at the sign-in page."""
        self.page.goto("/")
        return self.page.url.partition("?")[0].endswith("/sign-in/")

    def is_inside(self) -> bool:
        self.page.goto("/")
        return self.page.get_by_role("button", name=re.compile("^Your account")).count() == 1

    # Tenants and teams

    def switches_to(self, tenant: str) -> None:
        """By the menu on top of the sidebar."""
        self.page.get_by_role("button", name="Switch tenant").click()
        places = self.page.get_by_role("navigation", name="Tenants")
        places.get_by_role("link", name=re.compile(rf"\b{tenant}\b")).click()
        expect(self.page.get_by_role("heading", level=1)).to_be_visible(timeout=PATIENCE_MS)

    def adds_tenant(self, kind: str, name: str, contact: str) -> None:
        """Ends on the page of its team."""
        section = self.page.get_by_role("navigation", name="Main").first
        section.get_by_role("link", name=re.compile("^(Tenants|Clients)$")).click()
        self.page.get_by_role("link", name=re.compile("^Add (tenant|client)$")).first.click()
        self.fill(name=name, contact_email=contact)
        radio = self.page.get_by_role("radio", name=re.compile(rf"^{kind}\b"))
        if radio.count():
            radio.check()
        self.page.get_by_role("button", name=re.compile("^Add (tenant|client)$")).click()
        self.sees(f"{name} is there. Add someone who looks after it.")

    def adds_person(self, email: str, role: str) -> str:
        """To the team whose page is open; the one-time password that is shown."""
        self.go("Add person")
        self.fill(email=email, role=role)
        self.press("Add person")
        self.sees("This is the only time you see it.")
        return self.page.locator(".secret output").inner_text()

    def suspends(self, client: str, reason: str) -> None:
        self.go("Clients", client, "Suspend")
        self.fill(reason=reason)
        self.press(f"Suspend {client}")
        self.sees(f"{client} is suspended.")

    def lifts_suspension(self) -> None:
        """On the page where suspending ended."""
        self.press("Lift the suspension")
        self.sees("is no longer suspended.")

    # Domains and addresses

    def adds_domain(self, name: str) -> tuple[str, str]:
        """The name and the value of the TXT record that is asked for."""
        self.go("Domains", "Add domain")
        self.fill(name=name)
        self.press("Add domain")
        self.sees("Prove that it is yours")
        shown = self.page.locator("#proof .rr code").all_inner_texts()
        kind, full_name, short_name, value = shown
        assert (kind, full_name) == ("TXT", f"{short_name}.{name}.")
        return short_name, value

    def presses_check(self) -> None:
        """Without a reload: the page looks again by itself until the answer is there."""
        button = self.page.get_by_role("button", name="Check now", exact=True)
        expect(button).to_be_enabled(timeout=PATIENCE_MS)
        button.click()

    def sees_domain_proved(self) -> None:
        self.sees("The record was found on every name server")
        self.sees("It carries mail.")

    def adds_mailbox(self, name: str, quota_gb: str, password: str = "", domain: str = "") -> str:
        """Its password: the given one, or the one that is shown."""
        self.go("Mailboxes", "Add mailbox")
        if domain:
            self.fill(domain=domain)
        self.fill(local_part=name, name=name.capitalize(), quota_bytes=quota_gb, password=password)
        self.press("Add mailbox")
        self.sees(f"{name}@")
        if password:
            return password
        self.sees("This is the only time you see it.")
        return self.page.locator(".secret output").inner_text()

    def adds_alias(self, name: str, *targets: str) -> None:
        self.go("Aliases", "Add alias")
        self.fill(local_part=name, destinations="\n".join(targets))
        self.press("Add alias")

    def forwards(self, name: str, *targets: str) -> None:
        """The mail of the mailbox whose person has this name, with a copy kept."""
        self.go("Mailboxes", name, "Forwarding")
        self.fill(destinations="\n".join(targets), keep_copy="yes")
        self.press("Save")
        self.sees("Mail is forwarded now.")
