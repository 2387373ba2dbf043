"""`manage.py add_alias ADDRESS DESTINATION…`: by the same action as the browser."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from domains.models import Domain
from mailboxes.actions.aliases import add_alias, set_catch_all
from panel.lib.addresses import normalise_domain
from panel.lib.errors import Refused
from panel.tenants.access import command_access


class Command(BaseCommand):
    help = "Add an alias. @DOMAIN as the address sets the catch-all of the domain."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address", help="such as info@example.com")
        parser.add_argument("destinations", nargs="+", help="where its mail goes")
        parser.add_argument("--comment", default="")

    def handle(self, *_args: Any, **options: Any) -> None:
        local_part, _, name = options["address"].rpartition("@")
        try:
            domain = _find(name)
            access = command_access(domain.tenant)
            if local_part:
                alias = add_alias(
                    access=access,
                    domain=domain,
                    local_part=local_part,
                    destinations=options["destinations"],
                    comment=options["comment"],
                )
            else:
                alias = set_catch_all(access=access, domain=domain, destinations=options["destinations"])
        except Refused as refused:
            raise CommandError(refused.message) from refused
        self.stdout.write(f"{alias} delivers now.")


def _find(name: str) -> Domain:
    domain = Domain.objects.filter(name=normalise_domain(name), proved_at__isnull=False).first()
    if domain is None:
        raise Refused(f"{name} is not a proved domain.", "domain_unknown")
    return domain
