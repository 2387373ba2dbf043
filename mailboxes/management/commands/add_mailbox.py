"""`manage.py add_mailbox`: the same act as in the browser."""

import sys
from argparse import ArgumentParser
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from domains.models import Domain
from mailboxes.actions.mailboxes import add_mailbox
from mailboxes.quotas import GIB
from panel.lib.addresses import normalise_address, split_address
from panel.lib.errors import Refused
from panel.tenants.access import command_access


class Command(BaseCommand):
    help = "Add a mailbox in a proved domain. Without --password-stdin a password is made and printed once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address")
        parser.add_argument("--name", default="")
        parser.add_argument("--quota", default="1", metavar="GB", help="In GB, or 'none'. Default: 1.")
        parser.add_argument(
            "--password-stdin", action="store_true", help="Read the password from the first line."
        )

    def handle(self, *, address: str, name: str, quota: str, password_stdin: bool, **_options: Any) -> None:
        password = sys.stdin.readline().removesuffix("\n") if password_stdin else None
        try:
            local_part, domain_name = split_address(normalise_address(address))
            domain = (
                Domain.objects.select_related("tenant")
                .filter(name=domain_name, proved_at__isnull=False)
                .first()
            )
            if domain is None:
                raise CommandError(f"There is no proved domain {domain_name} here.")
            made = add_mailbox(
                access=command_access(domain.tenant),
                domain=domain,
                local_part=local_part,
                name=name,
                quota_bytes=_bytes(quota),
                password=password,
            )
        except Refused as refused:
            raise CommandError(refused.message) from refused
        self.stdout.write(f"{made.mailbox}\t{made.one_time}" if made.one_time else str(made.mailbox))


def _bytes(quota: str) -> int | None:
    if quota == "none":
        return None
    try:
        return int(Decimal(quota) * GIB)
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise CommandError(f"“{quota}” is no quota. Type a number of GB, or none.") from error
