"""The audit trail in words: pure data, and what a row of it says to a person."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any

from panel.audit.models import AuditEntry
from panel.lib.addresses import display_address, display_domain
from panel.tenants.quantities import size_words
from panel.tenants.roles import ROLE_LABELS

# The nouns of acts, as the filter names them, and the icon of each.
NOUNS = {
    "domain": ("Domains", "globe"),
    "mailbox": ("Mailboxes", "inbox"),
    "alias": ("Aliases", "at"),
    "send_as": ("Rights to send", "send"),
    "member": ("People", "users"),
    "session": ("Sign-ins", "key"),
    "tenant": ("Tenants", "holes"),
    "job": ("Bulk changes", "job"),
}

# What stands between who did it and what it was done to.
ACTS = {
    "alias.add": "added the alias",
    "alias.delete": "deleted the alias",
    "alias.disable": "switched off the alias",
    "alias.edit": "changed the alias",
    "alias.enable": "switched on the alias",
    "alias.purge": "purged the alias",
    "domain.add": "added the domain",
    "domain.check": "asked for a check of the domain",
    "domain.contest": "proved to own the removed domain",
    "domain.edit": "changed the domain",
    "domain.expire": "ended the claim to the domain",
    "domain.grant": "named a manager of the domain",
    "domain.prove": "saw the proof of the domain",
    "domain.purge": "purged the domain",
    "domain.remove": "removed the domain",
    "domain.rename": "gave the main name to the domain",
    "domain.revoke_grant": "took a manager from the domain",
    "domain.suspend": "suspended the domain",
    "domain.undelete": "brought back the domain",
    "domain.unsuspend": "un-suspended the domain",
    "domain.vouch": "vouched for the domain",
    "job.resume": "let go on",
    "job.start": "began",
    "job.stop": "stopped",
    "job.undo": "began",
    "mailbox.add": "added the mailbox",
    "mailbox.change_password": "changed the own password of",
    "mailbox.clear_forwarding": "ended the forwarding of",
    "mailbox.delete": "deleted the mailbox",
    "mailbox.edit": "changed the mailbox",
    "mailbox.end_vacation": "ended the vacation reply of",
    "mailbox.purge": "purged the mailbox",
    "mailbox.rename": "renamed the mailbox",
    "mailbox.set_forwarding": "changed the forwarding of",
    "mailbox.set_password": "set a new password for",
    "mailbox.set_state": "changed the state of",
    "mailbox.set_vacation": "set the vacation reply of",
    "mailbox.undelete": "brought back the mailbox",
    "member.activate": "let back in",
    "member.add": "took into the team",
    "member.change_password": "changed the own password of",
    "member.change_role": "changed the role of",
    "member.create": "made the sign-in of",
    "member.deactivate": "shut out",
    "member.end_sessions": "signed out everywhere",
    "member.hand_out": "handed out a one-time password to",
    "member.remove": "took out of the team",
    "member.rescue": "rescued",
    "member.reset": "reset the password of",
    "member.reset_password": "set a new password by a mailed link for",
    "send_as.grant": "gave a name to send under to",
    "send_as.revoke": "took a name to send under from",
    "session.end": "signed out",
    "session.refuse": "was refused at the sign-in",
    "session.start": "signed in",
    "session.throttle": "was asked to wait at the sign-in",
    "tenant.add": "added the tenant",
    "tenant.edit": "changed the tenant",
    "tenant.found": "founded",
    "tenant.suspend": "suspended",
    "tenant.unsuspend": "un-suspended",
}

_FIELDS = {
    "address": "Address",
    "addresses": "Addresses",
    "admin": "Admin",
    "alias_of": "Alias domain of",
    "comment": "Comment",
    "contact_email": "Contact address",
    "destinations": "Delivers to",
    "email": "E-mail address",
    "failures_before": "Failures before",
    "followers": "Targets changed in",
    "imap": "IMAP",
    "is_active": "May sign in",
    "is_enabled": "Alias",
    "keep_copy": "Keeps a copy",
    "kind": "Kind",
    "manager": "Domain manager",
    "max_aliases": "Limit of aliases",
    "max_domains": "Limit of domains",
    "max_mailboxes": "Limit of mailboxes",
    "max_storage_bytes": "Limit of storage",
    "may_oversell": "May promise more than it has",
    "name": "Name",
    "old_address": "The old address",
    "old_name": "The old name",
    "parent": "Below",
    "pop3": "POP3",
    "proved": "Proved",
    "purge_at": "Gone for good",
    "quota_bytes": "Quota",
    "reason": "Reason",
    "removed": "Removed",
    "role": "Role",
    "sender": "Sends as",
    "senders": "Sent as",
    "sieve": "Filter rules",
    "smtp": "Sending",
    "state": "State",
    "suspended": "Suspended",
    "vacation": "Vacation reply",
    "vacation_from": "From",
    "vacation_message": "Message",
    "vacation_subject": "Subject",
    "vacation_until": "Until",
    "vacation_zone": "Time zone",
}
_NO_LIMIT = {"max_aliases", "max_domains", "max_mailboxes", "max_storage_bytes", "quota_bytes"}
_BYTES = {"max_storage_bytes", "quota_bytes"}
# What is switched on and off.
_SWITCHES = {"imap", "is_enabled", "pop3", "sieve", "smtp", "vacation"}
_MAX_LISTED = 10


@dataclass(frozen=True)
class Fact:
    """One field of an act in words. None where the act tells nothing of that side."""

    label: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Told:
    """An entry with its icon, its act and facts in words, and the name of its tenant where that is asked for."""

    entry: AuditEntry
    icon: str
    act: str
    facts: list[Fact]
    where: str = ""


def act_of(action: str) -> str:
    """`domain.add` as a sentence says it; an act that is not known here keeps its own words."""
    return ACTS.get(action, action.partition(".")[2].replace("_", " "))


def icon_of(action: str) -> str:
    return NOUNS.get(action.partition(".")[0], ("", "info"))[1]


def facts_of(entry: AuditEntry) -> list[Fact]:
    """What the act changed, in the order in which the entry tells it."""
    return list(_facts(entry.before, entry.after))


def days_of(entries: Iterable[AuditEntry], names: Mapping[int, str]) -> list[tuple[date, list[Told]]]:
    """The entries of each day in UTC, told in the order in which they come. `names` has the tenants by key."""
    return [
        (
            day,
            [
                Told(
                    entry,
                    icon_of(entry.action),
                    act_of(entry.action),
                    facts_of(entry),
                    names.get(entry.tenant_id or 0, ""),
                )
                for entry in of_day
            ],
        )
        for day, of_day in groupby(entries, key=lambda entry: entry.at.astimezone(UTC).date())
    ]


def _facts(before: dict[str, Any], after: dict[str, Any]) -> Iterator[Fact]:
    for key in dict.fromkeys((*after, *before)):
        was = _value(key, before[key]) if key in before else None
        now = _value(key, after[key]) if key in after else None
        if was != now:
            yield Fact(_FIELDS.get(key, key.replace("_", " ").capitalize()), was, now)


def _value(key: str, value: object) -> str:  # noqa: PLR0911 -- one line for each sort of value
    if value is None:
        return "no limit" if key in _NO_LIMIT else "none"
    if isinstance(value, bool):
        return ("on" if value else "off") if key in _SWITCHES else "yes" if value else "no"
    if isinstance(value, int):
        return size_words(value) if key in _BYTES else f"{value:,}"
    if isinstance(value, list):
        shown = ", ".join(_address(str(one)) for one in value[:_MAX_LISTED])
        return f"{shown} and {len(value) - _MAX_LISTED} more" if len(value) > _MAX_LISTED else shown or "none"
    if key == "role":
        return ROLE_LABELS.get(value, str(value))  # type: ignore[call-overload, no-any-return]  # any text may stand there
    if key.endswith("_at"):
        return _moment(str(value))
    if key in {"kind", "state"}:
        return str(value).replace("_", " ")
    return _address(str(value)) or "none"


def _address(text: str) -> str:
    if "@" in text:
        return display_address(text)
    return display_domain(text) if text.startswith("xn--") or ".xn--" in text else text


def _moment(text: str) -> str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{at.day} {at:%B %Y, %H:%M} UTC"
