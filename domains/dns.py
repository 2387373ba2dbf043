"""The only module that asks DNS.

The resolver tells where a zone begins and which servers it has; the proof itself comes from those
servers alone, so that no cache decides. Everything that comes back is untrusted text.
"""

import ipaddress
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.resolver

from domains.proof import (
    CHALLENGE_LABEL,
    MAX_TEXTS,
    Answer,
    Answered,
    ProofResult,
    Verdict,
    cut,
    is_token,
    judge,
)
from panel.environment import environment

QUERY_SECONDS = 3.0
TRIES = 2
BUDGET_SECONDS = 20.0
BUDGET_QUERIES = 50
MAX_SERVERS = 8
MAX_ADDRESSES = 16
# RFC 9715: what passes every path without fragments, which can be forged.
UDP_PAYLOAD = 1232
DNS_PORT = 53
# dnspython counts the root's empty label.
LABELS_OF_A_TLD = 2
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Place = tuple[str, int]
Record = dns.rdatatype.RdataType


class Unanswered(Exception):  # noqa: N818 -- an outcome, told to people
    """Nobody could be asked; the text says why."""


class Bogus(Exception):  # noqa: N818 -- an outcome, told to people
    """The resolver refuses the answer for its DNSSEC signature."""


@dataclass(frozen=True)
class Network:
    """Whom to ask, and at which port."""

    resolvers: tuple[Place, ...]
    authoritative_port: int = DNS_PORT
    allows_private: bool = False


@dataclass
class Budget:
    """What one check may cost: a slow or a hostile zone costs 20 seconds and 50 queries at most."""

    ends_at: float = field(default_factory=lambda: time.monotonic() + BUDGET_SECONDS)
    queries: int = BUDGET_QUERIES
    # Several threads spend one budget.
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> float:
        """Count one query; the seconds that it may last. Raises `Unanswered` when all is spent."""
        with self.lock:
            remaining = self.ends_at - time.monotonic()
            if remaining <= 0 or self.queries <= 0:
                message = "the check took too long"
                raise Unanswered(message)
            self.queries -= 1
        return min(QUERY_SECONDS, remaining)


def configured_network() -> Network:
    """The network of this installation's settings."""
    places = tuple(_place(text) for text in environment.resolvers) or _system_resolvers()
    return Network(places, environment.authoritative_port, environment.allow_private_dns)


def look_for_proof(name: str, token: str, network: Network | None = None) -> Verdict:
    """Ask every name server of the zone for the challenge record of `name`, an A-label."""
    network = network or configured_network()
    budget = Budget()
    challenge = dns.name.from_text(f"{CHALLENGE_LABEL}.{name}.")
    try:
        zone = find_zone(challenge.parent(), network, budget)
        if len(zone) <= LABELS_OF_A_TLD:
            # The registry itself answered, so nobody has registered the name.
            return Verdict(ProofResult.MISSING, f"{name} does not exist in DNS.")
        servers = find_servers(zone, network, budget)
    except Bogus:
        return Verdict(ProofResult.BOGUS, "The DNSSEC signatures of the zone are not right.")
    except Unanswered as trouble:
        return Verdict(ProofResult.TEMPFAIL, cut(f"The name servers of the zone were not found: {trouble}."))
    answers = [_ask_server(place, server, challenge, zone, budget) for server, place in servers.askable]
    is_wildcard = False
    for (_, place), answer in zip(servers.askable, answers, strict=True):
        if any(is_token(text, token) for text in answer.texts):
            sibling = dns.name.from_text(f"_posthouse-{secrets.token_hex(8)}.{name}.")
            beside = _ask_server(place, answer.server, sibling, zone, budget)
            if beside.answered is Answered.FAILED:
                answers.append(beside)
            is_wildcard = any(is_token(text, token) for text in beside.texts)
            break
    return judge(token, [*answers, *servers.untouchable], is_wildcard=is_wildcard)


def find_zone(name: dns.name.Name, network: Network, budget: Budget) -> dns.name.Name:
    """The nearest zone at or above `name`: the owner of the SOA record (RFC 2308 3: a negative answer
    names it too). Raises `Unanswered` or `Bogus`."""
    while len(name) > 1:
        response = _resolve(name, Record.SOA, network, budget)
        for section in (response.answer, response.authority):
            for rrset in section:
                if rrset.rdtype == Record.SOA and name.is_subdomain(rrset.name) and len(rrset.name) > 1:
                    return rrset.name
        name = name.parent()
    message = "no zone holds this name"
    raise Unanswered(message)


