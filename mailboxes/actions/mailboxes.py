"""Add and change mailboxes."""

import unicodedata
from dataclasses import asdict, dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from domains.models import Domain
from mailboxes.actions.aliases import lock_domain, reserved_words
from mailboxes.models import Address, AddressKind, Mailbox, MailboxState, MailUsage, Vacation
from mailboxes.outranking import refuse_outranked
from mailboxes.passwords import check_policy, generate_password, hash_password
from mailboxes.quotas import check_quota
from mailboxes.vacations import compile_phrase
from panel.audit import log
from panel.lib.addresses import MAX_ADDRESS, display_address, normalise_local_part
from panel.lib.errors import Refused
from panel.lib.forms import refuse_unseen_characters
from panel.tenants import caps
from panel.tenants.access import Access
from panel.tenants.models import Revocation, RevocationKind, Tenant, UsageKind
from panel.tenants.roles import Permission

MAX_NAME = 120


@dataclass(frozen=True)
class Protocols:
    """The doors through which the mailbox may be used."""

    imap: bool = True
    pop3: bool = True
    smtp: bool = True
    sieve: bool = True

    @classmethod
    def of(cls, mailbox: Mailbox) -> "Protocols":
        return cls(mailbox.imap_enabled, mailbox.pop3_enabled, mailbox.smtp_enabled, mailbox.sieve_enabled)

    def columns(self) -> dict[str, bool]:
        return {f"{name}_enabled": is_open for name, is_open in asdict(self).items()}

    def lacks_any_of(self, other: "Protocols") -> bool:
        mine, theirs = asdict(self), asdict(other)
        return any(theirs[name] and not mine[name] for name in theirs)


ALL_PROTOCOLS = Protocols()


@dataclass(frozen=True)
class NewPassword:
    """A mailbox whose password was just set. `one_time` is the generated one, to be shown once, or the
    empty string where somebody typed it."""

    mailbox: Mailbox
    one_time: str = ""

    def __repr__(self) -> str:
        return f"NewPassword({self.mailbox})"


def add_mailbox(
    *,
    access: Access,
    domain: Domain,
    local_part: str,
    quota_bytes: int | None,
    name: str = "",
    password: str | None = None,
    protocols: Protocols = ALL_PROTOCOLS,
) -> NewPassword:
    """The new mailbox `local_part@domain`. Without a password one is made, and returned this once.

    Raises `PermissionDenied`, and `Refused`: whatever a local part or password is refused for,
    address_taken, outranked, cap_reached, quota_*, name_*, domain_*.
    """
    access.require(Permission.MAILBOX_EDIT)
    local, full = address_in(domain, local_part)
    name = check_name(name)
    check_quota(quota_bytes)
    hashed, one_time = _hash_or_make(password, full)
    with transaction.atomic():
        locked = lock_domain(access, domain)
        # The domain may have got another name since it was looked up.
        full = address_in(locked, local)[1]
        _refuse_outranked_name(access, full)
        refuse_taken(full)
        take_caps(locked.tenant, quota_bytes)
        address = _reserve(Address(domain=locked, kind=AddressKind.MAILBOX, local_part=local, address=full))
        mailbox = Mailbox.objects.create(
            address=address,
            name=name,
            password_hash=hashed,
            password_changed_at=timezone.now(),
            quota_bytes=quota_bytes,
            **protocols.columns(),
        )
        record("mailbox.add", access, mailbox, after=_facts(mailbox))
    return NewPassword(mailbox, one_time)


def _hash_or_make(typed: str | None, address: str) -> tuple[str, str]:
    """The hash, and the password where one was made. Hashing takes its time, so it comes before any lock."""
    if typed is None:
        one_time = generate_password()
        return hash_password(one_time), one_time
    check_policy(typed, address)
    return hash_password(typed), ""


def address_in(domain: Domain, typed: str) -> tuple[str, str]:
    """The local part as it is stored, and the whole address."""
    local = _local_part(typed)
    full = f"{local}@{domain.name}"
    if len(full) > MAX_ADDRESS:
        raise Refused("An address has at most 254 characters.", "address_too_long", "local_part")
    return local, full


@transaction.atomic
def edit_mailbox(
    *, access: Access, mailbox: Mailbox, name: str, quota_bytes: int | None, protocols: Protocols
) -> Mailbox:
    """Give the mailbox this name, quota and these protocols. A protocol that is taken away ends open
    sessions. Its address stays: `rename_mailbox` changes that.

    Raises `PermissionDenied`, and `Refused` (outranked, mailbox_deleted, cap_reached, quota_*, name_*).
    """
    mailbox = locked_mailbox(access, mailbox)
    name = check_name(name)
    check_quota(quota_bytes)
    before = _facts(mailbox)
    if quota_bytes != mailbox.quota_bytes:
        _move_quota(mailbox.address.domain.tenant, mailbox.quota_bytes, quota_bytes)
    is_narrower = protocols.lacks_any_of(Protocols.of(mailbox))
    mailbox.name, mailbox.quota_bytes = name, quota_bytes
    columns = protocols.columns()
    for column, is_open in columns.items():
        setattr(mailbox, column, is_open)
    mailbox.save(update_fields=["name", "quota_bytes", *columns])
    # The reply is compiled, with the display name in it.
    Vacation.objects.filter(mailbox=mailbox).update(phrase=compile_phrase(name))
    if is_narrower:
        end_sign_ins(mailbox)
    after = _facts(mailbox)
    changed = [key for key in after if after[key] != before[key]]
    if changed:
        record(
            "mailbox.edit",
            access,
            mailbox,
            before={key: before[key] for key in changed},
            after={key: after[key] for key in changed},
        )
    return mailbox


