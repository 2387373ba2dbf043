"""What the panel sees in DNS, with servers that do everything servers do."""

import time

import dns.rcode
import pytest

from domains import dns as lookups
from domains.dns import is_global, look_for_proof
from domains.proof import ProofResult
from tests.dns import HOST, FakeDns, Zone, is_lame, is_silent, nsd, says
from tests.domains.conftest import network_of

TOKEN = "0123456789abcdef0123456789abcdef"
CHALLENGE = "_posthouse-challenge"
SECOND = "127.0.0.2"


def look(*zones, name="claimed.example", tricks=None, **network):
    with FakeDns(*zones, tricks=tricks) as server:
        return look_for_proof(name, TOKEN, network_of(server, **network))


def test_the_token_at_its_name_is_found():
    assert look(Zone("claimed.example").txt(CHALLENGE, TOKEN)).result == ProofResult.OK


def test_the_token_of_a_name_below_the_zone_is_found():
    zone = Zone("claimed.example").txt(f"{CHALLENGE}.sales", TOKEN)
    assert look(zone, name="sales.claimed.example").result == ProofResult.OK


def test_strings_of_one_record_are_joined():
    assert look(Zone("claimed.example").txt(CHALLENGE, TOKEN[:10], TOKEN[10:])).result == ProofResult.OK


def test_a_record_at_the_parent_or_a_child_name_does_not_count():
    zone = Zone("claimed.example").txt("@", TOKEN).txt(f"x.{CHALLENGE}", TOKEN)
    zone.txt(f"{CHALLENGE}.sales", TOKEN)
    assert look(zone).result == ProofResult.MISSING


def test_a_name_without_the_record_is_missing_it():
    verdict = look(Zone("claimed.example"))
    assert (verdict.result, verdict.seen) == (ProofResult.MISSING, "ns1.claimed.example: nothing")


def test_a_wildcard_does_not_count():
    assert look(Zone("claimed.example").txt("*", TOKEN)).result == ProofResult.INVALID


def test_a_wildcard_with_other_text_does_not_hide_the_record():
    zone = Zone("claimed.example").txt("*", "v=spf1 -all").txt(CHALLENGE, TOKEN)
    assert look(zone).result == ProofResult.OK


def test_a_cname_out_of_the_zone_is_not_followed():
    zone = Zone("claimed.example").add(CHALLENGE, "CNAME", "proof.attacker.example.")
    attacker = Zone("attacker.example").txt("proof", TOKEN)
    assert look(zone, attacker).result == ProofResult.INVALID


def test_a_cname_inside_the_zone_counts():
    zone = Zone("claimed.example").add(CHALLENGE, "CNAME", "proof.claimed.example.").txt("proof", TOKEN)
    assert look(zone).result == ProofResult.OK


def test_another_value_and_several_values_are_told_apart():
    assert look(Zone("claimed.example").txt(CHALLENGE, "old")).result == ProofResult.MISMATCH
    two = Zone("claimed.example").txt(CHALLENGE, "old").txt(CHALLENGE, "older")
    assert look(two).result == ProofResult.MULTIPLE


@pytest.mark.parametrize(
    "trick", [says(dns.rcode.SERVFAIL), says(dns.rcode.REFUSED), is_lame], ids=["servfail", "refused", "lame"]
)
def test_a_server_that_cannot_answer_is_no_missing_record(trick):
    zone = Zone("claimed.example").txt(CHALLENGE, TOKEN)
    assert look(zone, tricks={HOST: trick}).result == ProofResult.TEMPFAIL


def test_a_silent_server_is_asked_twice_and_then_left(monkeypatch):
    monkeypatch.setattr(lookups, "QUERY_SECONDS", 0.2)
    zone = Zone("claimed.example").txt(CHALLENGE, TOKEN)
    with FakeDns(zone, tricks={HOST: is_silent}) as server:
        verdict = look_for_proof("claimed.example", TOKEN, network_of(server))
        asked = [kind for _, _, kind in server.asked if kind == "TXT"]
    assert (verdict.result, len(asked)) == (ProofResult.TEMPFAIL, 2)


def test_two_servers_that_differ_are_a_partial_proof():
    zone = Zone("claimed.example", addresses=(HOST, SECOND)).txt(CHALLENGE, TOKEN)
    old = Zone("claimed.example")
    verdict = look(zone, tricks={SECOND: FakeDns(old).from_zone})
    assert verdict.result == ProofResult.PARTIAL
    assert "ns2.claimed.example: nothing" in verdict.seen


