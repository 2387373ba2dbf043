"""Making and editing tenants."""

from dataclasses import dataclass, fields
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max, Sum

from panel.audit import log
from panel.lib.errors import Refused
from panel.tenants import caps as usage_caps
from panel.tenants.access import Access
from panel.tenants.actions.texts import contact_address, plain_text, sort_key
from panel.tenants.models import Ancestry, Tenant, TenantKind, Usage, UsageKind
from panel.tenants.quantities import words
from panel.tenants.roles import Permission

MAX_NAME = 120
# Operator, reseller, sub-reseller, client.
MAX_LEVELS = 4
# What the columns hold on every database.
_MAX_COUNT = 2**31 - 1
_MAX_BYTES = 2**60

_CHILD_KINDS = {
    TenantKind.OPERATOR: (TenantKind.RESELLER, TenantKind.CLIENT),
    TenantKind.RESELLER: (TenantKind.RESELLER, TenantKind.CLIENT),
    TenantKind.CLIENT: (),
}


@dataclass(frozen=True)
class Caps:
    """A tenant's own caps: None is no cap of its own, 0 allows none."""

    max_domains: int | None = None
    max_mailboxes: int | None = None
    max_aliases: int | None = None
    max_storage_bytes: int | None = None

    @classmethod
    def of(cls, tenant: Tenant) -> "Caps":
        return cls(**{field.name: getattr(tenant, field.name) for field in fields(cls)})

    def by_kind(self) -> dict[UsageKind, int | None]:
        return {kind: getattr(self, name) for kind, name in usage_caps.CAP_FIELDS.items()}


def child_kinds(access: Access, *, level: int | None = None) -> list[TenantKind]:
    """The kinds of tenant that may be added below this one by whoever has `access`. `level` is the depth of the
    tenant in the tree, the root's being 1, where the caller knows it; else it costs a query."""
    if not access.may(Permission.TENANT_CREATE):
        return []
    if level is None:
        level = Ancestry.objects.filter(tenant=access.tenant).count()
    kinds = _CHILD_KINDS[TenantKind(access.tenant.kind)]
    # On the last level but one there is room for clients alone: a reseller there could serve nobody.
    return [kind for kind in kinds if kind is TenantKind.CLIENT or level < MAX_LEVELS - 1]


@transaction.atomic
def add_tenant(  # noqa: PLR0913 -- a tenant has this many parts, and each caller names them
    access: Access,
    *,
    name: str,
    kind: TenantKind,
    contact_email: str = "",
    caps: Caps | None = None,
    may_oversell: bool = True,
) -> Tenant:
    """A new tenant directly below `access.tenant`.

    Raises `PermissionDenied` without the right to create, and `Refused` (kind_not_here, name_*,
    contact address codes, cap_*) at the field that it is about.
    """
    access.require(Permission.TENANT_CREATE)
    name, sort_name = _name(name)
    contact_email, caps = contact_address(contact_email), caps or Caps()
    parent = _locked_path(access.tenant)[-1]
    if kind not in child_kinds(access):
        raise _kind_not_here(access, kind)
    _refuse_taken_name(parent.pk, sort_name, but_for=None)
    for usage_kind, cap in caps.by_kind().items():
        _check_against_parent(parent, usage_kind, cap, but_for=None)
    tenant = Tenant.objects.create(
        parent=parent,
        kind=kind,
        name=name,
        sort_name=sort_name,
        contact_email=contact_email,
        may_oversell=may_oversell,
        **caps.__dict__,
    )
    _place_below(tenant, parent)
    _record("tenant.add", access, tenant, {}, {"parent": parent.name, **_facts(tenant)})
    return tenant


