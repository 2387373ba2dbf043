"""Guesses are counted exactly, also when they come all at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from panel.accounts import throttle
from panel.accounts.models import SignInFailure
from panel.accounts.throttle import Counter, Limit, Throttled

THREE = Limit(3, 600)


def in_parallel(number, act):
    def run(index):
        try:
            return act(index)
        except Throttled:
            return "throttled"
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))


@pytest.mark.django_db(transaction=True)
def test_sixteen_wrong_passwords_at_once_are_counted_to_the_limit_and_not_beyond():
    counters = [Counter("pair", "a", THREE), Counter("network", "n", Limit(60, 600))]
    answers = in_parallel(16, lambda index: throttle.take(counters, f"guess {index}"))
    assert answers.count("throttled") == 13
    assert sorted(SignInFailure.objects.values_list("failures", flat=True)) == [3, 3]


@pytest.mark.django_db
def test_a_right_guess_that_was_one_of_too_many_in_parallel_is_not_heard():
    counters = [Counter("pair", "a", THREE, forgives=True)]
    throttle.look(counters)
    for guess in ("a", "b", "c"):
        throttle.take(counters, guess)
    with pytest.raises(Throttled):
        throttle.clear(counters)


@pytest.mark.django_db
def test_the_same_wrong_password_again_is_one_guess():
    counters = [Counter("pair", "a", THREE, forgives=True)]
    for _ in range(9):
        throttle.take(counters, "the old one")
    assert SignInFailure.objects.get().failures == 1


@pytest.mark.django_db
def test_a_success_forgives():
    counters = [Counter("pair", "a", THREE, forgives=True)]
    throttle.take(counters, "x")
    throttle.clear(counters)
    assert SignInFailure.objects.get().failures == 0


@given(st.ip_addresses(v=6))
def test_attack_46_every_address_of_an_ipv6_64_is_one_network(address):
    neighbour = str(type(address)((int(address) >> 64 << 64) | 0xFFFF))
    if address.ipv4_mapped is None and int(address) >> 64:
        assert throttle.network_of(str(address)) == throttle.network_of(neighbour)


@given(st.text())
def test_any_text_is_a_network_or_none(text):
    assert isinstance(throttle.network_of(text), str)


@given(st.text(), st.text())
def test_two_accounts_never_share_a_key(one, other):
    keys = {Counter("account", value, THREE).key for value in (one, other)}
    assert len(keys) == len({one, other})
