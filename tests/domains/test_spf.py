"""SPF: a record is merged, never doubled; who may send is decided as a receiver would."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.spf import Included, Malformed, Sender, is_spf, lets_send, lookups, merge, parse, targets

OURS = ("a:mail.house.example",)
US = Sender(OURS, ("192.0.2.7",))


def merged(record, terms=OURS):
    return " ".join(token for token, _ in merge(record, terms))


@pytest.mark.parametrize(
    ("record", "wanted"),
    [
        ("", "v=spf1 a:mail.house.example ~all"),
        ("v=spf1 -all", "v=spf1 a:mail.house.example -all"),
        ("v=spf1", "v=spf1 a:mail.house.example"),
        ("v=spf1 include:a.example ?all", "v=spf1 include:a.example a:mail.house.example ?all"),
        ("v=spf1 mx redirect=b.example", "v=spf1 mx a:mail.house.example redirect=b.example"),
        ("v=spf1 A:Mail.House.Example -all", "v=spf1 A:Mail.House.Example -all"),
        ("v=spf1 +a:mail.house.example -all", "v=spf1 +a:mail.house.example -all"),
        ("v=spf1 -a:mail.house.example -all", "v=spf1 a:mail.house.example -all"),
        ("v=spf1 -all a:mail.house.example", "v=spf1 a:mail.house.example -all"),
        ("v=spf1  mx   -all", "v=spf1 mx a:mail.house.example -all"),
    ],
)
def test_our_term_goes_before_what_ends_the_record(record, wanted):
    assert merged(record) == wanted


def test_what_is_new_is_marked():
    assert merge("v=spf1 mx -all", OURS) == (
        ("v=spf1", False),
        ("mx", False),
        ("a:mail.house.example", True),
        ("-all", False),
    )


terms = st.sampled_from(
    [
        *(
            "mx",
            "a",
            "include:x.example",
            "-all",
            "~all",
            "+all",
            "redirect=y.example",
            "ip4:192.0.2.0/24",
            *OURS,
        ),
        *("-a:mail.house.example", "?a:mail.house.example", "exp=why.example", "ptr"),
    ]
)


@given(st.lists(terms, max_size=8))
def test_merging_loses_nothing_of_others_and_a_second_time_changes_nothing(tokens):
    record = " ".join(["v=spf1", *tokens])
    once = merged(record)
    assert merged(once) == once
    others = [token for token in tokens if "mail.house.example" not in token]
    assert [token for token in once.split(" ")[1:] if "mail.house.example" not in token] == others
    assert once.split(" ").count(OURS[0]) >= 1


@given(st.lists(terms, max_size=8))
def test_after_a_merge_our_servers_may_send_unless_somebody_is_refused_before_them(tokens):
    record = " ".join(["v=spf1", *tokens])
    try:
        parse(record)
    except Malformed:
        return
    assert lets_send(merged(record), US, Included())


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("v=spf1", True),
        ("V=SPF1 -all", True),
        ("v=spf10", False),
        ("v=spf1-all", False),
        ("spf2.0/pra", False),
    ],
)
def test_only_a_version_alone_makes_an_spf_record(text, is_one):
    assert is_spf(text) is is_one


@pytest.mark.parametrize(
    "term",
    [
        "ip4:300.1.1.1", "ip4:192.0.2.0/33", "ip4:2001:db8::1", "ip6:192.0.2.1", "ip4", "include", "include:", "al",
        "all:x", "a:", "a/33", "mx//129", "exists", "-redirect=x", "inclúde:x", "redirect=a redirect=b", "a:%{q}", "=",
    ],
)  # fmt: skip
def test_a_term_that_no_receiver_understands_spoils_the_record(term):
    with pytest.raises(Malformed):
        parse(f"v=spf1 {term} -all")


@pytest.mark.parametrize(
    "term",
    [
        "a", "a/24", "a//64", "a/24//64", "a:b.example/24", "mx:b.example", "ptr", "ip4:192.0.2.1", "ip6:2001:db8::/32",
        "exists:%{i}._spf.b.example", "include:_spf.b.example", "?all", "redirect=b.example", "exp=x", "unknown=1",
    ],
)  # fmt: skip
def test_every_term_of_the_rfc_is_understood(term):
    assert parse(f"v=spf1 {term}")[0].text == term


@pytest.mark.parametrize(
    ("record", "passes"),
    [
        ("v=spf1 a:mail.house.example -all", True),
        ("v=spf1 ip4:192.0.2.0/24 -all", True),
        ("v=spf1 -ip4:192.0.2.7 a:mail.house.example -all", False),
        ("v=spf1 -all a:mail.house.example", False),
        ("v=spf1 ?a:mail.house.example", False),
        ("v=spf1 include:good.example -all", True),
        ("v=spf1 include:bad.example -all", False),
        ("v=spf1 redirect=good.example", True),
        ("v=spf1 include:loop.example -all", False),
        ("v=spf1 mx -all", False),
        ("v=spf1 +all", True),
        ("v=spf1 ip6:2001:db8::/32 -all", False),
        ("v=spf1 nonsense", False),
        ("v=spf1", False),
    ],
)
def test_the_first_term_that_matches_decides(record, passes):
    included = Included(
        {
            "good.example": ["v=spf1 a:mail.house.example -all"],
            "bad.example": ["v=spf1 ip4:198.51.100.1 -all"],
            "loop.example": ["v=spf1 include:loop.example"],
        }
    )
    assert lets_send(record, US, included) is passes


def test_a_bare_mx_names_us_where_the_mx_is_ours():
    assert lets_send("v=spf1 mx -all", Sender(OURS, ("192.0.2.7",), is_mx=True), Included())


def test_every_address_of_ours_must_pass():
    both = Sender(OURS, ("192.0.2.7", "2001:db8::7"))
    assert not lets_send("v=spf1 ip4:192.0.2.7 -all", both, Included())
    assert lets_send("v=spf1 ip4:192.0.2.7 ip6:2001:db8::7 -all", both, Included())


def test_look_ups_are_counted_through_what_is_included():
    included = Included({"x.example": ["v=spf1 a mx include:y.example -all"], "y.example": ["v=spf1 ptr"]})
    assert lookups("v=spf1 ip4:192.0.2.1 include:x.example exists:z.example -all mx", included) == 6


def test_a_loop_of_includes_is_too_many_look_ups_and_ends():
    included = Included({"x.example": ["v=spf1 include:x.example include:x.example"]})
    assert lookups("v=spf1 include:x.example", included) == 11


def test_a_record_of_five_hundred_loops_is_judged_at_once():
    loops = "v=spf1 " + "include:x.example " * 500
    assert not lets_send(loops, US, Included({"x.example": [loops]}))


def test_the_names_to_ask_next_are_those_that_a_receiver_reads():
    assert targets("v=spf1 include:A.example. include:%{d}.x -all redirect=b.example") == ["a.example"]
    assert targets("v=spf1 mx redirect=b.example") == ["b.example"]


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text):
    record = f"v=spf1 {text}"
    lets_send(record, US, Included())
    lookups(record, Included())
    merged(record)
