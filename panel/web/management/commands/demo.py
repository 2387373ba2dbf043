"""`manage.py demo`: fill an empty installation with a lively example."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mailboxes.passwords import generate_password
from panel.lib.errors import Refused
from panel.web.demo.fill import fill, is_filled


class Command(BaseCommand):
    help = (
        "Fill an empty installation with an example: three resellers, twelve clients, some forty domains with "
        "and without trouble, mailboxes and aliases. All its people sign in with one password, which is made "
        "now and shown once. Where the example is already, nothing happens; where anything else is, it refuses."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        if is_filled():
            return
        self.stdout.write("Filling the example, which takes some seconds …")
        password = generate_password()
        try:
            people = fill(password)
        except Refused as refused:
            raise CommandError(refused.message) from refused
        self.stdout.write(
            "The example is there. Its people sign in with this password, which is shown only now:"
        )
        self.stdout.write(f"    {password}")
        for what, address in people:
            self.stdout.write(f"    {what}: {address}")