@dataclass
class Servers:
    """The addresses that are asked, each with its server's name, and the servers that are not."""

    askable: list[tuple[str, Place]]
    untouchable: list[Answer]


def find_servers(zone: dns.name.Name, network: Network, budget: Budget) -> Servers:
    """The addresses of all name servers of `zone`. Raises `Unanswered` or `Bogus`."""
    response = _resolve(zone, Record.NS, network, budget)
    names = sorted(
        rdata.target
        for rrset in response.answer
        if rrset.rdtype == Record.NS and rrset.name == zone
        for rdata in rrset
    )
    if not names:
        message = f"{zone.to_text(omit_final_dot=True)} names no servers"
        raise Unanswered(message)
    found = Servers([], [])
    if len(names) > MAX_SERVERS:
        found.untouchable.append(_failed("The other name servers", f"more than {MAX_SERVERS}, not all asked"))
    for name in names[:MAX_SERVERS]:
        _add_addresses(found, name, network, budget)
    if len(found.askable) > MAX_ADDRESSES:
        found.untouchable.append(_failed("The other name servers", "too many addresses, not all asked"))
        del found.askable[MAX_ADDRESSES:]
    return found


def _add_addresses(found: Servers, name: dns.name.Name, network: Network, budget: Budget) -> None:
    label = name.to_text(omit_final_dot=True)
    addresses: list[str] = []
    try:
        for rdtype in (Record.A, Record.AAAA):
            response = _resolve(name, rdtype, network, budget)
            addresses += [
                rdata.address for rrset in response.answer if rrset.rdtype == rdtype for rdata in rrset
            ]
    except (Unanswered, Bogus):
        found.untouchable.append(_failed(label, "its address could not be looked up"))
        return
    allowed = [text for text in addresses if network.allows_private or is_global(text)]
    if not allowed:
        # One trouble for both, so that nobody learns what lies at an inner address.
        found.untouchable.append(_failed(label, "it has no public address"))
    found.askable += [(label, (address, network.authoritative_port)) for address in allowed]


def is_global(text: str) -> bool:
    """Whether an address belongs to the public internet, also the one that it is translated to."""
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        embedded = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            embedded = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if embedded is not None and not is_global(str(embedded)):
            return False
    return address.is_global and not address.is_multicast


@dataclass(frozen=True)
class Opened:
    """A zone and its servers, for whoever asks about several records; `exists` is false where only the
    registry answers for the name."""

    zone: dns.name.Name
    servers: Servers
    exists: bool = True


def open_zone(name: str, network: Network, budget: Budget) -> Opened:
    """The zone of `name`, an A-label, and its servers. Raises `Unanswered` or `Bogus`."""
    zone = find_zone(_absolute(name), network, budget)
    if len(zone) <= LABELS_OF_A_TLD:
        return Opened(zone, Servers([], []), exists=False)
    return Opened(zone, find_servers(zone, network, budget))


def ask(opened: Opened, place: Place, server: str, name: str, rdtype: str, *, budget: Budget) -> Answer:
    """What one authoritative server of the zone says about the records of a type, as text."""
    return _ask_server(place, server, _absolute(name), opened.zone, budget, rdtype=_type(rdtype))


def resolve(name: str, rdtype: str, network: Network, budget: Budget) -> tuple[tuple[str, ...], bool]:
    """The values that the resolver knows, and whether the name is an alias (CNAME) for another. Nothing
    for a name that no DNS can hold. Raises `Unanswered` or `Bogus`."""
    try:
        owner = _absolute(name)
    except (dns.exception.DNSException, ValueError):
        return (), False
    response = _resolve(owner, _type(rdtype), network, budget)
    values = tuple(
        _text_of(rdata) for rrset in response.answer if rrset.rdtype == _type(rdtype) for rdata in rrset
    )
    return values[:MAX_TEXTS], any(rrset.rdtype == Record.CNAME for rrset in response.answer)


def _absolute(name: str) -> dns.name.Name:
    return dns.name.from_text(f"{name.rstrip('.')}.")


def _type(text: str) -> dns.rdatatype.RdataType:
    return dns.rdatatype.from_text(text)


def _text_of(rdata: Any) -> str:
    if rdata.rdtype == Record.TXT:
        return b"".join(rdata.strings).decode("utf-8", "backslashreplace")
    return str(rdata.to_text())


