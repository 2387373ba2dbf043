"""From what each name server answered about a record to one of eight results, with a sentence. Pure.

Right is what every server says; a fault is told where most servers were asked and none was right.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from domains.proof import Answer, Answered, ProofResult, cut, describe, printable
from domains.records import Installation, Kind, Record
from domains.spf import (
    MAX_LOOKUPS,
    MAX_OCTETS,
    Included,
    Malformed,
    Sender,
    is_spf,
    lets_send,
    lookups,
    parse,
    reached,
)

MAX_VALUES = 10
MAX_VALUE = 2000
# The first that a server gives is told.
_FAULTS = (
    ProofResult.TEMPFAIL,
    ProofResult.INVALID,
    ProofResult.MULTIPLE,
    ProofResult.MISMATCH,
    ProofResult.MISSING,
)
_POLICIES = {"none", "quarantine", "reject"}


class HostState(StrEnum):
    """What the resolver knows of a host that an MX record names."""

    ADDRESS = "address"
    ALIAS = "alias"
    NOTHING = "nothing"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Facts:
    """What a verdict needs beside the answers. `hosts` are in small letters, without the last dot."""

    installation: Installation
    sender: Sender
    included: Included = field(default_factory=Included)
    hosts: Mapping[str, HostState] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """`note` says in a sentence what is wrong or worth knowing, `seen` who answered what, `values` are
    the values that matter, whole but escaped: text from outside, bounded."""

    result: ProofResult
    note: str = ""
    seen: str = ""
    values: tuple[str, ...] = ()


def judge(record: Record, answers: Sequence[Answer], facts: Facts) -> Finding:
    """The finding on one record from `answers`, one for each address of each name server."""
    heard = _heard(answers)
    seen = describe(heard)
    found = [(answer, _judge_one(record, answer, facts)) for answer in heard]
    asked = [(answer.server, finding) for answer, finding in found if answer.answered is not Answered.FAILED]
    silent = {answer.server for answer in heard if answer.answered is Answered.FAILED}
    servers = {server for server, _ in asked} | silent
    wrong = [finding for _, finding in asked if finding.result != ProofResult.OK]
    right = [finding for _, finding in asked if finding.result == ProofResult.OK]
    if right and not wrong and not silent:
        return Finding(ProofResult.OK, right[0].note, seen, right[0].values)
    if right:
        bad = {server for server, finding in asked if finding.result != ProofResult.OK} | silent
        note = f"Right on {len(servers - bad)} of {len(servers)} name servers."
        return Finding(ProofResult.PARTIAL, note, seen, (wrong or right)[0].values)
    if 2 * len(silent) >= len(servers):
        return Finding(ProofResult.TEMPFAIL, "The name servers could not be asked.", seen)
    worst = min(wrong, key=lambda finding: _FAULTS.index(finding.result))
    return Finding(worst.result, worst.note, seen, worst.values)


def nobody(result: ProofResult, note: str) -> Finding:
    """The finding where no server was asked about any record."""
    return Finding(result, cut(printable(note)))


def existing_spf(values: Sequence[str]) -> str:
    """The SPF record to merge ours into, from the values of a finding: one alone, readable and whole."""
    usable = [value for value in values if is_spf(value) and value.isascii() and len(value) < MAX_VALUE]
    return usable[0] if len(values) == len(usable) == 1 else ""


def _heard(answers: Sequence[Answer]) -> list[Answer]:
    """Without the silent addresses of a server that answered at another: many hosts have no IPv6."""
    answering = {answer.server for answer in answers if answer.answered is not Answered.FAILED}
    return [
        answer
        for answer in answers
        if answer.answered is not Answered.FAILED or answer.server not in answering
    ]


def _judge_one(record: Record, answer: Answer, facts: Facts) -> Finding:
    if answer.answered is Answered.FAILED:
        return Finding(ProofResult.TEMPFAIL)
    if answer.answered is Answered.LEADS_OUT:
        return Finding(ProofResult.INVALID, "A CNAME stands there that leads to nothing usable.")
    values = answer.texts if answer.answered is Answered.TEXTS else ()
    result, note, shown = _JUDGES[record.kind](values, record, facts)
    return Finding(result, cut(note), "", _bounded(shown))


def _bounded(values: Sequence[str]) -> tuple[str, ...]:
    kept = [printable(value) for value in values[:MAX_VALUES]]
    return tuple(value if len(value) < MAX_VALUE else value[: MAX_VALUE - 1] + "…" for value in kept)


_Judged = tuple[ProofResult, str, Sequence[str]]
_Judge = Callable[[Sequence[str], Record, Facts], _Judged]


def _mx(values: Sequence[str], _record: Record, facts: Facts) -> _Judged:
    pairs = sorted((int(value.split()[0]), _host(value)) for value in values)
    if not pairs:
        return ProofResult.MISSING, "No MX record is there.", values
    fault = _fault_of_hosts([host for _, host in pairs], facts)
    if fault:
        return ProofResult.INVALID, fault, values
    ours = [preference for preference, host in pairs if host == facts.installation.mail_host]
    others = [(preference, host) for preference, host in pairs if host != facts.installation.mail_host]
    if pairs[0][1] == "":
        return ProofResult.MISMATCH, "“0 .” says that this domain takes no mail at all (RFC 7505).", values
    if not ours:
        return ProofResult.MISMATCH, f"Mail goes to {printable(others[0][1])}, not to this server.", values
    if others and others[0][0] <= ours[0]:
        note = f"{printable(others[0][1])} is asked before or beside this server, so mail goes there too. Remove it, or give it a higher number."
        return ProofResult.MISMATCH, note, values
    note = f"{printable(others[0][1])} takes mail while this server is away." if others else ""
    return ProofResult.OK, note, values


def _fault_of_hosts(hosts: Sequence[str], facts: Facts) -> str:
    if "" in hosts and len(hosts) > 1:
        return "“.” says that the domain takes no mail, and must stand alone (RFC 7505)."
    for host in hosts:
        if _is_address(host):
            return f"{host} is an address. An MX record needs the name of a host (RFC 5321 5.1)."
        state = facts.hosts.get(host, HostState.UNKNOWN)
        if state is HostState.ALIAS:
            return (
                f"{printable(host)} is an alias (CNAME). An MX record needs the host itself (RFC 2181 10.3)."
            )
        if state is HostState.NOTHING and host == facts.installation.mail_host:
            return f"{host} has no address in DNS. The operator of this installation must add it."
    return ""


def _spf(values: Sequence[str], _record: Record, facts: Facts) -> _Judged:
    found = [value for value in values if is_spf(value)]
    if not found:
        return ProofResult.MISSING, "No SPF record is there.", ()
    if len(found) > 1:
        note = f"{len(found)} SPF records are there. Receivers count more than one as an error: keep one."
        return ProofResult.MULTIPLE, note, found
    record = found[0]
    try:
        terms = parse(record)
    except Malformed as malformed:
        return ProofResult.INVALID, f"“{_short(str(malformed))}” is no SPF term, so none of it counts.", found
    if lookups(record, facts.included) > MAX_LOOKUPS:
        note = f"It needs more than {MAX_LOOKUPS} look-ups with all that it includes. Receivers stop there: take out what you no longer use."
        return ProofResult.INVALID, note, found
    return _spf_reach(record, facts, [term.text.lower() for term in terms])


def _spf_reach(record: str, facts: Facts, terms: Sequence[str]) -> _Judged:
    names = reached(record, facts.included)
    unasked = next((name for name in names if name in facts.included.unasked), "")
    broken = next((name for name in names if len(facts.included.texts.get(name, " ")) != 1), "")
    if broken:
        # RFC 7208 5.2: an included name without a record is an error of the whole.
        note = f"“{_short(broken)}”, which it includes, has no SPF record, so none of it counts."
        return ProofResult.INVALID, note, [record]
    if not lets_send(record, facts.sender, facts.included):
        if unasked:
            return ProofResult.TEMPFAIL, f"“{_short(unasked)}” could not be looked up.", [record]
        return ProofResult.MISMATCH, "It does not name the servers that send your mail.", [record]
    return ProofResult.OK, _spf_warning(record, terms), [record]


def _spf_warning(record: str, terms: Sequence[str]) -> str:
    if {"all", "+all"} & set(terms):
        return "“+all” lets everybody send as this domain. Write “~all” instead."
    if any(term.lstrip("+-~?").partition(":")[0] == "ptr" for term in terms):
        return "“ptr” is slow and should not be used any more (RFC 7208 5.5)."
    return f"It is longer than {MAX_OCTETS} characters, which some receivers do not get whole." * (
        len(record) > MAX_OCTETS
    )


def _dmarc(values: Sequence[str], _record: Record, _facts: Facts) -> _Judged:
    found = [value for value in values if re.match(r"v\s*=\s*DMARC1\b", value, re.IGNORECASE)]
    if not found:
        return _without("DMARC", values)
    if len(found) > 1:
        return ProofResult.MULTIPLE, "More than one DMARC record counts as none: keep one.", found
    tags = _tags(found[0])
    if tags is None or tags.get("v") != "DMARC1" or not found[0].lstrip().startswith("v"):
        return ProofResult.INVALID, "It is not written as name=value; name=value, with v=DMARC1 first.", found
    for tag in ("p", "sp", "np"):
        if tag in tags and tags[tag].lower() not in _POLICIES:
            return (
                ProofResult.INVALID,
                f"“{tag}={_short(tags[tag])}” is no policy: none, quarantine or reject.",
                found,
            )
    for uri in filter(None, f"{tags.get('rua', '')},{tags.get('ruf', '')}".split(",")):
        if not re.match(r"[a-z][a-z0-9+.-]*:\S+$", uri.strip(), re.IGNORECASE):
            return (
                ProofResult.INVALID,
                f"“{_short(uri)}” is no address for reports: write mailto: before it.",
                found,
            )
    policy = tags.get("p", "none").lower()
    note = (
        "Policy “none”: you get reports, nothing is blocked." if policy == "none" else f"Policy “{policy}”."
    )
    return ProofResult.OK, note, found


def _tlsrpt(values: Sequence[str], _record: Record, _facts: Facts) -> _Judged:
    found = [value for value in values if re.match(r"v=TLSRPTv1\s*;", value)]
    if not found:
        return _without("TLS-RPT", values)
    if len(found) > 1:
        return ProofResult.MULTIPLE, "More than one record counts as none (RFC 8460 3): keep one.", found
    rua = (_tags(found[0]) or {}).get("rua", "")
    if not re.match(r"(?:mailto:\S+@|https://\S)", rua):
        return ProofResult.INVALID, "It names nobody who gets the reports (rua=mailto:…).", found
    return ProofResult.OK, "", found


def _srv(values: Sequence[str], record: Record, facts: Facts) -> _Judged:
    if not values:
        return ProofResult.MISSING, "No record is there.", values
    port = record.value.split()[2]
    ours = [
        value for value in values if _host(value) == facts.installation.mail_host and value.split()[2] == port
    ]
    if not ours:
        return ProofResult.MISMATCH, "It names another server or port.", values
    if len(ours) < len(values):
        return ProofResult.MULTIPLE, "It names other servers or ports too.", values
    return ProofResult.OK, "", values


def _proof(values: Sequence[str], record: Record, _facts: Facts) -> _Judged:
    if not values:
        return ProofResult.MISSING, "No record is there.", values
    return (ProofResult.OK if record.value in values else ProofResult.MISMATCH), "", values


_JUDGES: Mapping[Kind, _Judge] = {
    Kind.PROOF: _proof,
    Kind.MX: _mx,
    Kind.SPF: _spf,
    Kind.DMARC: _dmarc,
    Kind.TLSRPT: _tlsrpt,
    Kind.SUBMISSIONS: _srv,
    Kind.SUBMISSION: _srv,
    Kind.IMAPS: _srv,
}


def _without(what: str, values: Sequence[str]) -> _Judged:
    if values:
        return ProofResult.MISMATCH, f"Something is there, but no {what} record.", values
    return ProofResult.MISSING, f"No {what} record is there.", values


def _tags(record: str) -> dict[str, str] | None:
    """`name=value` pairs parted by semicolons; None where one is none or stands twice."""
    tags: dict[str, str] = {}
    for part in record.split(";"):
        name, sign, value = (text.strip() for text in part.partition("="))
        if not part.strip():
            continue
        if not sign or name in tags or not re.fullmatch(r"[A-Za-z0-9_]+", name):
            return None
        tags[name] = value
    return tags


def _host(value: str) -> str:
    """The host at the end of an MX or SRV value; empty for the root, which means none."""
    return value.rsplit(maxsplit=1)[-1].lower().rstrip(".")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _short(text: str) -> str:
    shown = printable(text)
    return shown if len(shown) <= 60 else shown[:59] + "…"