@transaction.atomic
def edit_tenant(
    access: Access,
    *,
    name: str,
    contact_email: str,
    caps: Caps | None = None,
    may_oversell: bool | None = None,
) -> Tenant:
    """Change `access.tenant`. `caps` and `may_oversell` (None leaves them) are for those who come from
    a tenant above: nobody lifts their own limits.

    Raises `PermissionDenied`, and `Refused` (name_*, contact address codes, cap_*) at the field.
    """
    access.require(Permission.TENANT_EDIT)
    if (caps is not None or may_oversell is not None) and not access.is_from_above:
        raise PermissionDenied
    name, sort_name = _name(name)
    contact_email = contact_address(contact_email)
    tenant = _locked_path(access.tenant)[-1]
    before = _facts(tenant)
    _refuse_taken_name(tenant.parent_id, sort_name, but_for=tenant.pk)
    tenant.name, tenant.sort_name, tenant.contact_email = name, sort_name, contact_email
    if may_oversell is not None:
        tenant.may_oversell = may_oversell
    if caps is not None:
        _set_caps(tenant, caps)
    if caps is not None or may_oversell is not None:
        _check_promises(tenant)
    after = _facts(tenant)
    changed = {key for key in after if after[key] != before[key]}
    if changed:
        tenant.save(update_fields=[*(changed - {"kind"}), *({"sort_name"} if "name" in changed else ())])
        was, now = ({key: facts[key] for key in changed} for facts in (before, after))
        _record("tenant.edit", access, tenant, was, now)
    return tenant


def _record(
    action: str, access: Access, tenant: Tenant, before: dict[str, Any], after: dict[str, Any]
) -> None:
    obj = ("tenant", tenant.pk, tenant.name)
    log.record(action, actor=access.actor, tenant_id=tenant.pk, obj=obj, before=before, after=after)


def _locked_path(tenant: Tenant) -> list[Tenant]:
    """The tenants from the root down to `tenant` as they are now, locked in this order until the end: a
    cap that is checked against those above stays true. References to the rows go on: a domain that is
    being added holds the usage rows that an edit of caps is about to ask for."""
    path = Tenant.objects.select_for_update(of=("self",), no_key=True).select_related("parent")
    return list(path.filter(below__tenant=tenant).order_by("pk"))


def _name(text: str) -> tuple[str, str]:
    name = plain_text(text, MAX_NAME, "name", what="A name")
    if not name:
        raise Refused("Type a name, such as the one on the contract.", "name_empty", "name")
    sort_name = sort_key(name)
    if len(sort_name) > MAX_NAME:
        raise Refused(f"A name has at most {MAX_NAME} letters.", "name_too_long", "name")
    return name, sort_name


def _refuse_taken_name(parent_id: int | None, sort_name: str, *, but_for: int | None) -> None:
    """The parent is locked: of two equal names at once the second waits, and then finds the first."""
    if Tenant.objects.filter(parent_id=parent_id, sort_name=sort_name).exclude(pk=but_for or 0).exists():
        raise Refused(
            "There is one with this name already. Add something that tells them apart.", "name_taken", "name"
        )


def _kind_not_here(access: Access, kind: TenantKind) -> Refused:
    tenant = access.tenant
    if tenant.kind == TenantKind.CLIENT:
        return Refused(f"{tenant.name} is a client: there is nothing below it.", "kind_not_here", "kind")
    if kind is TenantKind.RESELLER:
        return Refused(
            f"{tenant.name} is a sub-reseller: only clients can be below it.", "kind_not_here", "kind"
        )
    return Refused("There is one operator, and it stands above all others.", "kind_not_here", "kind")


def _place_below(tenant: Tenant, parent: Tenant) -> None:
    above = Ancestry.objects.filter(tenant=parent).values_list("ancestor_id", "distance")
    Ancestry.objects.bulk_create(
        [
            Ancestry(tenant=tenant, ancestor=tenant, distance=0),
            *(Ancestry(tenant=tenant, ancestor_id=pk, distance=distance + 1) for pk, distance in above),
        ]
    )
    Usage.objects.bulk_create([Usage(tenant=tenant, kind=kind) for kind in UsageKind])


def _facts(tenant: Tenant) -> dict[str, Any]:
    return {
        "name": tenant.name,
        "kind": str(tenant.kind),
        "contact_email": tenant.contact_email,
        "may_oversell": tenant.may_oversell,
        **Caps.of(tenant).__dict__,
    }


