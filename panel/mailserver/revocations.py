"""Carries out revocations: effects outside the database that must follow a change."""

import logging
from collections.abc import Iterable
from datetime import timedelta

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from domains.models import Domain
from mailboxes.models import Mailbox
from panel.environment import environment
from panel.mailserver import requests
from panel.mailserver.doveadm import Doveadm, DoveadmError
from panel.mailserver.layout import Layout
from panel.mailserver.programs import mail_programs
from panel.tenants.models import Revocation, RevocationKind

log = logging.getLogger(__name__)
LEASE = timedelta(seconds=60)
LONGEST_WAIT_SECONDS = 60
BATCH = 200
FLUSH_AT_ONCE = 500


def due_ids() -> list[int]:
    """What is due and nobody is at, oldest first."""
    return list(_due().order_by("due_at", "pk").values_list("pk", flat=True)[:BATCH])


def carry_out(revocation_id: int) -> bool:
    """Claim one row and do it; whether it is done now. A failure is written down and due again later;
    doing one twice changes nothing twice."""
    now = timezone.now()
    claimed = _due().filter(pk=revocation_id).update(lease_until=now + LEASE, attempts=F("attempts") + 1)
    if claimed != 1:
        return False
    row = Revocation.objects.get(pk=revocation_id)
    try:
        _execute(row)
    except (DoveadmError, requests.NotDoneError, OSError, ValueError) as error:
        wait = min(2 ** min(row.attempts, 10), LONGEST_WAIT_SECONDS)
        log.warning("Revocation %s (%s) is tried again in %s s: %s", row.pk, row.kind, wait, error)
        Revocation.objects.filter(pk=row.pk).update(
            due_at=timezone.now() + timedelta(seconds=wait), lease_until=None, last_error=str(error)[:300]
        )
        return False
    Revocation.objects.filter(pk=row.pk).update(done_at=timezone.now(), lease_until=None, last_error="")
    return True


def _due() -> QuerySet[Revocation]:
    now = timezone.now()
    return Revocation.objects.filter(done_at=None, due_at__lte=now).filter(
        Q(lease_until=None) | Q(lease_until__lt=now)
    )


def _execute(row: Revocation) -> None:
    layout = Layout(environment.state_dir.resolve(), environment.mail_port_offset)
    if not mail_programs(layout):
        return  # No mail server runs here: nothing is cached and nobody is connected.
    match row.kind:
        case RevocationKind.SIGN_IN:
            _end_sign_ins(layout, [row.subject], [row.subject])
        case RevocationKind.DOMAIN:
            domains = Domain.objects.filter(name=row.subject, proved_at__isnull=False)
            _end_sign_ins_of(layout, domains, former=_former_users(domains))
        case RevocationKind.TENANT:
            below = Domain.objects.filter(
                tenant__above__ancestor_id=int(row.subject), proved_at__isnull=False
            )
            _end_sign_ins_of(layout, below)
        case RevocationKind.RELOAD:
            requests.ask(layout.requests, requests.reload_name(row.pk))
        case RevocationKind.HELD:
            requests.ask(layout.requests, requests.held_name(row.pk))
        case RevocationKind.FILES:
            requests.ask(layout.requests, requests.files_name(row.subject, row.pk))
        case _:
            raise ValueError(f"unknown kind {row.kind}")


def _end_sign_ins_of(layout: Layout, domains: QuerySet[Domain], former: Iterable[str] = ()) -> None:
    addresses = Mailbox.objects.filter(address__domain__in=domains).values_list("address__address", flat=True)
    names = domains.order_by("name").values_list("name", flat=True)
    _end_sign_ins(layout, [*addresses.order_by("pk"), *former], [f"*@{name}" for name in names])


def _former_users(domains: QuerySet[Domain]) -> list[str]:
    """Nobody signs in with the name of an alias domain, but until a moment ago they may have: it was the
    main name before another one took its place."""
    behind = domains.filter(alias_of__isnull=False).values_list("name", "alias_of_id")
    return [
        f"{local_part}@{name}"
        for name, main_id in behind
        for local_part in Mailbox.objects.filter(address__domain=main_id)
        .order_by("pk")
        .values_list("address__local_part", flat=True)
    ]


def _end_sign_ins(layout: Layout, users: list[str], masks: list[str]) -> None:
    """The cache first: a client that is thrown out comes back at once, and must not find itself there."""
    doveadm = Doveadm(layout.port("doveadm"), layout.secret("doveadm"))
    for start in range(0, len(users), FLUSH_AT_ONCE):
        doveadm.flush_sign_ins(users[start : start + FLUSH_AT_ONCE])
    for mask in masks:
        doveadm.kick(mask)
