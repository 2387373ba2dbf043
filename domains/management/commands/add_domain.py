"""Add a domain from the command line: the same action as the page's."""

import dataclasses
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from domains.actions import add_domain, vouch_for
from panel.lib.errors import Refused
from panel.tenants.access import command_access
from panel.tenants.models import Tenant


class Command(BaseCommand):
    help = "Claim a domain for a tenant; with --vouch it counts as proved at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the domain, such as example.com")
        parser.add_argument("--tenant", type=int, required=True, help="the primary key of its tenant")
        parser.add_argument(
            "--vouch", action="store_true", help="take your word for it instead of a DNS proof"
        )

    def handle(self, *, name: str, tenant: int, vouch: bool, **_options: object) -> None:
        owner = Tenant.objects.filter(pk=tenant).first()
        if owner is None:
            message = f"There is no tenant {tenant}."
            raise CommandError(message)
        access = dataclasses.replace(command_access(), tenant=owner)
        try:
            domain = add_domain(access=access, name=name)
            if vouch:
                vouch_for(access=access, domain=domain)
        except Refused as refused:
            raise CommandError(refused.message) from refused
        if vouch:
            self.stdout.write(f"{domain.name} is a domain of {owner.name} now.")
        else:
            self.stdout.write(f'Publish: {domain.challenge_name}. TXT "{domain.proof_token}"')
