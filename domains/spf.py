"""SPF (RFC 7208) as far as the page of a domain needs it: the syntax, a merge token by token, and whether
a record lets our servers send. Pure: the records that it includes are handed in."""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

# RFC 7208 4.6.4: more look-ups are a permanent error.
MAX_LOOKUPS = 10
# RFC 7208 3.4: beyond this the answer may not fit a packet of the old size.
MAX_OCTETS = 450
_COSTLY = {"a", "mx", "ptr", "exists", "include", "redirect="}
_MACRO = r"(?:%\{[slodiphcrtv]\d*r?[.\-+,/_=]*\}|%%|%_|%-|[!-$&-~])+"
_CIDR = r"(?:/(?:3[0-2]|[12]?\d))?(?://(?:12[0-8]|1[01]\d|[1-9]?\d))?"
_SHAPES = {
    "all": r"",
    "include": rf":{_MACRO}",
    "exists": rf":{_MACRO}",
    "a": rf"(?::{_MACRO})?{_CIDR}",
    "mx": rf"(?::{_MACRO})?{_CIDR}",
    "ptr": rf"(?::{_MACRO})?",
}
_DIRECTIVE = re.compile(r"([+\-~?]?)([A-Za-z][A-Za-z0-9_.-]*)(.*)", re.DOTALL)


class Malformed(ValueError):  # noqa: N818 -- what a record is, told to people
    """A term that no receiver understands: the whole record counts as an error (RFC 7208 4.6)."""


@dataclass(frozen=True)
class Term:
    """One term: `-ip4:192.0.2.1` is ("-", "ip4", "192.0.2.1"); a modifier is
    named with its sign, `redirect=`."""

    qualifier: str
    name: str
    value: str
    text: str


@dataclass(frozen=True)
class Sender:
    """Who sends for the domain: the terms that stand for it, and its addresses where they are known.
    `is_mx` tells that the domain's MX is ours, so that a bare `mx` stands for it as well."""

    terms: tuple[str, ...]
    addresses: tuple[str, ...] = ()
    is_mx: bool = False


@dataclass(frozen=True)
class Included:
    """SPF texts by name, for each name that was asked, and the names that could not be asked."""

    texts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unasked: frozenset[str] = frozenset()


def is_spf(text: str) -> bool:
    """RFC 7208 4.5: the version, then a space or the end."""
    return text[:7].lower() in {"v=spf1", "v=spf1 "}


def parse(record: str) -> tuple[Term, ...]:
    """The terms in their order. Raises `Malformed` with the first term that is none."""
    terms = [_term(token) for token in record.split(" ")[1:] if token]
    for name in ("redirect=", "exp="):
        if sum(term.name == name for term in terms) > 1:
            raise Malformed(f"{name} stands twice")
    return tuple(terms)


def merge(record: str, terms: Sequence[str]) -> tuple[tuple[str, bool], ...]:
    """The tokens of `record` so that it holds `terms` before whatever ends it, each token once and marked
    where it is new. Without a record, a new one."""
    if not record:
        return tuple((token, True) for token in ("v=spf1", *terms, "~all"))
    wanted = {term.lower() for term in terms}
    tokens = [token for token in record.split(" ") if token]
    ends = next((place for place, token in enumerate(tokens) if _ends(token)), len(tokens))
    present = {bare(token) for token in tokens[:ends] if token[0] not in "-~?"}
    kept = [
        (token, False)
        for place, token in enumerate(tokens)
        # A term of ours behind `all` is never read, one that does not say pass says the wrong thing.
        if bare(token) not in wanted or (place < ends and token[0] not in "-~?")
    ]
    added = [(term, True) for term in terms if term.lower() not in present]
    at = next((place for place, (token, _) in enumerate(kept) if _ends(token)), len(kept))
    return (*kept[:at], *added, *kept[at:])


def bare(token: str) -> str:
    """Without a qualifier, in small letters: what two terms are compared by."""
    return token.lstrip("+-~?").lower()


def targets(record: str) -> list[str]:
    """The names that are read in turn: include and, where no `all` stands, redirect. No macros."""
    try:
        terms = parse(record)
    except Malformed:
        return []
    return [term.value.lower().rstrip(".") for term in _read(terms) if _leads_on(term)]


