"""The records that a domain needs at this installation, and their files. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from domains.proof import CHALLENGE_LABEL
from domains.spf import merge
from panel.lib.addresses import check_claimable, parents_of
from panel.lib.errors import Refused

TTL_SECONDS = 3600
# RFC 1035 3.3.14: a TXT record is made of strings of at most 255 octets.
MAX_STRING = 255


class Kind(StrEnum):
    """What a record is for; the value is what rows and files call it."""

    PROOF = "proof"
    MX = "mx"
    SPF = "spf"
    DMARC = "dmarc"
    TLSRPT = "tlsrpt"
    SUBMISSIONS = "srv-submissions"
    SUBMISSION = "srv-submission"
    IMAPS = "srv-imaps"


class Level(StrEnum):
    REQUIRED = "required"
    RECOMMENDED = "recommended"
    OPTIONAL = "optional"


@dataclass(frozen=True)
class Installation:
    """What of this installation stands in customers' records. `spf_terms` let its servers send."""

    mail_host: str
    spf_terms: tuple[str, ...]
    port_offset: int = 0

    @property
    def is_public(self) -> bool:
        """Whether the mail host is a name that others can look up at all."""
        return "." in self.mail_host


@dataclass(frozen=True)
class Record:
    """One record as it should be. `name` is absolute without the last dot, `host` the same as most
    providers want it typed: within the registered domain, `@` for that itself."""

    kind: Kind
    rdtype: str
    name: str
    host: str
    value: str
    level: Level
    title: str
    reason: str
    otherwise: str


def records_for(
    name: str, installation: Installation, *, proof_token: str = "", spf: str = ""
) -> tuple[Record, ...]:
    """The records of the domain `name`, an A-label. `proof_token` while it is not proved yet; `spf` is
    the SPF record that stands there, into which ours is merged."""
    made = []
    for kind, rdtype, label, value in _values(name, installation, proof_token, spf):
        owner = f"{label}.{name}" if label else name
        level, title, reason, otherwise = _WORDS[kind]
        made.append(
            Record(kind, rdtype, owner, relative(owner, name), value, level, title, reason, otherwise)
        )
    return tuple(made)


def registered_name(name: str) -> str:
    """The domain at or above `name` that a registry sells: where most providers hold the zone."""
    registered = name
    for parent in parents_of(name):
        try:
            check_claimable(parent)
        except Refused:
            break
        registered = parent
    return registered


def relative(owner: str, name: str) -> str:
    registered = registered_name(name)
    return "@" if owner == registered else owner.removesuffix(f".{registered}")


def zone_file(name: str, records: Sequence[Record]) -> str:
    """The records as a zone file with absolute names (RFC 1035 5)."""
    lines = [f"; The records of {name}, to be added to its zone."]
    for record in records:
        value = quoted(record.value) if record.rdtype == "TXT" else record.value
        lines.append(f"{record.name}. {TTL_SECONDS} IN {record.rdtype} {value}")
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """A TXT value as its strings, split at 255 octets, every special octet written out."""
    octets = text.encode()
    parts = [octets[at : at + MAX_STRING] for at in range(0, len(octets), MAX_STRING)] or [b""]
    return " ".join(f'"{"".join(_escaped(octet) for octet in part)}"' for part in parts)


def as_json(name: str, records: Sequence[Record]) -> str:
    """The records for programs."""
    rows = [
        {
            "kind": record.kind.value,
            "type": record.rdtype,
            "name": f"{record.name}.",
            "host": record.host,
            "value": record.value,
            "ttl_seconds": TTL_SECONDS,
            "level": record.level.value,
            "reason": record.reason,
        }
        for record in records
    ]
    return json.dumps({"domain": name, "records": rows}, indent=2, ensure_ascii=False) + "\n"


def _values(
    name: str, installation: Installation, proof_token: str, spf: str
) -> list[tuple[Kind, str, str, str]]:
    """(kind, type, label below the domain, value)."""
    host, offset = f"{installation.mail_host}.", installation.port_offset
    rows = [(Kind.PROOF, "TXT", CHALLENGE_LABEL, proof_token)] if proof_token else []
    merged = " ".join(token for token, _ in merge(spf, installation.spf_terms))
    return [
        *rows,
        (Kind.MX, "MX", "", f"10 {host}"),
        (Kind.SPF, "TXT", "", merged),
        (Kind.DMARC, "TXT", "_dmarc", f"v=DMARC1; p=none; rua=mailto:postmaster@{name}"),
        (Kind.TLSRPT, "TXT", "_smtp._tls", f"v=TLSRPTv1; rua=mailto:postmaster@{name}"),
        (Kind.SUBMISSIONS, "SRV", "_submissions._tcp", f"0 1 {465 + offset} {host}"),
        (Kind.SUBMISSION, "SRV", "_submission._tcp", f"10 1 {587 + offset} {host}"),
        (Kind.IMAPS, "SRV", "_imaps._tcp", f"0 1 {993 + offset} {host}"),
    ]


def _escaped(octet: int) -> str:
    if octet in b'"\\':
        return f"\\{chr(octet)}"
    return chr(octet) if 0x20 <= octet < 0x7F else f"\\{octet:03d}"


_WORDS = {
    Kind.PROOF: (
        Level.REQUIRED,
        "Ownership",
        "Shows that the domain is yours",
        "The domain carries no mail here.",
    ),
    Kind.MX: (
        Level.REQUIRED,
        "Incoming mail",
        "Says which server takes mail for this domain",
        "Mail to this domain does not come here: it goes to another server, or back to its sender.",
    ),
    Kind.SPF: (
        Level.REQUIRED,
        "SPF",
        "Says which servers may send mail for this domain",
        "Receivers see your mail coming from a server that you did not name. Some refuse it, others put it in spam. Mail that you receive is not affected.",
    ),
    Kind.DMARC: (
        Level.RECOMMENDED,
        "DMARC",
        "Says what receivers do with mail that only pretends to be yours",
        "Anybody can pretend to write from this domain, and some large receivers take less of your mail.",
    ),
    Kind.TLSRPT: (
        Level.OPTIONAL,
        "Reports on encryption",
        "Has others tell you when they could not encrypt mail to you",
        "Nothing breaks. You do not hear of trouble with encryption.",
    ),
    Kind.SUBMISSIONS: (
        Level.OPTIONAL,
        "Sending in mail apps",
        "Lets mail apps find the server for sending by themselves (TLS)",
        "People type the server’s name and port into their mail app.",
    ),
    Kind.SUBMISSION: (
        Level.OPTIONAL,
        "Sending in older mail apps",
        "Lets mail apps find the server for sending by themselves (STARTTLS)",
        "People type the server’s name and port into their mail app.",
    ),
    Kind.IMAPS: (
        Level.OPTIONAL,
        "Reading in mail apps",
        "Lets mail apps find the server for reading by themselves",
        "People type the server’s name and port into their mail app.",
    ),
}
