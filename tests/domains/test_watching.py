"""When what people see of a record changes, and when it is looked at again."""

from hypothesis import given
from hypothesis import strategies as st

from domains.proof import DAY, ProofResult
from domains.watching import Watch, next_delay, settle

OK, MISSING, TEMPFAIL = ProofResult.OK, ProofResult.MISSING, ProofResult.TEMPFAIL
UNSURE = {ProofResult.TEMPFAIL, ProofResult.BOGUS}


def after(*found):
    watch = Watch()
    for result in found:
        watch = settle(watch, result)
    return watch


def test_the_first_result_is_shown_at_once():
    assert after(MISSING) == Watch(MISSING)


def test_a_change_is_shown_when_it_was_seen_twice():
    assert after(OK, MISSING) == Watch(OK, MISSING)
    assert after(OK, MISSING, MISSING) == Watch(MISSING)


def test_what_flickers_is_never_shown():
    assert after(OK, MISSING, OK, MISSING, OK).shown == OK
    assert after(OK, MISSING, ProofResult.MISMATCH, MISSING).shown == OK


def test_whoever_could_not_be_asked_changes_nothing_and_stands_between_nothing():
    assert after(TEMPFAIL) == Watch()
    assert after(OK, TEMPFAIL, ProofResult.BOGUS, TEMPFAIL) == Watch(OK)
    assert after(OK, MISSING, TEMPFAIL, MISSING).shown == MISSING


@given(st.lists(st.sampled_from(sorted(set(ProofResult) - {ProofResult.NONE}))))
def test_what_is_shown_was_found_last_or_is_about_to_change(found):
    watch = after(*found)
    sure = [result for result in found if result not in UNSURE]
    assert watch.shown not in UNSURE
    assert watch.shown == (sure[-1] if sure and not watch.pending else watch.shown)
    assert watch.pending in {ProofResult.NONE, *sure[-1:]}


@given(st.integers(1, 10**6), st.booleans())
def test_the_next_look_is_between_some_seconds_and_a_day_and_a_bit(checks, is_settled):
    seconds = next_delay(checks, is_settled=is_settled)
    assert 13 <= seconds <= 1.1 * DAY
    assert seconds >= 0.9 * DAY or not is_settled


def test_looks_of_many_domains_are_spread():
    assert len({next_delay(100, is_settled=True) for _ in range(100)}) > 90
