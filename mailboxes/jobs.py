"""What the worker does for mailboxes: purges them when their grace is over, and warns before they are full."""

import logging
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone

from domains.models import Domain
from mailboxes.models import Address, AddressKind, Alias, Mailbox, MailboxState, MailUsage
from mailboxes.quotas import warn_percent
from mailboxes.sources import leading_to, take_back_rights, take_out
from mailboxes.target_graph import lock_graph
from panel.audit import log
from panel.audit.actor import SYSTEM
from panel.lib.addresses import display_address
from panel.tenants import caps
from panel.tenants.models import Revocation, RevocationKind, UsageKind
from panel.tenants.suspension import suspended_filter

logger = logging.getLogger(__name__)

BATCH = 500
# Longer than a message can take to be handed to our own Postfix.
NOTICE_LEASE = timedelta(minutes=5)
USAGE_BATCH = 5000
_TAKING = (MailboxState.ACTIVE, MailboxState.RECEIVE_ONLY)


def purge_deleted() -> int:
    """Purge mailboxes whose grace is over, and every address of domains whose grace is over; how many
    mailboxes. Each in a transaction of its own, so that a purge that is killed goes on where it was."""
    purged = 0
    for pk in list(_due().order_by("purge_at").values_list("pk", flat=True)[:BATCH]):
        purged += purge_mailbox(pk)
    for pk in list(_in_gone_domains(Alias.objects.all()).values_list("pk", flat=True)[:BATCH]):
        _purge_alias(pk)
    for pk in list(_free_names().values_list("pk", flat=True)[:BATCH]):
        _free_name(pk)
    return purged


@transaction.atomic
def purge_mailbox(pk: int) -> bool:
    """Remove a mailbox that is due, with all that hangs on it, so that a mailbox made anew under its
    address inherits nothing. False where it is not due any more, or gone already."""
    lock_graph()
    mailbox = (
        _due().select_for_update(of=("self",)).select_related("address__domain__tenant").filter(pk=pk).first()
    )
    if mailbox is None:
        return False
    address, user = mailbox.address, mailbox.user
    domain = address.domain
    # Usage before the first entry of the trail, as in every act.
    caps.give(domain.tenant, UsageKind.MAILBOXES)
    if mailbox.quota_bytes is None:
        caps.give(domain.tenant, UsageKind.UNMETERED)
    else:
        caps.give(domain.tenant, UsageKind.STORAGE, mailbox.quota_bytes)
    before = {"quota_bytes": mailbox.quota_bytes, "senders": take_back_rights(address)}
    # Mail meant for who had the address must not reach who gets it next.
    take_out(leading_to(address), actor=SYSTEM)
    # Dovecot's figures are in another database on SQLite. Were this transaction undone, only they are lost.
    MailUsage.objects.filter(username=address.address).delete()
    mailbox.delete()
    address.delete()
    if user is not None:
        user.delete()
    Revocation.objects.create(kind=RevocationKind.SIGN_IN, subject=address.address)
    Revocation.objects.create(kind=RevocationKind.FILES, subject=f"{domain.pk}/{pk}")
    log.record(
        "mailbox.purge",
        actor=SYSTEM,
        tenant_id=domain.tenant_id,
        obj=("mailbox", pk, address.address),
        before=before,
    )
    return True


def warn_full() -> int:
    """Write to mailboxes that reached 80 or 95 per cent of their quota, once each until they fall below;
    how many messages were sent."""
    return sum(_warn(pk, used) for pk, used in list(_to_warn()))


def _gone_domains() -> QuerySet[Domain]:
    return Domain.objects.filter(removed_at__isnull=False, purge_at__lte=timezone.now())


def _in_gone_domains(rows: QuerySet[Alias]) -> QuerySet[Alias]:
    return rows.filter(address__domain__in=_gone_domains())


def _due() -> QuerySet[Mailbox]:
    over = Q(state=MailboxState.DELETED, purge_at__lte=timezone.now())
    return Mailbox.objects.filter(over | Q(address__domain__in=_gone_domains()))


@transaction.atomic
def _purge_alias(pk: int) -> None:
    lock_graph()
    alias = (
        _in_gone_domains(Alias.objects.select_for_update(of=("self",)))
        .select_related("address__domain__tenant")
        .filter(pk=pk)
        .first()
    )
    if alias is None:
        return
    address = alias.address
    take_back_rights(address)
    if address.local_part:
        take_out(leading_to(address), actor=SYSTEM)
    address.delete()
    caps.give(address.domain.tenant, UsageKind.ALIASES)
    log.record(
        "alias.purge",
        actor=SYSTEM,
        tenant_id=address.domain.tenant_id,
        obj=("alias", pk, address.address),
    )


def _free_names() -> QuerySet[Address]:
    over = Q(reserved_until__lte=timezone.now()) | Q(domain__in=_gone_domains())
    return Address.objects.filter(over, kind=AddressKind.RESERVED)


