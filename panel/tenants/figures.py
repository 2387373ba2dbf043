"""What tenants use, have promised and may use, as pages show it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import BigIntegerField, Case, Count, F, QuerySet, Sum, When
from django.db.models.functions import Coalesce

from panel.tenants.caps import CAP_FIELDS, cap_of
from panel.tenants.models import Tenant, TenantKind, Usage, UsageKind
from panel.tenants.quantities import size_words, words

# A figure of this share of its limit is worth a word: the share at which meters change their colour.
NEAR_PERCENT = 85

LABELS = {
    UsageKind.DOMAINS: "Domains",
    UsageKind.MAILBOXES: "Mailboxes",
    UsageKind.ALIASES: "Aliases",
    UsageKind.STORAGE: "Storage",
}
_NONE_LEFT = {
    UsageKind.MAILBOXES: "No mailbox left",
    UsageKind.STORAGE: "No storage left",
    UsageKind.DOMAINS: "No domain left",
    UsageKind.ALIASES: "No alias left",
}
_FEW_LEFT = {
    UsageKind.MAILBOXES: "Few mailboxes left",
    UsageKind.STORAGE: "Little storage left",
    UsageKind.DOMAINS: "Few domains left",
    UsageKind.ALIASES: "Few aliases left",
}


@dataclass(frozen=True)
class Below:
    """What the tenants directly below one use of a kind, and what was promised to them: the cap of each,
    or what it uses where it has none. `tenants` says how many they are."""

    used: int = 0
    promised: int = 0
    tenants: int = 0


Sums = dict[tuple[int, UsageKind], Below]


@dataclass(frozen=True)
class Meter:
    """One kind of a tenant. `promised` is what it uses itself and what it gave to those below; None
    where nobody stands below. `limit` of None is no limit."""

    kind: UsageKind
    used: int
    promised: int | None
    limit: int | None
    # The tenant above whose limit it is; None where it is the tenant's own, or there is none.
    set_by: Tenant | None = None

    @property
    def label(self) -> str:
        return LABELS[self.kind]

    @property
    def noun(self) -> str:
        return self.label.lower()

    @property
    def unit(self) -> str:
        return "bytes" if self.kind is UsageKind.STORAGE else "count"

    @property
    def free(self) -> int | None:
        """What can still be used or promised."""
        return None if self.limit is None else max(self.limit - (self.promised or self.used), 0)

    @property
    def is_oversold(self) -> bool:
        return self.limit is not None and (self.promised or 0) > self.limit

    @property
    def promised_words(self) -> str:
        """The figure alone: the noun stands behind the limit."""
        amount = self.promised or 0
        return size_words(amount) if self.kind is UsageKind.STORAGE else f"{amount:,}"

    @property
    def limit_words(self) -> str:
        return words(self.kind, self.limit or 0)

    @property
    def free_words(self) -> str:
        return words(self.kind, self.free or 0)

    @property
    def is_full(self) -> bool:
        return bool(self.limit) and self.used >= (self.limit or 0)

    @property
    def is_near(self) -> bool:
        return bool(self.limit) and self.used * 100 >= (self.limit or 0) * NEAR_PERCENT


def sums_below(parents: Iterable[int]) -> Sums:
    """What stands directly below each of these tenants, by kind. One query."""
    given = Case(
        *(
            When(kind=kind, then=Coalesce(F(f"tenant__{name}"), F("used"), output_field=BigIntegerField()))
            for kind, name in CAP_FIELDS.items()
        ),
        output_field=BigIntegerField(),
    )
    rows = (
        Usage.objects.filter(tenant__parent_id__in=list(parents), kind__in=list(CAP_FIELDS))
        .values_list("tenant__parent_id", "kind")
        .annotate(used_below=Sum("used"), given=Sum(given), tenants=Count("pk"))
    )
    return {
        (parent, UsageKind(kind)): Below(used, given, tenants) for parent, kind, used, given, tenants in rows
    }


def meters_of(tenant: Tenant, sums: Sums, path: Iterable[Tenant] = ()) -> dict[str, Meter]:
    """A meter of each kind, from the usage rows that were fetched with the tenant. The limit is the
    lowest of the tenant's own and of those on `path`."""
    used = {UsageKind(usage.kind): usage.used for usage in tenant.usage.all()}
    return {
        kind.value: Meter(
            kind,
            used.get(kind, 0),
            _promised(tenant, kind, used.get(kind, 0), sums),
            *_limit(kind, tenant, path),
        )
        for kind in LABELS
    }


def status_of(meters: dict[str, Meter]) -> tuple[str, str]:
    """The badge of a tenant that works: what runs out first, mailboxes before all."""
    by_need = [meters[kind.value] for kind in _NONE_LEFT]
    for meter in by_need:
        if meter.is_full:
            return "warn", _NONE_LEFT[meter.kind]
    for meter in by_need:
        if meter.is_near:
            return "warn", _FEW_LEFT[meter.kind]
    return "ok", "Fine"


def tight_promise(tenant: Tenant, meters: dict[str, Meter]) -> Meter | None:
    """The meter of which too little is left to promise. Who may promise more than there is hears of it
    only once that has happened."""
    for meter in meters.values():
        if meter.limit and meter.promised is not None:
            is_near = meter.promised * 100 >= meter.limit * NEAR_PERCENT
            if meter.is_oversold or (is_near and not tenant.may_oversell):
                return meter
    return None


def near_a_limit() -> QuerySet[Usage]:
    """The usage rows that come near a cap of their tenant's own."""
    caps = Case(
        *(When(kind=kind, then=F(f"tenant__{name}")) for kind, name in CAP_FIELDS.items()),
        output_field=BigIntegerField(),
    )
    near = Usage.objects.filter(used__gt=0).annotate(cap=caps)
    return near.filter(cap__gt=0, used__gte=F("cap") * NEAR_PERCENT / 100)


def _promised(tenant: Tenant, kind: UsageKind, used: int, sums: Sums) -> int | None:
    if tenant.kind == TenantKind.CLIENT:
        return None
    below = sums.get((tenant.pk, kind), Below())
    return used - below.used + below.promised


def _limit(kind: UsageKind, tenant: Tenant, path: Iterable[Tenant]) -> tuple[int | None, Tenant | None]:
    """The lowest, and who set it where that is not the tenant itself, which wins over an equal one."""
    limit, set_by = cap_of(tenant, kind), None
    for above in path:
        cap = cap_of(above, kind)
        if cap is not None and above.pk != tenant.pk and (limit is None or cap < limit):
            limit, set_by = cap, above
    return limit, set_by
