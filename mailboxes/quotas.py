"""What a quota may be. Pure."""

from panel.lib.errors import Refused

MIB = 1024**2
GIB = 1024**3
# Dovecot takes 0 for "no limit", and less than this holds no mail worth the name.
MIN_BYTES = MIB
MAX_BYTES = 1024**5
WARN_PERCENTS = (95, 80)


def check_quota(quota_bytes: int | None) -> None:
    """Raise `Refused` (quota_small, quota_large) at `quota_bytes`. None is no quota."""
    if quota_bytes is None:
        return
    if quota_bytes < MIN_BYTES:
        raise Refused("A quota is at least 1 MB. Leave it empty for none.", "quota_small", "quota_bytes")
    if quota_bytes > MAX_BYTES:
        raise Refused("A quota is at most 1,048,576 GB.", "quota_large", "quota_bytes")


def warn_percent(used_bytes: int, quota_bytes: int) -> int:
    """The highest of 80 and 95 per cent that is reached, or 0."""
    reached = (percent for percent in WARN_PERCENTS if used_bytes * 100 >= quota_bytes * percent)
    return next(reached, 0)
