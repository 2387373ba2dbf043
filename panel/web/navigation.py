"""The sidebar and the tenant switcher: only what exists and what the person may open."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from panel.accounts.models import User, UserKind
from panel.tenants.access import Access
from panel.tenants.models import Membership, Tenant, TenantKind
from panel.tenants.roles import Permission, Role

# How many tenants the switcher shows; the tenants list finds the others.
MAX_PLACES = 8


@dataclass(frozen=True)
class Item:
    label: str
    icon: str
    url: str
    is_current: bool


@dataclass(frozen=True)
class Section:
    title: str
    items: list[Item]


@dataclass(frozen=True)
class Place:
    """A tenant that the person can go to."""

    name: str
    note: str
    url: str
    is_current: bool


_MAIN = (
    ("Overview", "pulse", "web:overview", Permission.TENANT_READ),
    ("Tenants", "holes", "tenants:list", Permission.TENANT_READ),
    ("Domains", "globe", "domains:list", Permission.DOMAIN_READ),
    ("Mailboxes", "inbox", "mailboxes:list", Permission.MAILBOX_READ),
    ("Aliases", "at", "mailboxes:aliases", Permission.ALIAS_READ),
)
_ACCOUNT = (
    ("Team", "users", "tenants:team", Permission.MEMBER_READ),
    ("Audit log", "list", "tenants:audit", Permission.AUDIT_READ),
    ("Bulk changes", "job", "bulk:list", Permission.MAILBOX_READ),
    ("Settings", "sliders", "tenants:settings", Permission.TENANT_READ),
)


def sections(access: Access | None, path: str) -> list[Section]:
    """The sidebar for a person in a tenant; empty where no tenant is chosen."""
    if access is None:
        return []
    return [
        Section(title, items)
        for title, entries in (("", _MAIN), ("Account", _ACCOUNT))
        if (items := _items(access, path, entries))
    ]


def home_of(tenant: Tenant, role: Role) -> str:
    """Where a person with this role starts in the tenant."""
    name = "web:overview" if Permission.TENANT_READ in role.permissions else "domains:list"
    return link(name, tenant.pk) or reverse("web:overview", args=[tenant.pk])


def places(request: HttpRequest, access: Access | None) -> list[Place]:
    """The tenants of the person's memberships, and those next to the current one in the tree."""
    user = request.user
    if not isinstance(user, User) or user.kind != UserKind.MEMBER:
        return []
    memberships = (
        Membership.objects.filter(user=user).select_related("tenant").order_by("tenant__sort_name", "pk")
    )
    found = {
        membership.tenant_id: _place(membership.tenant, Role(membership.role), access)
        for membership in memberships[:MAX_PLACES]
    }
    for tenant in _neighbours(access):
        found.setdefault(tenant.pk, _place(tenant, access.role, access))  # type: ignore[union-attr]  # neighbours need one
    return list(found.values())


def _items(access: Access, path: str, entries: tuple[tuple[str, str, str, Permission], ...]) -> list[Item]:
    open_to = [
        (_label(access, label, name), icon, url)
        for label, icon, name, permission in entries
        if access.may(permission) and _exists(access, name) and (url := link(name, access.tenant.pk))
    ]
    return [Item(label, icon, url, is_current=_is_current(path, url)) for label, icon, url in open_to]


def _exists(access: Access, name: str) -> bool:
    """A client has nobody below it."""
    return name != "tenants:list" or access.tenant.kind != TenantKind.CLIENT


def _label(access: Access, label: str, name: str) -> str:
    return "Clients" if name == "tenants:list" and access.tenant.kind == TenantKind.RESELLER else label


def link(name: str, *args: int) -> str:
    """The address of a route of another app, or the empty string where this installation lacks it: a
    page then leaves the link out."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def _is_current(path: str, url: str) -> bool:
    """The overview is above all others and current only by itself."""
    return path == url if url.count("/") == 3 else path.startswith(url)


def _neighbours(access: Access | None) -> list[Tenant]:
    """The current tenant, the one above it where that is open to the person, and some below it."""
    if access is None:
        return []
    tenant = access.tenant
    # A membership above the tenant covers its parent too.
    is_open_above = access.membership is not None and access.membership.tenant_id != tenant.pk
    above = [tenant.parent] if is_open_above and tenant.parent else []
    below = (
        []
        if tenant.kind == TenantKind.CLIENT or not access.may(Permission.TENANT_READ)
        else list(Tenant.objects.filter(parent=tenant).order_by("sort_name", "pk")[:MAX_PLACES])
    )
    return [*above, tenant, *below]


def _place(tenant: Tenant, role: Role, access: Access | None) -> Place:
    return Place(
        name=tenant.name,
        note=TenantKind(tenant.kind).label,
        url=home_of(tenant, role),
        is_current=access is not None and access.tenant.pk == tenant.pk,
    )
