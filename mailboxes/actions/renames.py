"""Give a mailbox another address in its domain: its mail, password, rights and forwards stay with it."""

from collections.abc import Callable
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from domains.models import Domain
from mailboxes.actions.aliases import lock_domain
from mailboxes.actions.mailboxes import address_in, end_sign_ins, locked_mailbox, record, refuse_taken
from mailboxes.models import Address, AddressKind, Alias, Mailbox, MailUsage, SendAs, Target
from mailboxes.naming import named
from mailboxes.outranking import refuse_outranked
from mailboxes.target_graph import ROLE_LOCAL_PARTS, check_address, lock_graph
from panel.accounts.models import User
from panel.environment import environment
from panel.lib.addresses import display_address
from panel.lib.errors import Refused
from panel.tenants import caps
from panel.tenants.access import Access
from panel.tenants.models import Tenant, UsageKind
from panel.tenants.roles import Permission


@transaction.atomic
def rename_mailbox(*, access: Access, mailbox: Mailbox, local_part: str, keep_old: bool) -> Mailbox:
    """Make `local_part` the name of the mailbox in its domain. Mail lies by keys, so it stays where it is;
    targets and rights of the tenant that name the old address follow. Its user signs in with the new
    address and the password that they have.

    The old address becomes an alias that leads here, or stays reserved for POSTHOUSE_GRACE_DAYS, in which
    this mailbox alone can take it back. An alias that leads here and nowhere else makes way for the name.

    Raises `PermissionDenied`, and `Refused`: whatever a local part is refused for, address_taken,
    address_same, outranked, mailbox_deleted, role_stays_on, cap_reached, domain_*, targets_*.
    """
    access.require(Permission.MAILBOX_EDIT)
    access.require(Permission.ALIAS_EDIT)
    lock_graph()
    domain = lock_domain(access, mailbox.address.domain)
    mailbox = locked_mailbox(access, mailbox)
    old = mailbox.address.address
    local, new = address_in(domain, local_part)
    _refuse_new_name(access, mailbox, new, keep_old=keep_old)
    # Usage rows come before everything that a trail tells.
    aliases = int(keep_old) - _make_way(mailbox, new)
    _at_name(lambda: caps.take(domain.tenant, UsageKind.ALIASES, aliases), "keep_old")
    end_sign_ins(mailbox)
    followers = _move(mailbox, domain, local, new, keep_old=keep_old)
    if keep_old:
        _at_name(lambda: check_address(_keep_as_alias(mailbox, domain, old)))
    else:
        _reserve(mailbox, domain, old)
    _at_name(lambda: check_address(mailbox.address))
    record(
        "mailbox.rename",
        access,
        mailbox,
        before={"address": old},
        after={"address": new, "old_address": "an alias" if keep_old else "reserved", "followers": followers},
    )
    return mailbox


def _refuse_new_name(access: Access, mailbox: Mailbox, new: str, *, keep_old: bool) -> None:
    old = mailbox.address
    if new == old.address:
        raise Refused("This is its address already. Type another one.", "address_same", "local_part")
    _at_name(lambda: refuse_outranked(access, new))
    if old.local_part in ROLE_LOCAL_PARTS and not keep_old:
        # RFC 5321 4.5.1, RFC 2142 5: mail to these names must always be taken.
        message = f"{display_address(old.address)} must always take mail. Keep it as an alias."
        raise Refused(message, "role_stays_on", "keep_old")


def _make_way(mailbox: Mailbox, new: str) -> int:
    """Remove what holds the new name for this very mailbox: its own former name, or an alias that leads
    here and nowhere else. How many aliases that were; what else has the name is a refusal."""
    row = Address.objects.select_related("mailbox", "alias").filter(address=new).first()
    if row is None:
        return 0
    if row.kind == AddressKind.RESERVED and row.reserved_for_id == mailbox.pk:
        row.delete()
        return 0
    targets = list(row.targets.values_list("destination", flat=True))
    if row.kind != AddressKind.ALIAS or targets != [mailbox.address.address]:
        refuse_taken(new)
    row.delete()
    return 1


