"""The chain of digests through a tenant's trail: how it grows, and how a break in it is found."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from ipaddress import ip_address

from panel.audit.models import NO_DIGEST, AuditEntry, AuditHead

# Rows held in memory at a time while a chain is read.
CHUNK = 2000
# Chain of the entries that belong to no tenant.
NO_TENANT = 0


@dataclass(frozen=True)
class Break:
    """One thing that is wrong with a chain, at the entry with this place, in a sentence."""

    chain: int
    sequence: int
    sentence: str


def append(entry: AuditEntry) -> AuditEntry:
    """Save `entry` at the end of its tenant's chain. The end stays locked until the transaction is over."""
    key = entry.tenant_id or NO_TENANT
    ends = AuditHead.objects.select_for_update(no_key=True).filter(pk=key)
    head = ends.first()
    if head is None:
        # Two first entries may meet here; both then wait for the one row.
        AuditHead.objects.bulk_create([AuditHead(chain=key)], ignore_conflicts=True)
        head = ends.get()
    # As the database gives them back, so that the digest can be made again from a row.
    entry.before, entry.after = _plain(entry.before), _plain(entry.after)
    entry.sequence, entry.previous = head.sequence + 1, head.digest
    entry.save(force_insert=True)
    AuditHead.objects.filter(pk=key).update(sequence=entry.sequence, digest=digest_of(entry))
    return entry


def digest_of(entry: AuditEntry) -> str:
    """SHA-256 in hex over everything that the entry says, its place and the digest before it. The form is
    fixed: another one would break every chain that exists."""
    said = [
        entry.previous,
        entry.sequence,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.tenant_id,
        str(entry.actor_kind),
        entry.actor_id,
        entry.actor_label,
        entry.action,
        entry.object_kind,
        entry.object_id,
        entry.object_label,
        entry.before,
        entry.after,
        ip_address(entry.address).packed.hex() if entry.address else None,
        entry.request_id,
    ]
    written = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()


def chains() -> list[int]:
    """The keys of all chains, also of those that lost their end. Two queries."""
    ended = set(AuditHead.objects.values_list("chain", flat=True))
    begun = set(AuditEntry.objects.order_by().values_list("tenant_id", flat=True).distinct())
    return sorted(ended | {key or NO_TENANT for key in begun})


def breaks(chain: int, kept: tuple[int, str] | None = None) -> Iterator[Break]:
    """Everything that is wrong with a chain, in its order; nothing where it is whole. `kept` is a place
    and its digest that somebody noted elsewhere: without it, whoever rewrites all entries and the end
    alike stays unseen. Entries may be written meanwhile. Three queries; memory does not grow with the
    chain."""
    before = _end_of(chain)
    known = [(before.sequence, before.digest, "the one at the end of the trail")]
    if kept:
        known.append((*kept, "the one that was kept"))
    last, digest = 0, NO_DIGEST
    for entry in _entries(chain):
        if entry.sequence != last + 1:
            yield Break(chain, last + 1, _missing(last + 1, entry.sequence - 1))
        elif entry.previous != digest:
            yield Break(chain, last, f"entry {last} is not what it was when the next one was written")
        last, digest = entry.sequence, digest_of(entry)
        for whose in [
            whose for place, known_digest, whose in known if place == last and known_digest != digest
        ]:
            yield Break(chain, last, f"entry {last} has another digest than {whose}")
    lost = max(place for place, _, _ in known)
    if lost > last:
        yield Break(chain, last + 1, _missing(last + 1, lost))
    elif last > _end_of(chain).sequence:
        yield Break(chain, last, f"the end of the trail is not where its last entry is, at {last}")


def _missing(first: int, last: int) -> str:
    return f"entry {first} is missing" if first == last else f"entries {first} to {last} are missing"


def _end_of(chain: int) -> AuditHead:
    return AuditHead.objects.filter(pk=chain).first() or AuditHead(chain=chain)


def _entries(chain: int) -> Iterator[AuditEntry]:
    rows = AuditEntry.objects.filter(tenant_id=chain or None).order_by("sequence")
    return rows.iterator(chunk_size=CHUNK)


def _plain(value: dict[str, object]) -> dict[str, object]:
    plain: dict[str, object] = json.loads(json.dumps(value))
    return plain
