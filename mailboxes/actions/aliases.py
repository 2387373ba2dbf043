"""Add, change and take away aliases; the catch-all is the alias with an empty local part."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from django.db import IntegrityError, transaction

from domains.models import Domain
from mailboxes.models import Address, AddressKind, Alias, MailboxState, Target
from mailboxes.outranking import refuse_outranked
from mailboxes.sources import leading_to, take_back_rights, take_out
from mailboxes.target_graph import ROLE_LOCAL_PARTS, check_address, lock_graph
from mailboxes.targets import normalise_destinations
from panel.audit import log
from panel.lib.addresses import MAX_ADDRESS, display_address, normalise_local_part
from panel.lib.errors import Refused
from panel.tenants import caps
from panel.tenants.access import Access
from panel.tenants.models import UsageKind
from panel.tenants.roles import Permission

MAX_COMMENT = 200

Checked = TypeVar("Checked")


@transaction.atomic
def add_alias(
    *, access: Access, domain: Domain, local_part: str, destinations: Iterable[str], comment: str = ""
) -> Alias:
    """The new alias `local_part@domain`, delivering to `destinations`.

    Raises `Refused`: whatever a local part or target is refused for, address_taken, outranked,
    cap_reached, domain_*, targets_*.
    """
    name = _at("local_part", normalise_local_part, local_part)
    return _add(access, domain, name, destinations, comment)


@transaction.atomic
def set_catch_all(*, access: Access, domain: Domain, destinations: Iterable[str]) -> Alias:
    """The alias that takes what no other address of the domain takes: new, or with new targets."""
    existing = Alias.objects.of(access).filter(address__domain=domain, address__local_part="").first()
    if existing is not None:
        return edit_alias(access=access, alias=existing, destinations=destinations, comment=existing.comment)
    return _add(access, domain, "", destinations, "")


@transaction.atomic
def clear_catch_all(*, access: Access, domain: Domain) -> bool:
    """Take the catch-all away; without one nothing happens. Always true, for forms."""
    existing = Alias.objects.of(access).filter(address__domain=domain, address__local_part="").first()
    if existing is not None:
        delete_alias(access=access, alias=existing)
    return True


@transaction.atomic
def edit_alias(*, access: Access, alias: Alias, destinations: Iterable[str], comment: str) -> Alias:
    """Give the alias these targets and this comment. Its address stays: a new name is a new alias."""
    alias = _locked(access, alias)
    refuse_outranked(access, alias.address.address)
    wanted = check_destinations(alias.address, destinations)
    before, after = replace_targets(alias.address, wanted)
    if before != after:
        check_address(alias.address)
    comment = _checked_comment(comment)
    old_comment, alias.comment = alias.comment, comment
    alias.save(update_fields=["comment"])
    if (before, old_comment) != (after, comment):
        _record(
            "alias.edit",
            access,
            alias,
            before={"destinations": before, "comment": old_comment},
            after={"destinations": after, "comment": comment},
        )
    return alias


@transaction.atomic
def enable_alias(*, access: Access, alias: Alias) -> Alias:
    return _switch(access, alias, is_enabled=True)


@transaction.atomic
def disable_alias(*, access: Access, alias: Alias) -> Alias:
    """Senders get 550 until it is enabled again; targets and comment stay.

    Raises `Refused` (outranked, role_stays_on).
    """
    # RFC 2142 5, RFC 5321 4.5.1: these names always answer. Without the alias the contact gets the mail.
    if alias.address.local_part in ROLE_LOCAL_PARTS:
        message = f"{display_address(alias.address.address)} always works. Give it other targets, or delete the alias."
        raise Refused(message, "role_stays_on")
    return _switch(access, alias, is_enabled=False)


@transaction.atomic
def delete_alias(*, access: Access, alias: Alias) -> bool:
    """Remove the alias for good, with its targets and with every right to send under its name, so that
    nobody has rights to an address that is made anew. What led to it stops doing so. Always true, for forms.

    Raises `Refused` (outranked, alias_needed_by_catch_all).
    """
    alias = _locked(access, alias)
    address = alias.address
    refuse_outranked(access, address.address)
    before = {
        "destinations": _destinations_of(address),
        "comment": alias.comment,
        "senders": take_back_rights(address),
    }
    _record("alias.delete", access, alias, before=before, after={})
    domain = address.domain
    leading = list(leading_to(address).values_list("pk", flat=True)) if address.local_part else []
    address.delete()
    caps.give(domain.tenant, UsageKind.ALIASES)
    _check_catch_all_without(domain, address.address)
    take_out(Target.objects.filter(pk__in=leading), actor=access.actor)
    return True


def check_destinations(address: Address, destinations: Iterable[str]) -> tuple[str, ...]:
    """The destinations in normal form. Raises `Refused` for none at all, and for the address itself."""
    wanted = normalise_destinations(destinations)
    if not wanted:
        raise Refused(
            "Type at least one address that mail is to go to.", "destinations_empty", "destinations"
        )
    if address.address in wanted:
        message = f"{display_address(address.address)} is the address itself. Type where its mail is to go."
        raise Refused(message, "targets_self", "destinations")
    return wanted


def replace_targets(address: Address, wanted: Sequence[str]) -> tuple[list[str], list[str]]:
    """Make `wanted` the targets of the address, in this order. Returns the targets before and after."""
    before, after = _destinations_of(address), list(wanted)
    if before != after:
        address.targets.all().delete()
        Target.objects.bulk_create(
            [Target(address=address, destination=destination) for destination in after]
        )
    return before, after


def _add(access: Access, domain: Domain, local_part: str, destinations: Iterable[str], comment: str) -> Alias:
    access.require(Permission.ALIAS_EDIT)
    lock_graph()
    domain = lock_domain(access, domain)
    full = f"{local_part}@{domain.name}"
    if len(full) > MAX_ADDRESS:
        raise Refused("An address has at most 254 characters.", "address_too_long", "local_part")
    _refuse_taken(full)
    _at("local_part", lambda name: refuse_outranked(access, name), full)
    caps.take(domain.tenant, UsageKind.ALIASES)
    address = _reserve(Address(domain=domain, kind=AddressKind.ALIAS, local_part=local_part, address=full))
    wanted = check_destinations(address, destinations)
    alias = Alias.objects.create(address=address, comment=_checked_comment(comment))
    replace_targets(address, wanted)
    check_address(address)
    _record(
        "alias.add", access, alias, before={}, after={"destinations": list(wanted), "comment": alias.comment}
    )
    return alias


def lock_domain(access: Access, domain: Domain) -> Domain:
    """The domain as it stands, held until the transaction ends. Raises `Refused` where it is not one of
    `access`, or carries no addresses of its own (domain_unknown, domain_unproved, domain_removed,
    domain_is_alias)."""
    found = (
        Domain.objects.of(access)
        .select_for_update(of=("self",), no_key=True)
        .select_related("tenant", "alias_of")
        .filter(pk=domain.pk)
        .first()
    )
    if found is None:
        raise Refused("Choose one of your domains.", "domain_unknown", "domain")
    if not found.is_proved:
        raise Refused(
            f"{found.name} is not proved yet. Addresses come after the proof.", "domain_unproved", "domain"
        )
    if found.is_removed:
        raise Refused(f"{found.name} is removed. Bring it back first.", "domain_removed", "domain")
    if found.alias_of is not None:
        message = f"{found.name} has every address of {found.alias_of.name}. Add the address there."
        raise Refused(message, "domain_is_alias", "domain")
    return found


def _reserve(address: Address) -> Address:
    """Make the row. A mailbox of the same name may be made in the same moment: the database decides."""
    try:
        with transaction.atomic():
            address.save()
    except IntegrityError:
        _refuse_taken(address.address)
        raise
    return address


def _refuse_taken(full: str) -> None:
    existing = Address.objects.select_related("mailbox", "alias").filter(address=full).first()
    if existing is None:
        return
    shown = display_address(full)
    if existing.kind == AddressKind.RESERVED:
        message = reserved_words(existing)
    elif existing.kind == AddressKind.MAILBOX:
        message = f"There is a mailbox {shown} already. To send its mail on, set forwarding in that mailbox."
        if existing.mailbox.state == MailboxState.DELETED:
            message = f"{shown} was a mailbox and stays reserved until it is gone for good."
            if existing.mailbox.purge_at is not None:
                message = f"{message[:-1]} on {existing.mailbox.purge_at:%-d %B %Y}."
    elif existing.local_part:
        message = f"There is an alias {shown} already. Change its targets instead."
    else:
        message = f"{existing.domain.name} has a catch-all already. Change its targets instead."
    raise Refused(message, "address_taken", "local_part")


def reserved_words(existing: Address) -> str:
    """Why a reserved name is refused."""
    shown, until = display_address(existing.address), existing.reserved_until
    if until is None:
        return f"{shown} is kept free and cannot be used."
    when = f"{until.day} {until:%B %Y}"
    return f"{shown} was given up when its mailbox was renamed. The name stays reserved until {when}."


def _locked(access: Access, alias: Alias) -> Alias:
    """The alias as it stands, after the locks that every change takes, in their order."""
    access.require(Permission.ALIAS_EDIT)
    lock_graph()
    return (
        Alias.objects.of(access)
        .select_for_update(of=("self",))
        .select_related("address__domain__tenant")
        .get(pk=alias.pk)
    )


def _switch(access: Access, alias: Alias, *, is_enabled: bool) -> Alias:
    alias = _locked(access, alias)
    refuse_outranked(access, alias.address.address)
    if alias.is_enabled != is_enabled:
        alias.is_enabled = is_enabled
        alias.save(update_fields=["is_enabled"])
        verb = "alias.enable" if is_enabled else "alias.disable"
        _record(verb, access, alias, before={"is_enabled": not is_enabled}, after={"is_enabled": is_enabled})
    return alias


def _check_catch_all_without(domain: Domain, gone: str) -> None:
    """A catch-all may deliver to an address that has a row of its own; without the row it would deliver
    to itself."""
    catch_all = Address.objects.select_related("domain").filter(domain=domain, local_part="").first()
    if catch_all is None:
        return
    try:
        check_address(catch_all)
    except Refused as refused:
        message = f"The catch-all of {domain.name} needs {display_address(gone)}. Give the catch-all another target first."
        raise Refused(message, "alias_needed_by_catch_all") from refused


def _checked_comment(comment: str) -> str:
    text = comment.strip()
    if len(text) > MAX_COMMENT:
        raise Refused(f"A comment has at most {MAX_COMMENT} characters.", "comment_too_long", "comment")
    if not all(character.isprintable() for character in text):
        raise Refused(
            "There is a character in the comment that cannot be seen.", "comment_characters", "comment"
        )
    return text


def _destinations_of(address: Address) -> list[str]:
    return list(address.targets.order_by("pk").values_list("destination", flat=True))


def _record(
    action: str, access: Access, alias: Alias, *, before: Mapping[str, object], after: Mapping[str, object]
) -> None:
    address = alias.address
    log.record(
        action,
        actor=access.actor,
        tenant_id=address.domain.tenant_id,
        obj=("alias", alias.pk, address.address),
        before=before,
        after=after,
    )


def _at(field: str, check: Callable[[str], Checked], text: str) -> Checked:
    try:
        return check(text)
    except Refused as refused:
        raise refused.at(field) from refused
