"""`manage.py recount_usage`: what the caps read, against what there is."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import Sum

from domains.models import Domain
from mailboxes.models import Alias, Mailbox
from panel.tenants.models import Tenant, Usage, UsageKind


class Command(BaseCommand):
    help = "Count what every tenant uses and report where the stored figure differs; --fix stores the count."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--fix", action="store_true")

    def handle(self, *, fix: bool, **_options: Any) -> None:
        drifted = 0
        # The root first, as `caps` locks: while a tenant's row is held nobody moves it.
        for tenant in Tenant.objects.order_by("pk"):
            for kind in UsageKind:
                drifted += self._recount(tenant, kind, fix=fix)
        if drifted and not fix:
            raise CommandError(f"{drifted} figures differ from what there is. Run it again with --fix.")
        self.stdout.write(f"{drifted} figures were corrected." if drifted else "All figures are right.")

    @transaction.atomic
    def _recount(self, tenant: Tenant, kind: UsageKind, *, fix: bool) -> int:
        row = Usage.objects.select_for_update(of=("self",)).filter(tenant=tenant, kind=kind).first()
        stored, real = row.used if row else 0, count(tenant, kind)
        if row is not None and stored == real:
            return 0
        if row is None and not fix and real == 0:
            return 0
        self.stdout.write(f"{tenant.pk} {tenant.name}: {kind.label} {stored}, counted {real}")
        if fix:
            Usage.objects.update_or_create(tenant=tenant, kind=kind, defaults={"used": real})
        return 1


def count(tenant: Tenant, kind: UsageKind) -> int:
    """What the tenant and everything below it really has. Alias domains, claims and rows in their grace
    period count."""
    domains = Domain.objects.filter(tenant__above__ancestor=tenant)
    mailboxes = Mailbox.objects.filter(address__domain__tenant__above__ancestor=tenant)
    if kind is UsageKind.DOMAINS:
        return domains.count()
    if kind is UsageKind.MAILBOXES:
        return mailboxes.count()
    if kind is UsageKind.ALIASES:
        return Alias.objects.filter(address__domain__tenant__above__ancestor=tenant).count()
    if kind is UsageKind.UNMETERED:
        return mailboxes.filter(quota_bytes=None).count()
    return mailboxes.aggregate(total=Sum("quota_bytes"))["total"] or 0
