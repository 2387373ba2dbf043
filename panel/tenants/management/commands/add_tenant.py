"""`manage.py add_tenant`: the same act as in the browser."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from panel.lib.errors import Refused
from panel.tenants.access import command_access
from panel.tenants.actions import Caps, add_tenant
from panel.tenants.models import Tenant, TenantKind
from panel.tenants.quantities import GIB


class Command(BaseCommand):
    help = "Add a reseller or client below the operator, or below another tenant."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument(
            "--kind", choices=[TenantKind.RESELLER, TenantKind.CLIENT], default=TenantKind.CLIENT
        )
        parser.add_argument("--parent", type=int, help="The id of the tenant above; without it the operator.")
        parser.add_argument("--contact-email", default="")
        parser.add_argument("--max-domains", type=int)
        parser.add_argument("--max-mailboxes", type=int)
        parser.add_argument("--max-aliases", type=int)
        parser.add_argument("--max-storage-gb", type=int)
        parser.add_argument(
            "--no-oversell", action="store_true", help="Its tenants' limits fit into its own."
        )

    def handle(self, **options: Any) -> None:
        parent = None
        if options["parent"] is not None:
            parent = Tenant.objects.filter(pk=options["parent"]).first()
            if parent is None:
                raise CommandError(f"There is no tenant with the id {options['parent']}.")
        storage = options["max_storage_gb"]
        caps = Caps(
            options["max_domains"],
            options["max_mailboxes"],
            options["max_aliases"],
            None if storage is None else storage * GIB,
        )
        try:
            tenant = add_tenant(
                command_access(parent),
                name=options["name"],
                kind=TenantKind(options["kind"]),
                contact_email=options["contact_email"],
                caps=caps,
                may_oversell=not options["no_oversell"],
            )
        except Refused as refused:
            raise CommandError(refused.message) from refused
        self.stdout.write(f"{tenant.pk}\t{tenant.name}")
