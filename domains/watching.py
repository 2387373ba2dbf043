"""When a record is looked at again, and when what people see of it changes. Pure."""

import random
from dataclasses import dataclass

from domains.proof import DAY, ProofResult, delay_seconds

# Sweeps of many domains that began together drift apart.
JITTER = 0.1


@dataclass(frozen=True)
class Watch:
    """`shown` is what people see, `pending` what one look alone has found instead."""

    shown: ProofResult = ProofResult.NONE
    pending: ProofResult = ProofResult.NONE


def settle(watch: Watch, found: ProofResult) -> Watch:
    """After one more look. What nobody could be asked about changes nothing; what is shown changes once
    another result was found twice in a row, the first of all at once."""
    if found in {ProofResult.TEMPFAIL, ProofResult.BOGUS, ProofResult.NONE}:
        return watch
    if found == watch.shown:
        return Watch(watch.shown)
    if watch.shown == ProofResult.NONE or found == watch.pending:
        return Watch(found)
    return Watch(watch.shown, found)


def next_delay(checks: int, *, is_settled: bool) -> float:
    """Seconds until the next look after so many: 15 s, a minute, 5 minutes, an hour, a day; at once a day
    where all that matters is right."""
    seconds = DAY if is_settled else delay_seconds(checks)
    return seconds * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 -- spreads load, guards nothing
