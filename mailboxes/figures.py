"""What Dovecot told of mailboxes, as pages read it."""

from collections.abc import Iterable
from dataclasses import dataclass

from mailboxes.models import MailUsage


@dataclass(frozen=True)
class Figures:
    """None is what Dovecot has not told yet. Times in seconds since the epoch."""

    last_sign_in: int | None = None
    used_bytes: int | None = None


def figures_of(addresses: Iterable[str]) -> dict[str, Figures]:
    """The figures of these addresses, each with a value. One query, in the database that holds them."""
    wanted = list(addresses)
    told = {
        username: Figures(last_sign_in or None, used_bytes)
        for username, last_sign_in, used_bytes in MailUsage.objects.filter(username__in=wanted).values_list(
            "username", "last_sign_in", "used_bytes"
        )
    }
    return {address: told.get(address, Figures()) for address in wanted}
