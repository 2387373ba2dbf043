"""`manage.py ensure_operator`: the first person who may sign in."""

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from panel.audit.actor import COMMAND
from panel.lib.errors import Refused
from panel.tenants.actions.founding import found_operator

# RFC 2606 2: nobody can ever own a name below it.
DEFAULT_EMAIL = "operator@posthouse.invalid"


class Command(BaseCommand):
    help = (
        "Make the operator and its first admin if there is none: from POSTHOUSE_OPERATOR_EMAIL and "
        "POSTHOUSE_OPERATOR_PASSWORD, or with a one-time password that is printed once and must be "
        "changed at the first sign-in."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        email = os.environ.get("POSTHOUSE_OPERATOR_EMAIL") or DEFAULT_EMAIL
        password = os.environ.get("POSTHOUSE_OPERATOR_PASSWORD", "")
        try:
            text = found_operator(email=email, password=password, actor=COMMAND)
        except Refused as refused:
            variable = "EMAIL" if refused.field == "email" else "PASSWORD"
            message = f"POSTHOUSE_OPERATOR_{variable}: {refused.message}"
            raise CommandError(message) from refused
        if text is None:
            return
        self.stdout.write(f"The first operator signs in as {email}")
        if text:
            self.stdout.write(f"with this one-time password, which is shown only now: {text}")
