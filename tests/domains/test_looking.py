"""What a look at a domain finds in the answers of real name servers, and what hostile ones cost."""

import time

import dns.rcode
import pytest

from domains import dns as lookups
from domains.looking import look_at
from domains.proof import ProofResult
from domains.records import Installation, Kind, records_for
from tests.dns import HOST, FakeDns, Zone, is_lame, is_silent, nsd, says
from tests.domains.conftest import network_of

HOUSE = Installation("mail.house.example", ("a:mail.house.example",))
SECOND = "127.0.0.2"
OURS = Zone("house.example").add("mail", "A", "192.0.2.7").add("alias", "CNAME", "mail.house.example.")


def look(server, name="claimed.example", **network):
    return look_at(name, records_for(name, HOUSE), HOUSE, network_of(server, **network))


def look_fake(*zones, tricks=None, **parts):
    with FakeDns(OURS, *zones, tricks=tricks) as server:
        return look(server, **parts)


def results(found):
    return {kind: finding.result for kind, finding in found.findings.items()}


def complete(*, addresses=(HOST,)):
    """A zone after somebody did what the page says."""
    zone = Zone("claimed.example", addresses=addresses)
    for record in records_for("claimed.example", HOUSE):
        if record.rdtype == "TXT":
            zone.txt(record.host, record.value)
        else:
            zone.add(record.host, record.rdtype, record.value)
    return zone


def test_on_a_real_server_an_empty_zone_misses_all_and_one_with_our_zone_file_has_all():
    empty = Zone("claimed.example")
    with nsd(OURS, empty) as server:
        assert set(results(look(server)).values()) == {ProofResult.MISSING}
        server.publish(complete())
        deadline = time.monotonic() + 5
        while set(results(look(server)).values()) != {ProofResult.OK}:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def a_zone(*records):
    zone = Zone("claimed.example")
    for host, rdtype, value in records:
        zone.add(host, rdtype, value)
    return zone


# (what stands in the zone, kind, result, words of the page), each answered by the real NSD.
FINDINGS = [
    ([("@", "MX", "0 .")], Kind.MX, ProofResult.MISMATCH, "takes no mail at all"),
    ([("@", "MX", "10 alias.house.example.")], Kind.MX, ProofResult.INVALID, "is an alias (CNAME)"),
    ([("@", "MX", "10 192.0.2.7.")], Kind.MX, ProofResult.INVALID, "is an address"),
    ([("@", "MX", "10 mx.other.example.")], Kind.MX, ProofResult.MISMATCH, "Mail goes to mx.other.example"),
    (
        [("@", "MX", "10 mail.house.example."), ("@", "MX", "5 mx.other.example.")],
        Kind.MX,
        ProofResult.MISMATCH,
        "asked before or beside this server",
    ),
    ([("@", "TXT", '"v=spf1 ip4:192.0.2.0/24 " "-all"')], Kind.SPF, ProofResult.OK, ""),
    ([("@", "TXT", '"v=spf1 -all"')], Kind.SPF, ProofResult.MISMATCH, "does not name the servers"),
    ([("@", "TXT", '"v=spf1 ipv4:1 -all"')], Kind.SPF, ProofResult.INVALID, "is no SPF term"),
    (
        [("@", "TXT", '"v=spf1 mx"'), ("@", "TXT", '"v=spf1 -all"')],
        Kind.SPF,
        ProofResult.MULTIPLE,
        "2 SPF records",
    ),
    (
        [("@", "TXT", '"v=spf1 include:deep.claimed.example"'), ("deep", "TXT", f'"v=spf1 {"mx " * 10}"')],
        Kind.SPF,
        ProofResult.INVALID,
        "more than 10 look-ups",
    ),
    (
        [("@", "TXT", '"v=spf1 include:deep.claimed.example"'), ("deep", "TXT", '"v=spf1 a:mail.house.example"')],
        Kind.SPF,
        ProofResult.OK,
        "",
    ),
    (
        [("@", "TXT", '"v=spf1 include:loop.claimed.example"'), ("loop", "TXT", '"v=spf1 include:loop.claimed.example"')],
        Kind.SPF,
        ProofResult.INVALID,
        "more than 10 look-ups",
    ),
    ([("@", "TXT", '"v=spf1 include:gone.claimed.example"')], Kind.SPF, ProofResult.INVALID, "has no SPF record"),
    ([("_dmarc", "TXT", '"v=DMARC1; p=blok"')], Kind.DMARC, ProofResult.INVALID, "“p=blok” is no policy"),
    (
        [("_dmarc", "CNAME", "d.claimed.example."), ("d", "TXT", '"v=DMARC1; p=reject"')],
        Kind.DMARC,
        ProofResult.OK,
        "Policy “reject”",
    ),
    ([("_imaps._tcp", "SRV", "0 1 143 mail.house.example.")], Kind.IMAPS, ProofResult.MISMATCH, "another server or port"),
]  # fmt: skip


