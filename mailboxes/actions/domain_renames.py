"""Make the name of an alias domain the main name of the domain that it leads to."""

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Value
from django.db.models.functions import Concat, Left, Length

from domains.actions.names import swap_names
from domains.actions.removal import remove_domain
from domains.actions.rows import lock_domain, record, refuse_removed
from domains.models import Domain
from mailboxes.models import Address, AddressKind, Mailbox, MailUsage, SendAs, Target
from mailboxes.target_graph import lock_graph
from panel.accounts.models import User
from panel.lib.addresses import MAX_ADDRESS, display_domain
from panel.lib.errors import Refused
from panel.tenants.access import Access
from panel.tenants.models import Revocation, RevocationKind, Tenant
from panel.tenants.roles import Permission


@transaction.atomic
def rename_domain(*, access: Access, domain: Domain, keep_old: bool) -> Domain:
    """Make the name of the alias domain `domain` the main name: the domain that it leads to takes the
    name, with every address in it, and `domain` takes the old one and stays an alias domain, or is
    removed. Mail lies by keys, so no file moves; targets, rights and principals of the tenant follow.
    The statements are as few for a hundred thousand mailboxes as for one.

    Returns the main domain. Raises `PermissionDenied`, 404 for what `access` does not see, and `Refused`
    (alias_none, alias_unproved, domain_removed, domain_suspended, address_too_long).
    """
    access.require(Permission.DOMAIN_EDIT)
    access.require(Permission.MAILBOX_EDIT)
    if not keep_old:
        access.require(Permission.DOMAIN_REMOVE)
    lock_graph()
    main, alias = _locked(access, domain)
    old, new = main.name, alias.name
    _refuse_long_addresses(main, new)
    # Names that were given up here before it became an alias domain.
    alias.addresses.filter(kind=AddressKind.RESERVED).delete()
    swap_names(main, alias)
    _move_usage(old, new)
    count = Address.objects.filter(domain=main).update(address=Concat(F("local_part"), Value(f"@{new}")))
    _move_targets(main.tenant, old, new)
    _move_rights(main, old, new)
    principals = Mailbox.objects.filter(address__domain=main, user__isnull=False).values("user")
    User.objects.filter(pk__in=principals).update(email=_renamed("email", old, new))
    Tenant.objects.filter(pk=main.tenant_id, contact_email__iendswith=f"@{old}").update(
        contact_email=_renamed("contact_email", old, new)
    )
    # Postfix needs no reload: both names were domains of ours, and are.
    Revocation.objects.create(kind=RevocationKind.DOMAIN, subject=old)
    told = {"name": new, "old_name": "an alias domain" if keep_old else "removed", "addresses": count}
    record("domain.rename", main, access, before={"name": old}, after=told)
    record("domain.edit", alias, access, before={"name": new}, after={"name": old})
    if not keep_old:
        remove_domain(access=access, domain=alias)
    return main


def _locked(access: Access, domain: Domain) -> tuple[Domain, Domain]:
    """The main domain and its alias, held; in the order of their keys, so that two never wait for each other."""
    main_id = Domain.objects.of(access).filter(pk=domain.pk).values_list("alias_of_id", flat=True).first()
    keys = sorted({domain.pk, main_id or domain.pk})
    rows = {key: lock_domain(access, Domain(pk=key), Permission.DOMAIN_EDIT) for key in keys}
    alias = rows[domain.pk]
    main = rows.get(alias.alias_of_id or 0)
    if main is None:
        message = f"{display_domain(alias.name)} is no alias domain, so it is a main name already."
        raise Refused(message, "alias_none")
    for row in (alias, main):
        refuse_removed(row)
        if row.is_suspended:
            message = f"{display_domain(row.name)} is suspended. Its name can change when it works again."
            raise Refused(message, "domain_suspended")
    if not alias.is_proved:
        message = f"{display_domain(alias.name)} is not proved yet. It can be the main name after the proof."
        raise Refused(message, "alias_unproved")
    return main, alias


def _refuse_long_addresses(main: Domain, new: str) -> None:
    longest = MAX_ADDRESS - len(new) - 1
    too_long = main.addresses.annotate(size=Length("local_part")).filter(size__gt=longest).first()
    if too_long is not None:
        message = (
            f"{too_long.local_part}@{display_domain(new)} would have more than {MAX_ADDRESS} characters."
            " Rename or delete that address first."
        )
        raise Refused(message, "address_too_long")


def _renamed(field: str, old: str, new: str) -> Concat:
    """The address in `field`, which ends in the old name, with the new one."""
    return Concat(Left(field, Length(field) - Value(len(old))), Value(new))


def _move_usage(old: str, new: str) -> None:
    """Dovecot's figures are in another database on SQLite. Were this transaction undone, only they are lost."""
    MailUsage.objects.filter(username__endswith=f"@{new}").delete()
    MailUsage.objects.filter(username__endswith=f"@{old}").update(username=_renamed("username", old, new))


def _move_targets(tenant: Tenant, old: str, new: str) -> None:
    """Those of the tenant. The old name leads to the same place while it is an alias domain, but a mailbox
    knows its own copy by its present address."""
    mine = Target.objects.filter(
        address__in=Address.objects.filter(domain__tenant=tenant), destination__endswith=f"@{old}"
    )
    moved = _renamed("destination", old, new)
    same = Target.objects.filter(address=OuterRef("address"), destination=OuterRef("moved"))
    double = mine.annotate(moved=moved).filter(Exists(same))
    Target.objects.filter(pk__in=double.values("pk")).delete()
    mine.update(destination=moved)


def _move_rights(main: Domain, old: str, new: str) -> None:
    mine = SendAs.objects.filter(
        mailbox__in=Mailbox.objects.filter(address__domain__tenant=main.tenant),
        sender__endswith=f"@{old}",
    )
    moved = _renamed("sender", old, new)
    same = SendAs.objects.filter(mailbox=OuterRef("mailbox"), sender=OuterRef("moved"))
    double = mine.annotate(moved=moved).filter(Exists(same))
    SendAs.objects.filter(pk__in=double.values("pk")).delete()
    mine.update(sender=moved)
    # A right to the own address as the alias domain spelled it is a right to itself now.
    own = SendAs.objects.filter(mailbox__address__domain=main, sender=F("mailbox__address__address"))
    SendAs.objects.filter(pk__in=own.values("pk")).delete()
