"""`manage.py add_member`: the same act as in the browser."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from panel.lib.errors import Refused
from panel.tenants.access import command_access
from panel.tenants.actions import add_member
from panel.tenants.models import Tenant
from panel.tenants.roles import Role


class Command(BaseCommand):
    help = "Give a person a role in a tenant. Someone new gets a one-time password, printed once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--tenant", type=int, required=True, help="The id of the tenant.")
        parser.add_argument("--role", choices=[role.value for role in Role], required=True)
        parser.add_argument("--name", default="")

    def handle(self, **options: Any) -> None:
        tenant = Tenant.objects.filter(pk=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"There is no tenant with the id {options['tenant']}.")
        try:
            welcome = add_member(
                command_access(tenant),
                email=options["email"],
                role=Role(options["role"]),
                name=options["name"],
            )
        except Refused as refused:
            raise CommandError(refused.message) from refused
        if welcome.one_time_password:
            self.stdout.write(welcome.one_time_password)
        else:
            self.stdout.write("The person signs in here already, with a password of their own.")
