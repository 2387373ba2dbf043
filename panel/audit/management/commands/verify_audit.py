"""`manage.py verify_audit`: whether anybody changed the audit trail behind the panel's back."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from panel.audit.chain import breaks, chains
from panel.audit.models import AuditHead

Kept = dict[int, tuple[int, str]]


class Command(BaseCommand):
    help = (
        "Read every tenant's audit trail and find entries that were changed, left out or cut off. Ends with "
        "status 1 when anything is wrong. Keep the file of --write on another machine: a later run with "
        "--against finds also a trail that was rewritten as a whole."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", type=int, help="Only the trail of this tenant; 0 is that of none.")
        parser.add_argument("--write", type=Path, metavar="FILE", help="Write where each trail ends now.")
        parser.add_argument("--against", type=Path, metavar="FILE", help="Compare with a file of --write.")

    def handle(self, **options: Any) -> None:
        kept = _read(options["against"]) if options["against"] else {}
        only = options["tenant"]
        keys = sorted({*chains(), *kept}) if only is None else [only]
        # Taken before the reading: only an end that was read is worth keeping.
        ends = list(AuditHead.objects.filter(pk__in=keys).order_by("pk"))
        found = [one for key in keys for one in breaks(key, kept.get(key))]
        for one in found:
            self.stdout.write(f"Tenant {one.chain}: {one.sentence}.")
        if found:
            message = f"{len(found)} breaks in the audit trail."
            raise CommandError(message)
        if options["write"]:
            lines = [f"{end.chain} {end.sequence} {end.digest}\n" for end in ends]
            options["write"].write_text("".join(lines), encoding="ascii")
        total = sum(end.sequence for end in ends)
        self.stdout.write(f"{total} entries in {len(ends)} trails are whole.")


def _read(path: Path) -> Kept:
    kept: Kept = {}
    try:
        for line in path.read_text(encoding="ascii").splitlines():
            chain, sequence, digest = line.split()
            kept[int(chain)] = (int(sequence), digest)
    except (OSError, ValueError) as error:
        message = f"{path} is not a file that verify_audit wrote: {error}"
        raise CommandError(message) from error
    return kept
