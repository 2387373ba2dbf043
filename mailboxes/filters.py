"""Which mailboxes a list, an export or a bulk change is about: the same words mean the same everywhere."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from domains.models import Domain
from mailboxes.models import Mailbox, MailboxState
from mailboxes.ordering import in_order, is_rare_state
from panel.lib.addresses import normalise_domain
from panel.lib.errors import Refused
from panel.lib.keyset import prefix
from panel.tenants.access import Access

# More rows are not changed at once.
MAX_AT_ONCE = 20_000
STATES = {
    "": ("All", Q()),
    # Said as what it is not: nearly all are, and SQLite would fetch them by the index of states and sort.
    "active": ("Active", ~Q(state__in=[state for state in MailboxState if state != MailboxState.ACTIVE])),
    "receive_only": ("Receive only", Q(state=MailboxState.RECEIVE_ONLY)),
    "off": ("Off", Q(state=MailboxState.OFF)),
    # Said twice, so that the index of what waits for its purge serves it.
    "deleted": ("Deleted", Q(state=MailboxState.DELETED, purge_at__isnull=False)),
}


@dataclass(frozen=True)
class MailboxFilter:
    """`q` is what the address begins with, `state` a key of `STATES`, `domain` one that the person may
    see, or None for all."""

    q: str = ""
    state: str = ""
    domain: Domain | None = None

    @classmethod
    def read(cls, access: Access, typed: Mapping[str, str]) -> "MailboxFilter":
        """From a query string, which anybody may edit: what is not known counts as not said. A domain of
        another tenant is taken as none. At most one query."""
        state = typed.get("state", "")
        return cls(
            q=typed.get("q", "").strip()[:254],
            state=state if state in STATES else "",
            domain=_domain(access, typed.get("domain", "")),
        )

    def rows(self, access: Access) -> tuple[QuerySet[Mailbox], str]:
        """The mailboxes, and the key that sorts them. At most two queries before the rows are read."""
        found: QuerySet[Mailbox] = Mailbox.objects.of(access).filter(
            STATES[self.state][1], prefix("address__address", _as_stored(self.q))
        )
        is_rare = self.state not in ("", "active") and is_rare_state(self.state)
        return in_order(access, found, domain=self.domain, is_rare=is_rare)


def _domain(access: Access, typed: str) -> Domain | None:
    # Sixteen digits fit a key of every database.
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 16):
        return None
    return Domain.objects.of(access).filter(pk=int(typed)).first()


def _as_stored(q: str) -> str:
    """Behind the @ letters other than ASCII become an A-label."""
    local_part, at, domain = q.lower().replace("\x00", "").partition("@")
    if domain and not domain.isascii():
        with suppress(Refused):
            domain = normalise_domain(domain)
    return f"{local_part}{at}{domain}"