def locked_mailbox(access: Access, mailbox: Mailbox, *, deleted: bool = False) -> Mailbox:
    """The mailbox as it stands, held until the transaction ends. Raises `PermissionDenied`, and
    `Refused` (outranked; mailbox_deleted or mailbox_not_deleted unless it is as `deleted` says)."""
    access.require(Permission.MAILBOX_EDIT)
    # The address too: a statement that waited for a rename sees the new values of what it locks alone.
    found = (
        Mailbox.objects.of(access)
        .select_for_update(of=("self", "address"), no_key=True)
        .select_related("address__domain__tenant")
        .get(pk=mailbox.pk)
    )
    refuse_outranked(access, found.address.address)
    if deleted and found.state != MailboxState.DELETED:
        raise Refused("This mailbox is not deleted.", "mailbox_not_deleted")
    if not deleted and found.state == MailboxState.DELETED:
        raise Refused("This mailbox is deleted. Bring it back first.", "mailbox_deleted")
    return found


def take_caps(tenant: Tenant, quota_bytes: int | None) -> None:
    """Take one mailbox with its quota; the refusal stands at the field that can help."""
    caps.take(tenant, UsageKind.MAILBOXES)
    try:
        if quota_bytes is None:
            caps.take(tenant, UsageKind.UNMETERED)
        else:
            caps.take(tenant, UsageKind.STORAGE, quota_bytes)
    except Refused as refused:
        raise refused.at("quota_bytes") from refused


def end_sign_ins(mailbox: Mailbox) -> None:
    """Have cached sign-ins forgotten and open sessions ended at the mail servers, in this transaction."""
    Revocation.objects.create(kind=RevocationKind.SIGN_IN, subject=mailbox.address.address)


def record(
    action: str,
    access: Access,
    mailbox: Mailbox,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    log.record(
        action,
        actor=access.actor,
        tenant_id=mailbox.address.domain.tenant_id,
        obj=("mailbox", mailbox.pk, mailbox.address.address),
        before=before,
        after=after,
    )


def check_name(name: str) -> str:
    """The display name in its normal form. Raises `Refused` (name_characters, name_too_long)."""
    text = unicodedata.normalize("NFC", name).strip()
    try:
        refuse_unseen_characters(text)
    except ValidationError as error:
        raise Refused(error.messages[0], "name_characters", "name") from error
    if len(text) > MAX_NAME:
        raise Refused(f"A name has at most {MAX_NAME} letters.", "name_too_long", "name")
    return text


def _move_quota(tenant: Tenant, old: int | None, new: int | None) -> None:
    """From one quota to another. Both kinds are always locked in one order."""
    try:
        caps.take(tenant, UsageKind.STORAGE, (new or 0) - (old or 0))
        caps.take(tenant, UsageKind.UNMETERED, int(new is None) - int(old is None))
    except Refused as refused:
        raise refused.at("quota_bytes") from refused


def _facts(mailbox: Mailbox) -> dict[str, Any]:
    return {
        "name": mailbox.name,
        "quota_bytes": mailbox.quota_bytes,
        **asdict(Protocols.of(mailbox)),
    }


def _local_part(text: str) -> str:
    try:
        return normalise_local_part(text)
    except Refused as refused:
        raise refused.at("local_part") from refused


def _refuse_outranked_name(access: Access, full: str) -> None:
    """A mailbox under somebody's address would get the mail with which they reset their password."""
    try:
        refuse_outranked(access, full)
    except Refused as refused:
        raise refused.at("local_part") from refused


def _reserve(address: Address) -> Address:
    """Make the row. The same name may be taken in the same moment: the database decides."""
    try:
        with transaction.atomic():
            address.save(force_insert=True)
    except IntegrityError:
        refuse_taken(address.address)
        raise
    # Figures of an earlier mailbox of this name, if its purge could not reach them.
    MailUsage.objects.filter(username=address.address).delete()
    return address


def refuse_taken(full: str) -> None:
    existing = Address.objects.select_related("mailbox").filter(address=full).first()
    if existing is None:
        return
    shown = display_address(full)
    if existing.kind == AddressKind.ALIAS:
        message = f"{shown} is an alias already. Delete the alias first, or choose another name."
    elif existing.kind == AddressKind.RESERVED:
        message = reserved_words(existing)
    elif existing.mailbox.state == MailboxState.DELETED:
        until = existing.mailbox.purge_at
        when = f" until {until.day} {until:%B %Y}" if until else ""
        message = f"{shown} was deleted and can be brought back{when}. Its name is reserved until then."
    else:
        message = f"There is a mailbox {shown} already. Choose another name."
    raise Refused(message, "address_taken", "local_part")