def _ask_server(
    place: Place,
    server: str,
    name: dns.name.Name,
    zone: dns.name.Name,
    budget: Budget,
    *,
    rdtype: dns.rdatatype.RdataType = Record.TXT,
) -> Answer:
    """What one authoritative server says about the records of `name`, TXT unless another is named."""
    query = dns.message.make_query(name, rdtype, use_edns=0, payload=UDP_PAYLOAD)
    query.flags &= ~dns.flags.RD
    try:
        response = _exchange(query, place, budget)
    except Unanswered as trouble:
        return _failed(server, str(trouble))
    rcode = response.rcode()
    if rcode not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
        return _failed(server, dns.rcode.to_text(rcode))
    if not response.flags & dns.flags.AA:
        return _failed(server, "it does not answer for this zone")
    return _read_values(server, response, name, zone, rdtype)


def _read_values(
    server: str,
    response: dns.message.Message,
    name: dns.name.Name,
    zone: dns.name.Name,
    rdtype: dns.rdatatype.RdataType,
) -> Answer:
    owner = name
    for _ in range(8):
        alias = next(
            (rrset for rrset in response.answer if rrset.name == owner and rrset.rdtype == Record.CNAME),
            None,
        )
        if alias is None:
            break
        owner = alias[0].target
        if not owner.is_subdomain(zone):
            return Answer(server, Answered.LEADS_OUT)
    texts = [
        _text_of(rdata)
        for rrset in response.answer
        if rrset.name == owner and rrset.rdtype == rdtype
        for rdata in list(rrset)[:MAX_TEXTS]
    ]
    return Answer(server, Answered.TEXTS if texts else Answered.NOTHING, tuple(texts))


def _resolve(
    name: dns.name.Name, rdtype: dns.rdatatype.RdataType, network: Network, budget: Budget
) -> dns.message.Message:
    """The answer of the first resolver that gives one; NXDOMAIN and no data are answers."""
    query = dns.message.make_query(name, rdtype, use_edns=0, payload=UDP_PAYLOAD)
    trouble = "no resolver is configured"
    for place in network.resolvers:
        try:
            response = _exchange(query, place, budget)
        except Unanswered as silence:
            trouble = str(silence)
            continue
        rcode = response.rcode()
        if rcode in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
            return response
        trouble = dns.rcode.to_text(rcode)
        if rcode == dns.rcode.SERVFAIL and _answers_unchecked(query, place, budget):
            raise Bogus
    raise Unanswered(trouble)


def _answers_unchecked(query: dns.message.Message, place: Place, budget: Budget) -> bool:
    """Whether the resolver answers once it need not check signatures (RFC 4035 3.2.2)."""
    unchecked = dns.message.make_query(
        query.question[0].name, query.question[0].rdtype, use_edns=0, payload=UDP_PAYLOAD
    )
    unchecked.flags |= dns.flags.CD
    try:
        return _exchange(unchecked, place, budget).rcode() == dns.rcode.NOERROR
    except Unanswered:
        return False


def _exchange(query: dns.message.Message, place: Place, budget: Budget) -> dns.message.Message:
    """One question and its answer, over TCP where it is too long for UDP. Raises `Unanswered`."""
    address, port = place
    trouble = "no answer"
    for _ in range(TRIES):
        seconds = budget.take()
        try:
            # A packet from elsewhere, or one that answers something else, is passed over, not believed.
            response, _is_tcp = dns.query.udp_with_fallback(
                query, address, timeout=seconds, port=port, ignore_unexpected=True, ignore_errors=True
            )
        except dns.exception.Timeout:
            trouble = "no answer"
        except OSError:
            trouble = "it cannot be reached"
        except (dns.exception.DNSException, EOFError, ValueError):
            trouble = "an answer that makes no sense"
        else:
            return response
    raise Unanswered(trouble)


def _failed(server: str, trouble: str) -> Answer:
    return Answer(server, Answered.FAILED, trouble=trouble)


def _place(text: str) -> Place:
    """`host`, `host:port` or `[v6]:port`, as settings write it."""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, int(rest.lstrip(":") or DNS_PORT)
    if text.count(":") == 1:
        host, _, port = text.partition(":")
        return host, int(port)
    return text, DNS_PORT


def _system_resolvers() -> tuple[Place, ...]:
    try:
        servers = dns.resolver.Resolver().nameservers
    except dns.resolver.NoResolverConfiguration:
        return ()
    return tuple((str(server), DNS_PORT) for server in servers)