def test_all_servers_are_asked():
    zone = Zone("claimed.example", addresses=(HOST, SECOND)).txt(CHALLENGE, TOKEN)
    with FakeDns(zone) as server:
        assert look_for_proof("claimed.example", TOKEN, network_of(server)).result == ProofResult.OK
        asked = {address for address, name, _ in server.asked if name.startswith(CHALLENGE)}
    assert asked == {HOST, SECOND}


def test_a_silent_resolver_is_a_passing_trouble(monkeypatch):
    monkeypatch.setattr(lookups, "QUERY_SECONDS", 0.1)
    with FakeDns() as server:
        network = network_of(server, resolvers=((SECOND, server.port),))
        assert look_for_proof("claimed.example", TOKEN, network).result == ProofResult.TEMPFAIL


def test_a_server_with_an_inner_address_is_not_asked():
    zone = Zone("claimed.example").txt(CHALLENGE, TOKEN)
    with FakeDns(zone) as server:
        verdict = look_for_proof("claimed.example", TOKEN, network_of(server, allows_private=False))
        assert not [name for _, name, kind in server.asked if kind == "TXT"]
    assert (verdict.result, verdict.seen) == (
        ProofResult.TEMPFAIL,
        "ns1.claimed.example: it has no public address",
    )


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1",
        "fd00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::10.0.0.1",
        "2002:a00:1::1",
        "ff02::1",
    ],
)
def test_an_inner_address_is_never_public(address):
    assert not is_global(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "64:ff9b::1.1.1.1"])
def test_a_public_address_is_public(address):
    assert is_global(address)


def test_a_thousand_records_cost_one_long_answer():
    zone = Zone("claimed.example")
    for number in range(1000):
        zone.txt(CHALLENGE, f"noise {number}")
    verdict = look(zone)
    assert verdict.result == ProofResult.MULTIPLE
    assert len(verdict.seen) <= 500


def test_markup_and_terminal_codes_come_back_as_text():
    verdict = look(Zone("claimed.example").txt(CHALLENGE, r"<svg onload=alert(1)>\027[31m"))
    assert "<svg onload=alert(1)>\\u{1b}[31m" in verdict.seen


def test_a_hostile_zone_costs_20_seconds_at_most(monkeypatch):
    monkeypatch.setattr(lookups, "BUDGET_SECONDS", 0.5)
    monkeypatch.setattr(lookups, "QUERY_SECONDS", 0.3)
    budget = lookups.Budget(ends_at=time.monotonic() + 0.5)
    monkeypatch.setattr(lookups, "Budget", lambda: budget)
    zone = Zone("claimed.example", addresses=(HOST, SECOND)).txt(CHALLENGE, TOKEN)
    started = time.monotonic()
    verdict = look(zone, tricks={HOST: is_silent, SECOND: is_silent})
    assert verdict.result == ProofResult.TEMPFAIL
    assert time.monotonic() - started < 2


def test_no_more_than_50_queries_are_asked():
    addresses = tuple(f"127.0.1.{number}" for number in range(1, 21))
    zone = Zone("claimed.example", addresses=addresses).txt(CHALLENGE, TOKEN)
    with FakeDns(zone) as server:
        verdict = look_for_proof("claimed.example", TOKEN, network_of(server))
        assert len(server.asked) <= 50
    assert verdict.result == ProofResult.PARTIAL


def test_a_name_that_only_the_registry_answers_for_does_not_exist():
    verdict = look(Zone("example"), name="unregistered.example")
    assert (verdict.result, verdict.seen) == (
        ProofResult.MISSING,
        "unregistered.example does not exist in DNS.",
    )


def test_the_real_nsd_proves_a_domain_after_a_reload():
    zone = Zone("claimed.example")
    with nsd(zone) as server:
        network = network_of(server)
        assert look_for_proof("claimed.example", TOKEN, network).result == ProofResult.MISSING
        server.publish(zone.txt(CHALLENGE, TOKEN))
        deadline = time.monotonic() + 5
        while look_for_proof("claimed.example", TOKEN, network).result != ProofResult.OK:
            assert time.monotonic() < deadline
            time.sleep(0.1)
