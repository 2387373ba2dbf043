"""Targets are read, refused and followed by rules that know no database."""

from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailboxes import targets
from mailboxes.targets import Graph, Node, Size, TooManyNodes, explore, find_loop, measure, parse_destinations
from panel.lib.errors import Refused

OURS, THEIRS = 1, 2


def test_targets_come_one_a_line_or_with_commas_each_once_in_order():
    text = "Zoe@Example.com, ann@alder.example\r\n\n  bob@alder.example,,\nzoe@example.COM"
    assert parse_destinations(text) == ("zoe@example.com", "ann@alder.example", "bob@alder.example")


def test_a_target_outside_may_be_a_sub_address():
    assert parse_destinations("ann+lists@example.com") == ("ann+lists@example.com",)


@pytest.mark.parametrize(
    "line",
    [
        "|/usr/bin/touch /tmp/x",
        '"|touch x"',
        '"|touch x"@example.com',
        "|touch@example.com",
        "/var/mail/root",
        "/x@example.com",
        ":include:/etc/passwd",
        ":include:/etc/passwd@example.com",
        "\\root",
        "\\root@example.com",
        "~root",
        "~root@example.com",
        "root",
        "prog@",
        "@mx.example.com",
        "@a.example:ann@b.example",
        "root@localhost",
        "ann@localhost.localdomain.local",
        "ann@mail.internal",
        "ann@[192.0.2.1]",
        "ann@192.0.2.1",
        "ann@b@c.example",
        "ann@example.com.",
        "ann.@example.com",
        ".ann@example.com",
        "an..n@example.com",
        '"ann"@example.com',
        "ann%b.example@c.example",
        "b.example!ann@c.example",
        "Ann <ann@example.com>",
        "ann@example.com;bob@example.com",
        "ann @example.com",
        "ann@example.com bob@example.com",
        "ann\x00@example.com",
        "ann\r@example.com",
        "ann\x0b@example.com",
        "ann\u2028@example.com",
        "ann\u202e@example.com",
        "änn@example.com",
        "ann@pаypal.example",
        "a" * 65 + "@example.com",
        "a@" + ".".join(["b" * 63] * 4) + ".com",
        "-oX@example.com",
    ],
)
def test_what_is_no_plain_address_is_refused_with_its_line(line):
    with pytest.raises(Refused) as refusal:
        parse_destinations(f"ann@alder.example\n{line}\nbob@alder.example")
    assert refusal.value.field == "destinations"
    assert refusal.value.message.startswith("Line 2: ")


def test_a_hundred_targets_are_taken_and_one_more_is_refused():
    lines = [f"user{number}@example.com" for number in range(100)]
    assert len(parse_destinations("\n".join(lines))) == 100
    with pytest.raises(Refused) as refusal:
        parse_destinations("\n".join([*lines, "last@example.com"]))
    assert refusal.value.code == "destinations_too_many"


def test_a_text_of_a_megabyte_is_refused_at_once():
    with pytest.raises(Refused) as refusal:
        parse_destinations("a" * 1_000_000)
    assert refusal.value.code == "destinations_too_many"


@given(st.text(max_size=300))
def test_any_text_is_either_refused_or_gives_plain_addresses(text):
    try:
        found = parse_destinations(text)
    except Refused as refused:
        found, field = (), refused.field
    else:
        field = "destinations"
    assert field == "destinations"
    assert len(set(found)) == len(found)
    assert parse_destinations("\n".join(found)) == found
    for address in found:
        assert address.isascii()
        assert address == address.lower()
        assert address.count("@") == 1
        assert not set(address) & set(' ,|/\\:;<>"%!()\r\n\t\x00')


def graph_of(edges: dict[str, list[str]], start: str, **bounds: int) -> Graph:
    """The graph from `start`, fetched level by level as from a database."""

    def resolve(asked: Collection[str]) -> dict[str, Node]:
        return {key: node(key) for key in asked if key in edges}

    def node(key: str) -> Node:
        return Node(key, THEIRS if key.startswith("their") else OURS, tuple(edges[key]))

    return explore([node(start)], resolve, **bounds)


