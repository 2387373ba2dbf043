"""Which mailboxes a bulk change is about: those that were picked, or all that match the filter of the list."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict

from mailboxes.filters import MAX_AT_ONCE, STATES, MailboxFilter
from mailboxes.models import Mailbox, MailboxState
from panel.bulk.acts import ACTS
from panel.lib.errors import Refused
from panel.lib.forms import refuse_unseen_characters
from panel.tenants.access import Access

# More than any page of the list shows.
MAX_PICKED = 500


@dataclass(frozen=True)
class Selection:
    """`picked` are primary keys as somebody typed them, or None for all that match."""

    wanted: MailboxFilter
    picked: tuple[int, ...] | None

    @classmethod
    def read(cls, access: Access, typed: QueryDict) -> "Selection":
        """What a form sent. A list may take a filter that it does not know as none; what changes mailboxes
        must not, or it would change more than somebody saw. Raises `Refused` (filter_unknown,
        picked_too_many)."""
        wanted = MailboxFilter.read(
            access, {name: str(typed.get(name, "")) for name in ("q", "state", "domain")}
        )
        if typed.get("all") == "1":
            _refuse_unknown(wanted, typed)
            return cls(wanted, None)
        keys = [key for key in typed.getlist("pick") if key.isascii() and key.isdigit() and len(key) <= 16]
        picked = tuple(dict.fromkeys(int(key) for key in keys))
        if len(picked) > MAX_PICKED:
            message = (
                f"At most {MAX_PICKED} mailboxes can be picked one by one. Filter the list, then select all"
                " that match."
            )
            raise Refused(message, "picked_too_many")
        return cls(wanted, picked)

    def rows(self, access: Access, act: str) -> QuerySet[Mailbox]:
        """Those among them that the act can be done to. What the person may not see is not among them."""
        if self.picked is None:
            found = self.wanted.rows(access)[0]
        else:
            found = Mailbox.objects.of(access).filter(pk__in=self.picked)
        deleted = {"state": MailboxState.DELETED}
        return found.filter(**deleted) if ACTS[act].on_deleted else found.exclude(**deleted)

    def count(self, access: Access, act: str) -> int:
        """Raises `Refused` (selection_empty, selection_too_large)."""
        return _checked(self.rows(access, act).order_by()[: MAX_AT_ONCE + 1].count())

    def freeze(self, access: Access, act: str) -> list[tuple[int, str]]:
        """Key and address of each. Raises as `count`."""
        rows = self.rows(access, act).order_by("pk").values_list("pk", "address__address")
        found = list(rows[: MAX_AT_ONCE + 1])
        _checked(len(found))
        return found


def _checked(count: int) -> int:
    if not count:
        raise Refused("Nothing is selected that this could be done to.", "selection_empty")
    if count > MAX_AT_ONCE:
        message = f"More than {MAX_AT_ONCE:,} mailboxes match. Narrow the list first, say to one domain."
        raise Refused(message, "selection_too_large")
    return count


def _refuse_unknown(wanted: MailboxFilter, typed: QueryDict) -> None:
    q = typed.get("q", "").strip()
    is_known = (
        wanted.q == q
        and typed.get("state", "") in STATES
        and (wanted.domain is not None or not typed.get("domain", ""))
    )
    try:
        refuse_unseen_characters(q)
    except ValidationError:
        is_known = False
    if not is_known:
        raise Refused(
            "We do not understand this filter. Set it anew in the list of mailboxes.", "filter_unknown"
        )
