"""What the search of the top bar finds: tenants, domains, addresses, and things to do."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from django.urls import reverse

from domains.models import Domain
from mailboxes.models import Alias, Mailbox
from mailboxes.ordering import has_few, sorted_on_the_spot
from panel.lib.addresses import display_address, display_domain, normalise_domain
from panel.lib.errors import Refused
from panel.lib.keyset import prefix
from panel.tenants.access import Access
from panel.tenants.actions.texts import sort_key
from panel.tenants.models import Tenant, TenantKind, UsageKind
from panel.tenants.roles import Permission
from panel.web.navigation import home_of, sections

# Rows of each sort; more is a list page's work.
MAX_FOUND = 6
MAX_TYPED = 254
# One letter begins too many names to be worth a look into the database.
MIN_TYPED = 2


@dataclass(frozen=True)
class Found:
    """A thing to go to. `matched` is the beginning of `title` that was typed, `rest` what follows."""

    icon: str
    matched: str
    rest: str
    note: str
    url: str

    @property
    def title(self) -> str:
        return self.matched + self.rest


@dataclass(frozen=True)
class Group:
    title: str
    items: list[Found]


def search(access: Access, text: str) -> list[Group]:
    """What begins with `text` in all that the person may see, and what can be done in the tenant of
    `access`. `text` comes as typed; at most `MAX_FOUND` rows of each sort, at most eight queries."""
    seat = access.at_seat()
    typed = text.strip().replace("\x00", "").lower()[:MAX_TYPED]
    groups = [Group("Go to or do", list(_commands(access, typed)))]
    if len(typed) >= MIN_TYPED:
        stored = _as_stored(typed)
        groups = [
            Group("Tenants", list(_tenants(seat, typed))),
            Group("Domains", list(_domains(seat, typed, stored))),
            Group("Mailboxes", list(_mailboxes(seat, typed, stored))),
            Group("Aliases", list(_aliases(seat, typed, stored))),
            *groups,
        ]
    return [group for group in groups if group.items]


def _tenants(seat: Access, typed: str) -> Iterator[Found]:
    if not seat.may(Permission.TENANT_READ) or seat.tenant.kind == TenantKind.CLIENT:
        return
    names = prefix("sort_name", sort_key(typed))
    rows = Tenant.objects.filter(names, pk__in=seat.tenant_ids()).order_by("sort_name", "pk")
    for tenant in rows[:MAX_FOUND]:
        note = f"{TenantKind(tenant.kind).label}{', suspended' if tenant.suspended_at else ''}"
        yield _found("holes", tenant.name, typed, note, home_of(tenant, seat.role))


def _domains(seat: Access, typed: str, stored: str) -> Iterator[Found]:
    if not seat.may(Permission.DOMAIN_READ):
        return
    # `@alder` asks for domains too.
    names = prefix("name", stored.removeprefix("@"))
    rows = Domain.objects.of(seat).filter(names).select_related("tenant").order_by("name", "pk")
    for domain in rows[:MAX_FOUND]:
        url = reverse("domains:detail", args=[domain.tenant_id, domain.pk])
        title, note = display_domain(domain.name), f"{domain.tenant.name}, {_state_of(domain)}"
        yield _found("globe", title, typed.removeprefix("@"), note, url)


def _state_of(domain: Domain) -> str:
    if domain.is_removed:
        return "removed"
    if domain.is_suspended:
        return "suspended"
    return "working" if domain.is_proved else "waits for its proof"


def _mailboxes(seat: Access, typed: str, stored: str) -> Iterator[Found]:
    if not seat.may(Permission.MAILBOX_READ):
        return
    rows, order = Mailbox.objects.of(seat).filter(prefix("address__address", stored)), "address__address"
    if has_few(seat, UsageKind.MAILBOXES):
        rows, order = sorted_on_the_spot(seat, rows)  # type: ignore[assignment]  # the same rows
    for mailbox in rows.select_related("address__domain").order_by(order)[:MAX_FOUND]:
        url = reverse("mailboxes:detail", args=[mailbox.address.domain.tenant_id, mailbox.pk])
        note = ", ".join(part for part in (mailbox.name, mailbox.get_state_display().lower()) if part)
        yield _found("inbox", display_address(str(mailbox)), typed, note, url)


def _aliases(seat: Access, typed: str, stored: str) -> Iterator[Found]:
    if not seat.may(Permission.ALIAS_READ):
        return
    rows, order = Alias.objects.of(seat).filter(prefix("address__address", stored)), "address__address"
    if has_few(seat, UsageKind.ALIASES):
        rows, order = sorted_on_the_spot(seat, rows)  # type: ignore[assignment]  # the same rows
    for alias in rows.select_related("address__domain").order_by(order)[:MAX_FOUND]:
        domain = alias.address.domain
        if alias.address.local_part:
            url = reverse("mailboxes:alias_edit", args=[domain.tenant_id, alias.pk])
        else:
            url = reverse("mailboxes:catch_all", args=[domain.tenant_id, domain.pk])
        yield _found("at", display_address(str(alias)), typed, alias.comment, url)


# What can be begun in a tenant: words, icon, route, the right it needs.
_ACTS = (
    ("Add domain", "plus", "domains:add", Permission.DOMAIN_ADD),
    ("Add mailbox", "plus", "mailboxes:add", Permission.MAILBOX_EDIT),
    ("Add alias", "plus", "mailboxes:alias_add", Permission.ALIAS_EDIT),
    ("Add member", "plus", "tenants:member_add", Permission.MEMBER_EDIT),
)


def _commands(access: Access, typed: str) -> Iterator[Found]:
    """The pages of the sidebar and the acts whose words hold what was typed; all of them for nothing."""
    tenant = access.tenant
    pages = [
        Found(item.icon, "", item.label, tenant.name, item.url)
        for section in sections(access, "")
        for item in section.items
    ]
    acts = [
        Found(icon, "", words, tenant.name, reverse(route, args=[tenant.pk]))
        for words, icon, route, permission in _ACTS
        if access.may(permission)
    ]
    if tenant.kind != TenantKind.CLIENT and access.may(Permission.TENANT_CREATE):
        words = "Add client" if tenant.kind == TenantKind.RESELLER else "Add tenant"
        acts.append(Found("plus", "", words, tenant.name, reverse("tenants:add", args=[tenant.pk])))
    yield from (found for found in [*pages, *acts] if typed in found.title.lower())


def _found(icon: str, title: str, typed: str, note: str, url: str) -> Found:
    is_beginning = title.lower().startswith(typed)
    cut = len(typed) if is_beginning else 0
    return Found(icon, title[:cut], title[cut:], note, url)


def _as_stored(typed: str) -> str:
    """Domains stand in the database as A-labels; only a whole one can be turned into them."""
    local_part, at, domain = typed.rpartition("@")
    if not domain.isascii():
        with suppress(Refused):
            domain = normalise_domain(domain)
    return f"{local_part}{at}{domain}"