def test_a_straight_way_has_no_loop():
    assert find_loop(graph_of({"a": ["b"], "b": ["c@outside"]}, "a"), "a") == []


def test_two_ways_to_one_target_are_no_loop():
    assert find_loop(graph_of({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}, "a"), "a") == []


def test_a_loop_is_told_in_its_order():
    assert find_loop(graph_of({"a": ["x", "b"], "b": ["c"], "c": ["a"]}, "a"), "a") == ["a", "b", "c"]


def test_a_loop_that_does_not_come_back_to_the_start_is_found_too():
    assert find_loop(graph_of({"a": ["b"], "b": ["c"], "c": ["b"]}, "a"), "a") == ["b", "c"]


def test_the_copy_that_a_mailbox_keeps_is_no_loop():
    mailbox = Node("ann", OURS, ("ann", "zoe@outside"), is_mailbox=True)
    graph = explore([mailbox], lambda _asked: {"ann": mailbox})
    assert find_loop(graph, "ann") == []
    assert measure(graph, "ann", tenant_id=OURS) == Size(1, 2)


def test_an_alias_that_delivers_to_itself_is_a_loop():
    assert find_loop(graph_of({"a": ["a"]}, "a"), "a") == ["a"]


def test_a_tree_of_ten_levels_and_ten_branches_is_counted_without_walking_it():
    edges = {f"n{level}": [f"n{level + 1}"] for level in range(10)}
    layered = {
        f"n{level}-{number}": [f"n{level + 1}-{below}" for below in range(10)]
        for level in range(10)
        for number in range(10)
    }
    assert measure(graph_of(edges, "n0"), "n0", tenant_id=OURS) == Size(10, 1)
    assert measure(graph_of(layered, "n0-0"), "n0-0", tenant_id=OURS) == Size(10, 10**10)


def test_what_another_tenant_does_with_mail_counts_as_one_outside_address():
    edges = {"a": ["their"], "their": ["b", "c", "d"], "b": [], "c": [], "d": []}
    assert measure(graph_of(edges, "a"), "a", tenant_id=OURS) == Size(1, 1)


def test_a_loop_across_tenants_is_refused_without_naming_it():
    graph = graph_of({"a": ["their"], "their": ["a"]}, "a")
    with pytest.raises(Refused) as refusal:
        targets.refuse_loop(graph, "a", tenant_id=OURS)
    assert refusal.value.message == targets.neutral_refusal().message
    assert "their" not in refusal.value.message


def test_a_graph_beyond_the_bound_is_given_up():
    edges = {f"n{number}": [f"n{number + 1}"] for number in range(50)}
    with pytest.raises(TooManyNodes):
        graph_of(edges, "n0", max_nodes=20)


keys = st.sampled_from("abcdefgh")
graphs = st.dictionaries(keys, st.lists(keys, max_size=4, unique=True), min_size=1)


def reaches_itself(edges: dict[str, list[str]], key: str) -> bool:
    """By another way than the code under test: the closure of what follows `key`."""
    seen: set[str] = set()
    frontier = set(edges.get(key, []))
    while frontier - seen:
        seen |= frontier
        frontier = {below for at in frontier for below in edges.get(at, [])}
    return key in seen


@given(graphs)
def test_a_loop_is_found_exactly_where_one_exists(edges):
    start = min(edges)
    graph = graph_of(edges, start)
    loop = find_loop(graph, start)
    assert bool(loop) == any(reaches_itself(edges, key) for key in graph.edges)
    for at, following in zip(loop, [*loop[1:], *loop[:1]], strict=True):
        assert following in edges[at]


@given(graphs)
def test_measuring_ends_on_any_graph(edges):
    start = min(edges)
    size = measure(graph_of(edges, start), start, tenant_id=OURS)
    assert size.recipients >= 1