def reached(record: str, included: Included) -> list[str]:
    """Every name that is read in turn from `record`, itself or by way of others."""
    names: list[str] = []
    waiting = targets(record)
    while waiting and len(names) <= MAX_LOOKUPS:
        name = waiting.pop(0)
        if name not in names:
            names.append(name)
            waiting += [further for text in included.texts.get(name, ())[:1] for further in targets(text)]
    return names


def lookups(record: str, included: Included, depth: int = 0) -> int:
    """How many look-ups a receiver may need for the whole record, counted up to one too many."""
    try:
        terms = _read(parse(record))
    except Malformed:
        return 0
    count = 0
    for term in terms:
        count += term.name in _COSTLY
        if _leads_on(term) and depth < MAX_LOOKUPS and count <= MAX_LOOKUPS:
            for text in included.texts.get(term.value.lower().rstrip("."), ())[:1]:
                count += lookups(text, included, depth + 1)
    return min(count, MAX_LOOKUPS + 1)


def lets_send(record: str, sender: Sender, included: Included) -> bool:
    """Whether the record passes every address of `sender`; without addresses, whether it names it."""
    # Too many look-ups are an error to every receiver, and here would cost without end.
    if lookups(record, included) > MAX_LOOKUPS:
        return False
    addresses: Sequence[str | None] = sender.addresses or (None,)
    return all(_check(record, address, sender, included, 0) == "+" for address in addresses)


def _check(record: str, address: str | None, sender: Sender, included: Included, depth: int) -> str:
    """The qualifier of the first term that matches (RFC 7208 4.6.2), `?` where none does."""
    if depth > MAX_LOOKUPS:
        return "?"
    try:
        terms = _read(parse(record))
    except Malformed:
        return "?"
    for term in terms:
        inner = [
            _check(text, address, sender, included, depth + 1)
            for text in (
                included.texts.get(term.value.lower().rstrip("."), ())[:1] if _leads_on(term) else ()
            )
        ]
        if term.name == "redirect=":
            return inner[0] if inner else "?"
        if _matches(term, address, sender) or "+" in inner:
            return term.qualifier or "+"
    return "?"


def _matches(term: Term, address: str | None, sender: Sender) -> bool:
    if bare(term.text) in {one.lower() for one in sender.terms}:
        return True
    if term.name == "all":
        return True
    if term.name == "mx" and not term.value:
        return sender.is_mx
    if term.name in {"ip4", "ip6"} and address is not None:
        network = ipaddress.ip_network(term.value, strict=False)
        return network.version == ipaddress.ip_address(address).version and (
            ipaddress.ip_address(address) in network
        )
    return False


def _read(terms: Sequence[Term]) -> list[Term]:
    """What a receiver reads: nothing behind `all`, redirect last and only without `all` (6.1)."""
    place = next((place for place, term in enumerate(terms) if term.name == "all"), None)
    until = len(terms) if place is None else place + 1
    mechanisms = [term for term in terms[:until] if not term.name.endswith("=")]
    return mechanisms + [term for term in terms if place is None and term.name == "redirect="]


def _term(token: str) -> Term:
    found = _DIRECTIVE.fullmatch(token)
    if found is None:
        raise Malformed(token)
    qualifier, name, rest = found.group(1), found.group(2).lower(), found.group(3)
    if rest.startswith("=") and not qualifier:
        if not re.fullmatch(rf"=(?:{_MACRO})?", rest, re.IGNORECASE):
            raise Malformed(token)
        return Term("", f"{name}=", rest[1:], token)
    if name in {"ip4", "ip6"}:
        return Term(qualifier, name, _network(name, rest, token), token)
    shape = _SHAPES.get(name)
    if shape is None or not re.fullmatch(shape, rest, re.IGNORECASE):
        raise Malformed(token)
    return Term(qualifier, name, rest[1:], token)


def _network(name: str, rest: str, token: str) -> str:
    try:
        network = ipaddress.ip_network(rest[1:], strict=False)
    except ValueError:
        raise Malformed(token) from None
    if not rest.startswith(":") or network.version != int(name[2]):
        raise Malformed(token)
    return rest[1:]


def _ends(token: str) -> bool:
    return bare(token) == "all" or token.lower().startswith("redirect=")


def _leads_on(term: Term) -> bool:
    return term.name in {"include", "redirect="} and "%" not in term.value
