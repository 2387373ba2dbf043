"""Where mail is sent on to, and the graph that targets form. Pure.

A graph here is one mapping: the address of a row to what it delivers to, already resolved. The
caller fetches it level by level (`explore` asks for all addresses of a level at once), so that a
check costs a few queries however many targets there are.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from panel.lib import addresses
from panel.lib.errors import Refused

MAX_DESTINATIONS = 100
# A hundred addresses of full length, and room for line ends.
MAX_TEXT = MAX_DESTINATIONS * (addresses.MAX_ADDRESS + 2)
# How many times mail may be sent on within a tenant before it arrives.
MAX_DEPTH = 10
# How many recipients one message may become; Postfix stops at as many (virtual_alias_expansion_limit).
MAX_RECIPIENTS = 1000
# How many rows a check looks at before it gives up with a no.
MAX_NODES = 5000
# How many destinations it asks for: rows of several tenants may have a hundred each, and while one check
# runs, no other change of targets does.
MAX_ASKED = 20_000


@dataclass(frozen=True)
class Node:
    """A row that takes mail: `key` is its address (`@domain` for a catch-all), `destinations` where
    its mail goes, empty when the mail stays. A mailbox that keeps a copy has its own key among them."""

    key: str
    tenant_id: int
    destinations: tuple[str, ...] = ()
    is_mailbox: bool = False


# From the addresses of a level to the nodes that answer for them; what is missing lies outside.
Resolve = Callable[[Collection[str]], Mapping[str, Node]]


@dataclass(frozen=True)
class Graph:
    """`nodes` by key, and for each node the keys or outside addresses that it delivers to."""

    nodes: Mapping[str, Node]
    edges: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Size:
    """`depth` counts the steps to the farthest end, `recipients` every way to an end once: Postfix
    expands one target as often as it meets it."""

    depth: int
    recipients: int


class TooManyNodes(Exception):  # noqa: N818 -- an answer, which the caller turns into a refusal
    """The graph is larger than a check may look at."""


def parse_destinations(text: str) -> tuple[str, ...]:
    """The destinations that a person typed: one a line or with commas, normal, in order, each once.

    Raises `Refused` at the field `destinations` with the number of the line that is wrong.
    """
    if len(text) > MAX_TEXT:
        raise _too_many()
    # Only a line feed ends a line: any other control character is refused below, not cut at.
    lines = enumerate(text.replace("\r\n", "\n").split("\n"), start=1)
    return _normalise(
        (f"Line {number}: ", part) for number, line in lines for part in line.split(",") if part.strip(" \t")
    )


def normalise_destinations(texts: Iterable[str]) -> tuple[str, ...]:
    """The same for destinations that came one by one, from a command or a program. Raises `Refused`."""
    return _normalise(("", text) for text in texts)


def explore(starts: Iterable[Node], resolve: Resolve, *, max_nodes: int = MAX_NODES) -> Graph:
    """Everything that mail to `starts` can reach. Each row is looked at once, so a circle ends too.

    Raises `TooManyNodes`.
    """
    nodes = {node.key: node for node in starts}
    edges: dict[str, tuple[str, ...]] = {}
    level = list(nodes.values())
    total = 0
    while level:
        asked = {destination for node in level for destination in node.destinations}
        total += len(asked)
        if total > MAX_ASKED:
            raise TooManyNodes
        found = resolve(asked) if asked else {}
        for node in level:
            edges[node.key] = _edges_of(node, found)
        fresh = {node.key: node for node in found.values() if node.key not in nodes}
        nodes.update(fresh)
        if len(nodes) > max_nodes:
            raise TooManyNodes
        level = list(fresh.values())
    return Graph(nodes, edges)


def find_loop(graph: Graph, *starts: str) -> list[str]:
    """The keys of a circle that mail to one of `starts` runs into, in order; empty where there is none."""
    path: list[str] = []
    on_path: set[str] = set()
    done: set[str] = set()
    # A stack instead of recursion: a chain may be as long as the graph has rows.
    todo: list[tuple[str, bool]] = [(start, False) for start in reversed(starts)]
    while todo:
        key, is_left = todo.pop()
        if is_left:
            on_path.discard(path.pop())
            done.add(key)
        elif key in on_path:
            return path[path.index(key) :]
        elif key not in done:
            path.append(key)
            on_path.add(key)
            todo.append((key, True))
            todo.extend((below, False) for below in reversed(graph.edges.get(key, ())))
    return []


def measure(graph: Graph, start: str, *, tenant_id: int) -> Size:
    """How deep and how wide mail to `start` spreads inside the tenant. What belongs to another tenant
    counts as one plain outside address, so that the answer tells nothing of it. The graph has no loop."""
    sizes: dict[str, Size] = {}
    entered: set[str] = set()
    todo = [start]
    while todo:
        key = todo[-1]
        below = graph.edges.get(key, ()) if _is_inside(graph, key, tenant_id) else ()
        # What was entered already is measured, or would be a way back: it ends here either way.
        fresh = [child for child in below if child not in entered]
        if key in entered or not fresh:
            todo.pop()
            sizes.setdefault(key, _size_of(below, sizes))
        else:
            todo.extend(fresh)
        entered.add(key)
    return sizes[start]


def refuse_loop(graph: Graph, *starts: str, tenant_id: int) -> None:
    """Raise `Refused` (targets_loop) where mail to one of `starts` runs in a circle. The circle is named only
    where all of it belongs to the tenant."""
    loop = find_loop(graph, *starts)
    if not loop:
        return
    if not all(_is_inside(graph, key, tenant_id) for key in loop):
        raise neutral_refusal()
    way = " → ".join(_display(key) for key in [*loop, loop[0]])
    raise Refused(
        f"Mail would go round in a circle: {way}. Take one of these targets away.",
        "targets_loop",
        "destinations",
    )


def refuse_size(size: Size, *, label: str) -> None:
    """Raise `Refused` (targets_depth, targets_recipients) for a spread beyond the bounds. `label` is the
    address whose mail spreads so."""
    if size.depth > MAX_DEPTH:
        raise Refused(
            f"Mail to {label} would be sent on more than {MAX_DEPTH} times. Send it to the last address directly.",
            "targets_depth",
            "destinations",
        )
    if size.recipients > MAX_RECIPIENTS:
        raise Refused(
            f"A message to {label} would go to more than {MAX_RECIPIENTS} recipients. Use fewer targets.",
            "targets_recipients",
            "destinations",
        )


def neutral_refusal() -> Refused:
    """What is said where the reason lies at another tenant: the one hint that we allow."""
    return Refused(
        "With these targets mail could go round in a circle. Choose other targets.",
        "targets_loop",
        "destinations",
    )


def base_of(address: str) -> str:
    """The address that answers for a sub-address: `user+tag@domain` is `user@domain`."""
    local_part, domain = addresses.split_address(address)
    return f"{local_part.partition('+')[0]}@{domain}"


_SPECIAL = "domain_special"
_UNSAFE = re.compile(r"[,;<>()\s]")


def _normalise(labelled: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for label, text in labelled:
        try:
            found[_normalise_one(text)] = None
        except Refused as refused:
            raise Refused(label + refused.message, refused.code, "destinations") from refused
        if len(found) > MAX_DESTINATIONS:
            raise _too_many()
    return tuple(found)


def _normalise_one(text: str) -> str:
    stripped = text.strip(" \t")
    if _UNSAFE.search(stripped) and stripped.isprintable():
        message = (
            f"“{stripped[:80]}” is more than an address. Write the address alone, as in info@example.com."
        )
        raise Refused(message, "address_characters")
    destination = addresses.normalise_destination(stripped)
    domain = addresses.split_address(destination)[1]
    try:
        addresses.check_claimable(domain)
    except Refused as refused:
        # A public suffix may carry mail of its own, and is not ours to judge as a target; a name for
        # special use would be looked up in the network that the server stands in.
        if refused.code == _SPECIAL:
            raise
    return destination


def _too_many() -> Refused:
    return Refused(
        f"There are more than {MAX_DESTINATIONS} targets. Use at most {MAX_DESTINATIONS},"
        " or split them over several aliases.",
        "destinations_too_many",
        "destinations",
    )


def _edges_of(node: Node, found: Mapping[str, Node]) -> tuple[str, ...]:
    """One edge for each destination: two that end at one row are expanded twice, and count twice."""
    edges = []
    for destination in node.destinations:
        target = found.get(destination)
        # The copy that a mailbox keeps is an end, not a way back.
        is_copy = node.is_mailbox and destination == node.key
        edges.append(f"copy of {node.key}" if is_copy else target.key if target else destination)
    return tuple(edges)


def _is_inside(graph: Graph, key: str, tenant_id: int) -> bool:
    node = graph.nodes.get(key)
    return node is not None and node.tenant_id == tenant_id


def _size_of(below: Sequence[str], sizes: Mapping[str, Size]) -> Size:
    parts = [sizes[child] for child in below if child in sizes]
    if not parts:
        return Size(0, 1)
    return Size(1 + max(part.depth for part in parts), sum(part.recipients for part in parts))


def _display(key: str) -> str:
    return (
        f"the catch-all of {addresses.display_domain(key[1:])}"
        if key.startswith("@")
        else addresses.display_address(key)
    )