@transaction.atomic
def _free_name(pk: int) -> None:
    """Let others have a name that a renamed mailbox gave up, and nothing that was meant for that one."""
    lock_graph()
    address = (
        _free_names().select_for_update(of=("self",)).select_related("domain__tenant").filter(pk=pk).first()
    )
    if address is not None:
        take_back_rights(address)
        take_out(leading_to(address), actor=SYSTEM)
        address.delete()


def _reachable() -> QuerySet[Mailbox]:
    """Mailboxes that our own mail server takes mail for now: a notice to another one would be tried, and
    refused, for as long as it stays full."""
    return Mailbox.objects.filter(
        ~suspended_filter("address__domain__tenant_id"),
        state__in=_TAKING,
        address__domain__suspended_at=None,
        address__domain__removed_at=None,
    )


def _to_warn() -> Iterator[tuple[int, int]]:
    """Mailboxes whose warned level is not what their use says, with the use."""
    if settings.USAGE_DATABASE == "default":
        yield from _to_warn_joined()
    else:
        yield from _to_warn_in_batches()


def _to_warn_joined() -> list[tuple[int, int]]:
    """One statement where both tables are in one database: it reads what is near full, and nothing else."""
    level = (
        "CASE WHEN u.used_bytes * 100 >= m.quota_bytes * 95 THEN 95"
        " WHEN u.used_bytes * 100 >= m.quota_bytes * 80 THEN 80 ELSE 0 END"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT m.id, u.used_bytes FROM mail_usage u"  # noqa: S608 -- made of literals alone
            " JOIN mailboxes_address a ON a.address = u.username"
            " JOIN mailboxes_mailbox m ON m.address_id = a.id JOIN domains_domain d ON d.id = a.domain_id"
            " WHERE u.used_bytes IS NOT NULL AND m.quota_bytes IS NOT NULL AND m.state IN (%s, %s)"
            f" AND m.quota_warned_percent <> {level} AND d.suspended_at IS NULL AND d.removed_at IS NULL"
            " AND NOT EXISTS (SELECT 1 FROM tenants_ancestry up JOIN tenants_tenant t ON t.id = up.ancestor_id"
            " WHERE up.tenant_id = d.tenant_id AND t.suspended_at IS NOT NULL) LIMIT %s",
            [*_TAKING, BATCH],
        )
        return [(int(pk), int(used)) for pk, used in cursor.fetchall()]


def _to_warn_in_batches() -> Iterator[tuple[int, int]]:
    """The same over two database files, by key."""
    last = ""
    while batch := dict(
        MailUsage.objects.filter(username__gt=last, used_bytes__isnull=False)
        .order_by("username")
        .values_list("username", "used_bytes")[:USAGE_BATCH]
    ):
        rows = _reachable().filter(address__address__in=list(batch), quota_bytes__isnull=False)
        for pk, address, quota, warned in rows.values_list(
            "pk", "address__address", "quota_bytes", "quota_warned_percent"
        ):
            used_bytes = batch[address] or 0
            if warned != warn_percent(used_bytes, quota or 0):
                yield pk, used_bytes
        last = next(reversed(batch))


def _warn(pk: int, used_bytes: int) -> bool:
    """Move the level, and write where it rose; whether a message was sent. The row is claimed first, so of
    two runs one writes, and marked after: a run that dies between leaves it to the next one when the
    lease is over. Who dies after the message and before the mark has it sent twice, never not at all."""
    now = timezone.now()
    lease = now + NOTICE_LEASE
    rows = Mailbox.objects.filter(pk=pk, quota_bytes__isnull=False)
    free = Q(quota_notice_lease_until=None) | Q(quota_notice_lease_until__lt=now)
    if not rows.filter(free).update(quota_notice_lease_until=lease):
        return False
    mailbox = rows.select_related("address").filter(quota_notice_lease_until=lease).first()
    if mailbox is None:
        return False
    new = warn_percent(used_bytes, mailbox.quota_bytes or 0)
    is_risen = new > mailbox.quota_warned_percent
    done = {"quota_warned_percent": new}
    if is_risen and not _send_notice(mailbox, new, used_bytes):
        done = {}
    rows.filter(quota_notice_lease_until=lease).update(quota_notice_lease_until=None, **done)
    return is_risen and bool(done)


def _send_notice(mailbox: Mailbox, percent: int, used_bytes: int) -> bool:
    address = mailbox.address.address
    context = {
        "name": mailbox.name,
        "address": display_address(address),
        "percent": percent,
        "used_bytes": used_bytes,
        "quota_bytes": mailbox.quota_bytes,
        "panel_url": settings.PANEL_URL,
    }
    try:
        text = render_to_string("email/mailboxes/almost_full.txt", context)
        send_mail(f"Your mailbox is {percent}% full", text, None, [address])
    except OSError:
        logger.exception("the notice about mailbox %s was not sent, it is tried again", mailbox.pk)
        return False
    return True
