"""`manage.py rescue_operator [EMAIL]`: a way in for the locked out."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from panel.audit.actor import COMMAND
from panel.lib.errors import Refused
from panel.tenants.actions.rescue import rescue_operator


class Command(BaseCommand):
    help = (
        "Make EMAIL (or the first operator admin) an operator admin with a one-time password that is printed "
        "once and must be changed at the first sign-in. Old password, sessions and reset links end."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", nargs="?", default="")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            email, text = rescue_operator(email=options["email"], actor=COMMAND)
        except Refused as refused:
            raise CommandError(refused.message) from refused
        self.stdout.write(f"{email} signs in with this one-time password, which is shown only now: {text}")