def _move(mailbox: Mailbox, domain: Domain, local: str, new: str, *, keep_old: bool) -> list[str]:
    """Write the new name wherever the old one stands. The addresses whose targets followed."""
    address = mailbox.address
    old_local, old = address.local_part, address.address
    # A claim is somebody else's domain until it is proved.
    aliases = domain.alias_domains.filter(proved_at__isnull=False)
    names = [domain.name, *aliases.values_list("name", flat=True)]
    targets = Target.objects.filter(named("destination", old_local, names)).filter(
        address__domain__tenant=domain.tenant_id
    )
    rights = SendAs.objects.filter(named("sender", old_local, names)).filter(
        mailbox__address__domain__tenant=domain.tenant_id
    )
    address.local_part, address.address = local, new
    _save(address)
    followers = _move_targets(list(targets.select_related("address").order_by("pk")), old_local, local)
    _move_rights(list(rights.order_by("pk")), old_local, local, keep_old=keep_old)
    # A mailbox may always send as itself.
    SendAs.objects.filter(mailbox=mailbox, sender=new).delete()
    if keep_old:
        # Who has the name as an alias has no right to it by that alone, and its user had it.
        SendAs.objects.create(mailbox=mailbox, sender=old)
    if mailbox.user_id is not None:
        User.objects.filter(pk=mailbox.user_id).update(email=new)
    for name in names:
        Tenant.objects.filter(pk=domain.tenant_id, contact_email__iexact=f"{old_local}@{name}").update(
            contact_email=f"{local}@{name}"
        )
    # Dovecot's figures are in another database on SQLite. Were this transaction undone, only they are lost.
    MailUsage.objects.filter(username=new).delete()
    MailUsage.objects.filter(username=old).update(username=new)
    return [follower for follower in followers if follower != new]


def _save(address: Address) -> None:
    """The same name may be taken in the same moment: the database decides."""
    try:
        with transaction.atomic():
            address.save(update_fields=["local_part", "address"])
    except IntegrityError:
        refuse_taken(address.address)
        raise


def _move_targets(targets: list[Target], old: str, new: str) -> list[str]:
    """Targets with their tags and domains as they were. What is there already is not there twice."""
    wanted = {target.pk: _renamed(target.destination, old, new) for target in targets}
    there = set(
        Target.objects.filter(destination__in=set(wanted.values())).values_list("address_id", "destination")
    )
    double = {target.pk for target in targets if (target.address_id, wanted[target.pk]) in there}
    Target.objects.filter(pk__in=double).delete()
    moved = [target for target in targets if target.pk not in double]
    for target in moved:
        target.destination = wanted[target.pk]
    Target.objects.bulk_update(moved, ["destination"], batch_size=200)
    return list(dict.fromkeys(target.address.address for target in targets))


def _move_rights(rights: list[SendAs], old: str, new: str, *, keep_old: bool) -> None:
    """Whoever may send as the old name may send as the new one, and as both where both are there."""
    moved = [SendAs(mailbox_id=one.mailbox_id, sender=_renamed(one.sender, old, new)) for one in rights]
    if not keep_old:
        SendAs.objects.filter(pk__in=[one.pk for one in rights]).delete()
    SendAs.objects.bulk_create(moved, ignore_conflicts=True)


def _renamed(address: str, old: str, new: str) -> str:
    """`ann+news@x` with `ann` for `old` and `eve` for `new` is `eve+news@x`."""
    return new + address.removeprefix(old)


def _keep_as_alias(mailbox: Mailbox, domain: Domain, old: str) -> Address:
    address = Address.objects.create(
        domain=domain, kind=AddressKind.ALIAS, local_part=old.rpartition("@")[0], address=old
    )
    Alias.objects.create(address=address, comment="The address before it was renamed")
    Target.objects.create(address=address, destination=mailbox.address.address)
    return address


def _reserve(mailbox: Mailbox, domain: Domain, old: str) -> None:
    """As the name of a deleted mailbox: who gets it next must not get the mail that was meant for its user."""
    Address.objects.create(
        domain=domain,
        kind=AddressKind.RESERVED,
        local_part=old.rpartition("@")[0],
        address=old,
        reserved_until=timezone.now() + timedelta(days=environment.grace_days),
        reserved_for=mailbox,
    )


def _at_name(check: Callable[[], object], field: str = "local_part") -> None:
    try:
        check()
    except Refused as refused:
        raise refused.at(field) from refused
