"""`manage.py rename_domain ALIAS`: by the same action as the browser."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from domains.models import Domain
from mailboxes.actions.domain_renames import rename_domain
from panel.lib.addresses import normalise_domain
from panel.lib.errors import Refused
from panel.tenants.access import command_access


class Command(BaseCommand):
    help = "Make the name of an alias domain the main name of the domain that it leads to."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the alias domain, such as example.org")
        parser.add_argument(
            "--remove-old", action="store_true", help="remove the old name instead of keeping it as an alias"
        )

    def handle(self, *, name: str, remove_old: bool, **_options: Any) -> None:
        try:
            normal = normalise_domain(name)
            alias = (
                Domain.objects.select_related("tenant", "alias_of")
                .filter(name=normal, proved_at__isnull=False)
                .first()
            )
            if alias is None:
                raise CommandError(f"There is no proved domain {normal} here.")
            old = alias.alias_of
            main = rename_domain(access=command_access(alias.tenant), domain=alias, keep_old=not remove_old)
        except Refused as refused:
            raise CommandError(refused.message) from refused
        self.stdout.write(f"{old} is {main} now.")
