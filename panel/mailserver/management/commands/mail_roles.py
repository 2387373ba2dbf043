"""`manage.py mail_roles`: the database roles of Postfix and Dovecot on PostgreSQL."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from panel.environment import environment
from panel.mailserver.contract.functions import DOVECOT_SIGNATURES, POSTFIX_SIGNATURES
from panel.mailserver.contract.sieve import SIEVE_VIEWS
from panel.mailserver.layout import Layout
from panel.mailserver.roles import group_role, login_of, login_roles
from panel.mailserver.rotation import OVERLAP_SECONDS, NotRotated, rotate

SIGNATURES = {"postfix": POSTFIX_SIGNATURES, "dovecot": DOVECOT_SIGNATURES}


class Command(BaseCommand):
    help = (
        "Make the PostgreSQL roles of Postfix and Dovecot, which see the contract and nothing else. "
        "Each has two that sign in, so that a password can change while the other still works."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--rotate",
            action="store_true",
            help="give Postfix and Dovecot a new password, with the configuration rendered and both reloaded",
        )
        parser.add_argument(
            "--overlap",
            type=int,
            default=OVERLAP_SECONDS,
            metavar="SECONDS",
            help="how long the old password still works (%(default)s)",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if connection.vendor != "postgresql":
            self.stdout.write("SQLite has no roles: the group of the file is the only border.")
            return
        layout = Layout(environment.state_dir.resolve(), environment.mail_port_offset)
        with transaction.atomic(), connection.cursor() as cursor:
            for daemon, signatures in SIGNATURES.items():
                grants = group_role(daemon)
                _make_role(cursor, grants, "NOLOGIN")
                for login in login_roles(daemon):
                    _make_role(cursor, login, f"LOGIN CONNECTION LIMIT 100 IN ROLE {grants}")
                    # A statement that hangs is a temporary failure after three seconds, not a full pool.
                    cursor.execute(f"ALTER ROLE {login} SET statement_timeout = '3s'")
                present = login_of(layout, daemon)
                _set_password(cursor, present.role, present.password)
                for signature in signatures:
                    cursor.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO {grants}")
            # A dictionary of Dovecot reads tables or views, not functions.
            for view in SIEVE_VIEWS:
                cursor.execute(f"GRANT SELECT ON {view} TO {group_role('dovecot')}")
            # An upsert reads what it meets; this is the one table that Dovecot writes.
            cursor.execute(f"GRANT SELECT, INSERT, UPDATE ON mail_usage TO {group_role('dovecot')}")
        self.stdout.write("The roles of Postfix and Dovecot are in place.")
        if options["rotate"]:
            try:
                rotate(layout, overlap_seconds=options["overlap"])
            except NotRotated as reason:
                raise CommandError(str(reason)) from reason
            self.stdout.write(
                f"Postfix and Dovecot have a new password. The old one ends in {options['overlap']} seconds."
            )


def _make_role(cursor: Any, name: str, options: str) -> None:
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
    if cursor.fetchone() is None:
        cursor.execute(f"CREATE ROLE {name} {options}")


def _set_password(cursor: Any, name: str, password: str) -> None:
    # A utility statement takes no parameters from the server; the driver quotes it on our side.
    cursor.execute(f"ALTER ROLE {name} PASSWORD %s", [password])
