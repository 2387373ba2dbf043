"""`manage.py rename_mailbox OLD NEW`: by the same action as the browser."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mailboxes.actions.renames import rename_mailbox
from mailboxes.models import Mailbox
from panel.lib.addresses import normalise_address, split_address
from panel.lib.errors import Refused
from panel.tenants.access import command_access


class Command(BaseCommand):
    help = "Give a mailbox another address in its domain; mail, password, rights and forwards stay with it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("old", help="such as ann@example.com")
        parser.add_argument("new", help="such as ann.holt@example.com")
        parser.add_argument(
            "--drop-old", action="store_true", help="do not keep the old address as an alias of the new one"
        )

    def handle(self, *, old: str, new: str, drop_old: bool, **_options: Any) -> None:
        try:
            before, after = normalise_address(old), normalise_address(new)
            mailbox = (
                Mailbox.objects.select_related("address__domain__tenant")
                .filter(address__address=before)
                .first()
            )
            if mailbox is None:
                raise CommandError(f"There is no mailbox {before} here.")
            domain = mailbox.address.domain
            if split_address(after)[1] != domain.name:
                raise CommandError(f"A mailbox stays in its domain: type an address in {domain.name}.")
            rename_mailbox(
                access=command_access(domain.tenant),
                mailbox=mailbox,
                local_part=split_address(after)[0],
                keep_old=not drop_old,
            )
        except Refused as refused:
            raise CommandError(refused.message) from refused
        self.stdout.write(f"{before} is {after} now.")
