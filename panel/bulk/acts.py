"""What can be done to many mailboxes: each act is the action that does it to one."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mailboxes.actions.lifecycle import delete_mailbox, set_state, undelete_mailbox
from mailboxes.actions.mailboxes import Protocols, edit_mailbox
from mailboxes.models import Mailbox, MailboxState
from panel.lib.errors import Refused
from panel.tenants.access import Access
from panel.tenants.quantities import size_words

Facts = dict[str, Any]

STATE_WORDS = {
    MailboxState.ACTIVE: "Active",
    MailboxState.RECEIVE_ONLY: "Receives only",
    MailboxState.OFF: "Off",
}
PROTOCOL_WORDS = {"imap": "IMAP", "smtp": "Sending", "pop3": "POP3", "sieve": "ManageSieve"}


@dataclass(frozen=True)
class Act:
    """`facts` is what of a mailbox the act is about, `do` brings them to what is wanted, `words` tell what
    that is. `on_deleted`: it is for deleted mailboxes; the others are for those that are not."""

    facts: Callable[[Mailbox], Facts]
    do: Callable[[Access, Mailbox, Facts], Mailbox]
    words: Callable[[Mapping[str, Any]], str]
    on_deleted: bool = False


def change(access: Access, mailbox_id: int, act: str, parameters: Facts) -> tuple[Facts, Facts] | None:
    """Do it to one mailbox: what of it was, and is now, or None where nothing was to do.

    Raises `Mailbox.DoesNotExist` where it is gone or out of reach, and what the action raises.
    """
    chosen, mailbox = ACTS[act], _held(access, mailbox_id)
    before = chosen.facts(mailbox)
    if parameters and before == before | parameters:
        return None
    after = chosen.facts(chosen.do(access, mailbox, before | parameters))
    changed = [key for key in after if after[key] != before[key]]
    return {key: before[key] for key in changed}, {key: after[key] for key in changed}


def restore(access: Access, mailbox_id: int, act: str, before: Facts, after: Facts) -> None:
    """Give one mailbox back what a job took, unless somebody changed just that since.

    Raises `Refused` (changed_since) and what `change` raises.
    """
    mailbox = _held(access, mailbox_id)
    facts = ACTS[act].facts(mailbox)
    if any(facts.get(key) != value for key, value in after.items()):
        raise Refused("It was changed since, so it stays as it is.", "changed_since")
    ACTS[_INVERSE.get(act, act)].do(access, mailbox, facts | before)


def _held(access: Access, mailbox_id: int) -> Mailbox:
    """Held until the transaction ends, so that nothing comes between looking and acting."""
    return Mailbox.objects.of(access).select_for_update(of=("self",)).get(pk=mailbox_id)


def _quota(mailbox: Mailbox) -> Facts:
    return {"quota_bytes": mailbox.quota_bytes}


def _protocols(mailbox: Mailbox) -> Facts:
    return asdict(Protocols.of(mailbox))


def _state(mailbox: Mailbox) -> Facts:
    return {"state": str(mailbox.state)}


def _life(mailbox: Mailbox) -> Facts:
    """With the moment: a mailbox that was brought back and deleted again is not as the job left it."""
    at = mailbox.deleted_at
    return {"state": str(mailbox.state), "deleted_at": at and at.isoformat()}


def _set_quota(access: Access, mailbox: Mailbox, wanted: Facts) -> Mailbox:
    return edit_mailbox(
        access=access,
        mailbox=mailbox,
        name=mailbox.name,
        quota_bytes=wanted["quota_bytes"],
        protocols=Protocols.of(mailbox),
    )


def _set_protocols(access: Access, mailbox: Mailbox, wanted: Facts) -> Mailbox:
    return edit_mailbox(
        access=access,
        mailbox=mailbox,
        name=mailbox.name,
        quota_bytes=mailbox.quota_bytes,
        protocols=Protocols(**wanted),
    )


def _protocol_words(parameters: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{words} {'on' if parameters[key] else 'off'}"
        for key, words in PROTOCOL_WORDS.items()
        if key in parameters
    )


def _quota_words(parameters: Mapping[str, Any]) -> str:
    quota = parameters["quota_bytes"]
    return "No quota" if quota is None else f"Quota {size_words(quota)}"


ACTS = {
    "quota": Act(_quota, _set_quota, _quota_words),
    "state": Act(
        _state,
        lambda access, mailbox, wanted: set_state(access=access, mailbox=mailbox, state=wanted["state"]),
        lambda parameters: f"“{STATE_WORDS[MailboxState(parameters['state'])]}”",
    ),
    "protocols": Act(_protocols, _set_protocols, _protocol_words),
    "delete": Act(
        _life,
        lambda access, mailbox, _: delete_mailbox(access=access, mailbox=mailbox),
        lambda _: "Deletion",
    ),
    "undelete": Act(
        _life,
        lambda access, mailbox, _: undelete_mailbox(access=access, mailbox=mailbox),
        lambda _: "Bringing back",
        on_deleted=True,
    ),
}
# The others are undone by doing them with what was before.
_INVERSE = {"delete": "undelete", "undelete": "delete"}


def known(act: str) -> str:
    """Raises `Refused` (act_unknown)."""
    if act not in ACTS:
        raise Refused("Choose what to do with the mailboxes.", "act_unknown")
    return act


def title(act: str, parameters: Mapping[str, Any], total: int, *, is_undo: bool = False) -> str:
    """What a job is, in words: `Quota 5 GB for 12 mailboxes`."""
    words = ACTS[act].words(parameters)
    between = "of" if act in {"delete", "undelete"} else "for"
    noun = "mailbox" if total == 1 else "mailboxes"
    return f"{'Undo: ' if is_undo else ''}{words} {between} {total:,} {noun}"
