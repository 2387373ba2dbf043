"""Counts and sizes as sentences say them."""

from panel.tenants.models import UsageKind

GIB = 1024**3
_STEP = 1024
_NAMES = {
    UsageKind.DOMAINS: ("domain", "domains"),
    UsageKind.MAILBOXES: ("mailbox", "mailboxes"),
    UsageKind.ALIASES: ("alias", "aliases"),
    UsageKind.UNMETERED: ("mailbox without a quota", "mailboxes without a quota"),
}


def words(kind: UsageKind, amount: int) -> str:
    """`12 mailboxes`, `1 domain`, `18.4 GB` (binary steps)."""
    if kind is UsageKind.STORAGE:
        return size_words(amount)
    one, many = _NAMES[kind]
    return f"{amount:,} {one if amount == 1 else many}"


def size_words(amount: int) -> str:
    """Bytes in the largest unit that leaves at least one of it."""
    value = float(amount)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < _STEP:
            return f"{value:,.1f}".removesuffix(".0") + f" {unit}"
        value /= _STEP
    return f"{value:,.1f}".removesuffix(".0") + " TB"
