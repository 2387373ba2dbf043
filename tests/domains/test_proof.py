"""The verdict on what name servers said: eight results, and never a yes by accident."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.proof import MAX_SEEN, Answer, Answered, ProofResult, delay_seconds, judge, printable

TOKEN = "0123456789abcdef0123456789abcdef"


def has(*texts, server="ns1"):
    return Answer(server, Answered.TEXTS, texts)


NOTHING = Answer("ns2", Answered.NOTHING)
FAILED = Answer("ns3", Answered.FAILED, trouble="no answer")
LEADS_OUT = Answer("ns4", Answered.LEADS_OUT)


@pytest.mark.parametrize(
    ("answers", "result"),
    [
        ([], ProofResult.TEMPFAIL),
        ([has(TOKEN)], ProofResult.OK),
        ([has(TOKEN), has(TOKEN, server="ns2")], ProofResult.OK),
        ([has("another tenant's", TOKEN)], ProofResult.OK),
        ([has(TOKEN), NOTHING], ProofResult.PARTIAL),
        ([has(TOKEN), FAILED], ProofResult.PARTIAL),
        ([has(TOKEN), has("old", server="ns2")], ProofResult.PARTIAL),
        ([NOTHING], ProofResult.MISSING),
        ([NOTHING, FAILED], ProofResult.TEMPFAIL),
        ([has("old"), FAILED], ProofResult.TEMPFAIL),
        ([FAILED], ProofResult.TEMPFAIL),
        ([has("old")], ProofResult.MISMATCH),
        ([has("old"), NOTHING], ProofResult.MISMATCH),
        ([has("old", "older")], ProofResult.MULTIPLE),
        ([LEADS_OUT], ProofResult.INVALID),
        ([has(TOKEN[:-1])], ProofResult.MISMATCH),
        ([has(TOKEN.upper())], ProofResult.MISMATCH),
        ([has(f" {TOKEN}")], ProofResult.MISMATCH),
        ([has("")], ProofResult.MISMATCH),
    ],
)
def test_the_verdict_is_one_of_eight(answers, result):
    assert judge(TOKEN, answers).result == result


def test_a_wildcard_proves_nothing():
    assert judge(TOKEN, [has(TOKEN)], is_wildcard=True).result == ProofResult.INVALID


answers = st.lists(
    st.builds(
        Answer,
        server=st.text(max_size=20),
        answered=st.sampled_from(Answered),
        texts=st.lists(st.one_of(st.just(TOKEN), st.text(max_size=300)), max_size=4).map(tuple),
        trouble=st.text(max_size=20),
    ),
    max_size=6,
)


@given(answers, st.booleans())
def test_ok_only_where_every_server_gives_the_token_and_no_wildcard_does(given_answers, is_wildcard):
    verdict = judge(TOKEN, given_answers, is_wildcard=is_wildcard)
    everywhere = bool(given_answers) and all(
        answer.answered is Answered.TEXTS and TOKEN in answer.texts for answer in given_answers
    )
    assert (verdict.result == ProofResult.OK) == (everywhere and not is_wildcard)


@given(answers)
def test_nobody_who_could_not_be_asked_is_ever_called_wrong(given_answers):
    verdict = judge(TOKEN, given_answers)
    if any(answer.answered is Answered.FAILED for answer in given_answers):
        assert verdict.result in {ProofResult.TEMPFAIL, ProofResult.PARTIAL}


@given(answers)
def test_what_was_seen_fits_its_column_and_holds_no_control_character(given_answers):
    seen = judge(TOKEN, given_answers).seen
    assert len(seen) <= MAX_SEEN
    assert seen.isprintable()


def test_a_terminal_sequence_is_written_out():
    assert printable("\x1b[31mred\u202e") == "\\u{1b}[31mred\\u{202e}"


def test_the_pause_grows_from_15_seconds_to_a_day():
    delays = [delay_seconds(checks) for checks in range(1, 60)]
    assert delays == sorted(delays)
    assert sorted(set(delays)) == [15, 60, 300, 3600, 86400]