def test_each_finding_on_a_real_server_says_the_words_of_the_page():
    for records, kind, result, words in FINDINGS:
        with nsd(OURS, a_zone(*records)) as server:
            finding = look(server).findings[kind]
        assert (finding.result, words in finding.note) == (result, True), (records, finding)


def test_a_dmarc_record_that_another_provider_keeps_is_followed():
    zone = Zone("claimed.example").add("_dmarc", "CNAME", "c.reports.example.")
    kept = Zone("reports.example").txt("c", "v=DMARC1; p=none")
    found = look_fake(zone, kept).findings[Kind.DMARC]
    assert (found.result, found.values) == (ProofResult.OK, ("v=DMARC1; p=none",))


@pytest.mark.parametrize("trick", [says(dns.rcode.SERVFAIL), says(dns.rcode.REFUSED), is_lame])
def test_a_server_that_cannot_answer_is_no_missing_record(trick):
    found = look_fake(complete(), tricks={HOST: trick})
    assert results(found)[Kind.SPF] == ProofResult.TEMPFAIL
    assert found.servers[0].trouble


def test_servers_that_differ_are_told_apart():
    old = Zone("claimed.example")
    found = look_fake(complete(addresses=(HOST, SECOND)), tricks={SECOND: FakeDns(old).from_zone})
    assert found.findings[Kind.SPF].result == ProofResult.PARTIAL
    assert found.findings[Kind.SPF].note == "Right on 1 of 2 name servers."
    assert [server.name for server in found.servers] == ["ns1.claimed.example", "ns2.claimed.example"]


def test_a_silent_server_costs_two_tries_in_all(monkeypatch):
    monkeypatch.setattr(lookups, "QUERY_SECONDS", 0.3)
    zone = complete(addresses=(HOST, SECOND))
    with FakeDns(OURS, zone, tricks={SECOND: is_silent}) as server:
        started = time.monotonic()
        found = look(server)
        assert time.monotonic() - started < 3
        tries = [name for address, name, kind in server.asked if address == SECOND and kind == "TXT"]
    assert len(tries) == 2
    assert found.servers[1].trouble == "no answer"
    assert found.findings[Kind.SPF].result == ProofResult.PARTIAL


def test_a_silent_resolver_is_a_passing_trouble(monkeypatch):
    monkeypatch.setattr(lookups, "QUERY_SECONDS", 0.1)
    with FakeDns() as server:
        found = look(server, resolvers=((SECOND, server.port),))
    assert set(results(found).values()) == {ProofResult.TEMPFAIL}


def test_a_zone_of_five_hundred_hostile_texts_is_shown_in_a_few():
    zone = Zone("claimed.example")
    for number in range(500):
        zone.txt("@", rf"v=spf1 <svg onload=alert({number})>\027[31m\255")
    found = look_fake(zone).findings[Kind.SPF]
    assert found.result == ProofResult.MULTIPLE
    assert len(found.values) == 10
    assert "".join(found.values).isprintable()


def test_a_cname_that_leads_to_itself_ends():
    zone = Zone("claimed.example").add("_dmarc", "CNAME", "_dmarc.claimed.example.")
    assert look_fake(zone).findings[Kind.DMARC].result in {ProofResult.MISSING, ProofResult.INVALID}


def test_a_name_that_only_the_registry_answers_for_misses_all():
    found = look_fake(Zone("example"), name="unregistered.example")
    assert set(results(found).values()) == {ProofResult.MISSING}
