"""The tenants below one as the list shows them: one level with a branch open, or what a search finds."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet, prefetch_related_objects

from panel.lib.keyset import Page, paginate, prefix
from panel.tenants.access import Access
from panel.tenants.actions.texts import sort_key
from panel.tenants.figures import (
    LABELS,
    Below,
    Meter,
    Sums,
    meters_of,
    near_a_limit,
    status_of,
    sums_below,
    tight_promise,
)
from panel.tenants.models import Tenant, TenantKind
from panel.tenants.suspension import suspended_filter

# How many tenants of a branch stand between the rows of the level above it.
BRANCH = 10
# Sixteen digits fit a key of every database.
MAX_DIGITS = 16

STATES = {"": "All", "near": "Near a limit", "suspended": "Suspended"}


@dataclass(frozen=True)
class Row:
    """One tenant of the list. `level` is 1, or 2 in the open branch; `below` how many stand directly below
    it; `more` follows the last row of a branch and says how many of the branch are not shown."""

    tenant: Tenant
    level: int
    below: int
    is_open: bool
    meters: dict[str, Meter]
    status: tuple[str, str]
    more: int = 0


@dataclass(frozen=True)
class Listing:
    """A page of the list. `is_tree` tells a level from a flat list; `meters` are those of the tenant
    itself, `tight` is the one that its promises exhaust; `below` says how many stand directly below it."""

    page: Page[Tenant]
    rows: list[Row]
    is_tree: bool
    meters: dict[str, Meter]
    tight: Meter | None
    below: int

    @property
    def has_branches(self) -> bool:
        return self.is_tree and any(row.below for row in self.rows)


def listing(
    access: Access, path: list[Tenant], *, q: str, state: str, view: str, opened: str, cursor: str
) -> Listing:  # noqa: PLR0913 -- what the query string may say, each part named
    """The page that the query string asks for. A search, a state or `view=list` looks at everything below;
    else it is one level, with the branch of `opened`, a primary key, where that stands on it. Four queries, five
    with a branch. `path` is the tenant with those above it."""
    is_tree = not (q or state or view == "list")
    found = access.children() if is_tree else below(access, q, state)
    page = paginate(_with_state(found), order=("sort_name", "id"), cursor=cursor)
    branch_of = _opened(page.items, opened) if is_tree else None
    branch = _branch(branch_of) if branch_of else []
    own = access.tenant
    prefetch_related_objects([own, *page.items, *branch], "usage")
    sums = sums_below(one.pk for one in (own, *page.items, *branch) if one.kind != TenantKind.CLIENT)
    meters = meters_of(own, sums, path)
    rows = _rows(page.items, branch_of, branch, sums)
    return Listing(page, rows, is_tree, meters, tight_promise(own, meters), _below(own, sums))


def below(access: Access, q: str, state: str) -> QuerySet[Tenant]:
    """Everything below the tenant whose name begins with `q`, in one of `STATES`."""
    found = Tenant.objects.filter(prefix("sort_name", sort_key(q)), pk__in=access.tenant_ids())
    found = found.exclude(pk=access.tenant.pk)
    if state == "suspended":
        return found.filter(suspended_at__isnull=False)
    if state == "near":
        return found.filter(Exists(near_a_limit().filter(tenant_id=OuterRef("pk"))))
    return found


def _with_state(tenants: QuerySet[Tenant]) -> QuerySet[Tenant]:
    """Each with its parent, and with whether a suspension binds it, its own or one from above."""
    return tenants.annotate(is_held=suspended_filter()).select_related("parent")


def _opened(level: list[Tenant], opened: str) -> Tenant | None:
    """The tenant of the level whose key was given: any other opens nothing."""
    if not (opened.isascii() and opened.isdigit() and len(opened) <= MAX_DIGITS):
        return None
    return next((tenant for tenant in level if tenant.pk == int(opened)), None)


def _branch(parent: Tenant) -> list[Tenant]:
    return list(_with_state(Tenant.objects.filter(parent=parent)).order_by("sort_name", "pk")[:BRANCH])


def _rows(level: list[Tenant], branch_of: Tenant | None, branch: list[Tenant], sums: Sums) -> list[Row]:
    rows = []
    for tenant in level:
        rows.append(_row(tenant, sums, is_open=tenant is branch_of))
        if tenant is branch_of:
            hidden = _below(tenant, sums) - len(branch)
            rows.extend(
                _row(child, sums, level=2, more=hidden if child is branch[-1] else 0) for child in branch
            )
    return rows


def _row(tenant: Tenant, sums: Sums, *, level: int = 1, is_open: bool = False, more: int = 0) -> Row:
    meters = meters_of(tenant, sums)
    return Row(tenant, level, _below(tenant, sums), is_open, meters, _status(tenant, meters), more)


def _status(tenant: Tenant, meters: dict[str, Meter]) -> tuple[str, str]:
    if tenant.suspended_at is not None:
        return "off", "Suspended"
    if getattr(tenant, "is_held", False):
        return "off", "Suspended from above"
    return status_of(meters)


def _below(tenant: Tenant, sums: Sums) -> int:
    return max(sums.get((tenant.pk, kind), Below()).tenants for kind in LABELS)