def _set_caps(tenant: Tenant, caps: Caps) -> None:
    """Put the caps onto the object, each checked under the lock that `caps.take` asks for too."""
    for kind, cap in caps.by_kind().items():
        _check_against_parent(tenant.parent, kind, cap, but_for=tenant.pk)
    # In the order of UsageKind, as every caller that takes several kinds has to.
    for kind, cap in caps.by_kind().items():
        name = usage_caps.CAP_FIELDS[kind]
        if cap is not None:
            used = usage_caps.lock(tenant, kind)[tenant.pk]
            if used > cap:
                message = (
                    f"{tenant.name} uses {words(kind, used)} already. Type at least that, or make room first."
                )
                raise Refused(message, "cap_below_use", name)
        setattr(tenant, name, cap)
    if caps.max_storage_bytes is not None:
        unmetered = usage_caps.lock(tenant, UsageKind.UNMETERED)[tenant.pk]
        if unmetered:
            message = (
                f"{tenant.name} has {words(UsageKind.UNMETERED, unmetered)}."
                " Give each of them a quota before you limit the storage."
            )
            raise Refused(message, "cap_unmetered", "max_storage_bytes")


def _check_against_parent(
    parent: Tenant | None, kind: UsageKind, cap: int | None, *, but_for: int | None
) -> None:
    name = usage_caps.CAP_FIELDS[kind]
    if cap is not None and not 0 <= cap <= (_MAX_BYTES if kind is UsageKind.STORAGE else _MAX_COUNT):
        raise Refused("Type a number from 0 up, or leave it empty for no limit.", "cap_out_of_range", name)
    if parent is None or (limit := usage_caps.binding_cap(parent, kind)) is None:
        return
    if cap is None:
        if parent.may_oversell:
            return
        message = f"{parent.name} may not promise more than it has ({words(kind, limit)}), so a number is needed here."
        raise Refused(message, "cap_needed", name)
    if cap > limit:
        raise Refused(
            f"{parent.name} itself has {words(kind, limit)}. Type at most that.", "cap_above_parent", name
        )
    if not parent.may_oversell:
        left = limit - _promised(parent, kind, but_for=but_for)
        if cap > left:
            message = f"{parent.name} has {words(kind, max(left, 0))} left to promise. Type at most that."
            raise Refused(message, "cap_oversold", name)


def _promised(parent: Tenant, kind: UsageKind, *, but_for: int | None = None) -> int:
    field = usage_caps.CAP_FIELDS[kind]
    others = Tenant.objects.filter(parent=parent).exclude(pk=but_for or 0)
    return others.aggregate(total=Sum(field))["total"] or 0


def _check_promises(tenant: Tenant) -> None:
    """What the tenant has promised below it must still fit: no cap below may exceed its own, nor may
    their sum where it may not oversell."""
    for kind, name in usage_caps.CAP_FIELDS.items():
        own = usage_caps.cap_of(tenant, kind)
        above = usage_caps.binding_cap(tenant.parent, kind) if tenant.parent else None
        limit = min((cap for cap in (own, above) if cap is not None), default=None)
        if limit is None:
            continue
        below = Tenant.objects.filter(above__ancestor=tenant).exclude(pk=tenant.pk)
        largest = below.aggregate(largest=Max(name))["largest"]
        if own is not None and largest is not None and largest > own:
            message = f"A tenant below {tenant.name} was promised {words(kind, largest)}. Type at least that."
            raise Refused(message, "cap_below_promise", name)
        if tenant.may_oversell:
            continue
        _check_sum(tenant, kind, limit)


def _check_sum(tenant: Tenant, kind: UsageKind, limit: int) -> None:
    field = usage_caps.CAP_FIELDS[kind]
    promised = _promised(tenant, kind)
    if promised > limit:
        message = (
            f"{tenant.name} has promised {words(kind, promised)} to the tenants below it. Type at least that."
        )
        raise Refused(message, "cap_oversold", field)
    if Tenant.objects.filter(parent=tenant, **{field: None}).exists():
        message = (
            f"A tenant below {tenant.name} has no limit of its own. Give it one, or let {tenant.name} promise"
            " more than it has."
        )
        raise Refused(message, "cap_oversold", field)
