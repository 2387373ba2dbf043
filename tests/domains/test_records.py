"""The records of a domain and their files."""

import json

import dns.rdatatype
import dns.zone
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domains.installation import this_installation
from domains.records import Installation, Kind, Level, Record, as_json, quoted, records_for, zone_file
from panel.environment import Environment, environment

HOUSE = Installation("mail.house.example", ("a:mail.house.example",))


def by_kind(name="claimed.example", installation=HOUSE, **parts):
    return {record.kind: record for record in records_for(name, installation, **parts)}


def test_a_domain_without_any_record_gets_each_once():
    found = by_kind(proof_token="f00d")
    assert {kind: (record.rdtype, record.host, record.value) for kind, record in found.items()} == {
        Kind.PROOF: ("TXT", "_posthouse-challenge", "f00d"),
        Kind.MX: ("MX", "@", "10 mail.house.example."),
        Kind.SPF: ("TXT", "@", "v=spf1 a:mail.house.example ~all"),
        Kind.DMARC: ("TXT", "_dmarc", "v=DMARC1; p=none; rua=mailto:postmaster@claimed.example"),
        Kind.TLSRPT: ("TXT", "_smtp._tls", "v=TLSRPTv1; rua=mailto:postmaster@claimed.example"),
        Kind.SUBMISSIONS: ("SRV", "_submissions._tcp", "0 1 465 mail.house.example."),
        Kind.SUBMISSION: ("SRV", "_submission._tcp", "10 1 587 mail.house.example."),
        Kind.IMAPS: ("SRV", "_imaps._tcp", "0 1 993 mail.house.example."),
    }


def test_a_proved_domain_needs_no_proof_any_more():
    assert Kind.PROOF not in by_kind()


def test_what_is_needed_is_told_from_what_helps():
    levels = {kind: record.level for kind, record in by_kind().items()}
    assert [kind for kind, level in levels.items() if level is Level.REQUIRED] == [Kind.MX, Kind.SPF]
    assert [kind for kind, level in levels.items() if level is Level.RECOMMENDED] == [Kind.DMARC]


def test_ports_follow_the_offset_of_the_installation():
    moved = by_kind(installation=Installation("mail.house.example", ("mx",), 2000))
    assert moved[Kind.IMAPS].value == "0 1 2993 mail.house.example."


def test_a_name_below_the_registered_domain_is_written_within_its_zone():
    found = by_kind("sales.claimed.co.uk")
    assert (found[Kind.MX].host, found[Kind.DMARC].host) == ("sales", "_dmarc.sales")
    assert found[Kind.DMARC].name == "_dmarc.sales.claimed.co.uk"


def test_the_spf_record_that_stands_there_is_kept_and_extended():
    merged = by_kind(spf="v=spf1 include:_spf.other.example -all")[Kind.SPF]
    assert merged.value == "v=spf1 include:_spf.other.example a:mail.house.example -all"


def test_the_operators_own_terms_take_the_place_of_the_host(monkeypatch):
    monkeypatch.setattr(environment, "mail_host", "Mail.House.Example")
    assert this_installation().spf_terms == ("a:mail.house.example",)
    monkeypatch.setattr(environment, "spf_terms", ["include:_spf.house.example"])
    assert this_installation().spf_terms == ("include:_spf.house.example",)


@pytest.mark.parametrize("term", ["house.example", "-all", "include:", "include:a b", "redirect=x"])
def test_nonsense_for_an_spf_term_stops_the_start(monkeypatch, term):
    monkeypatch.setenv("POSTHOUSE_SPF_TERMS", f"a:mail.house.example,{term}")
    with pytest.raises(ValidationError, match="is no SPF term"):
        Environment()


def texts_of(zone_text, name="claimed.example"):
    """What a name server would answer, by (name, type)."""
    head = f"@ 60 IN SOA ns.{name}. x.{name}. 1 1 1 1 1\n@ 60 IN NS ns.{name}.\n"
    zone = dns.zone.from_text(head + zone_text, origin=name, relativize=False)
    return {
        (owner.to_text(), dns.rdatatype.to_text(rdata.rdtype)): rdata
        for owner, node in zone.items()
        for rdataset in node
        for rdata in rdataset
    }


def test_the_zone_file_says_what_the_page_says():
    records = records_for("claimed.example", HOUSE, proof_token="f00d")
    read = texts_of(zone_file("claimed.example", records))
    for record in records:
        rdata = read[f"{record.name}.", record.rdtype]
        said = b"".join(rdata.strings).decode() if record.rdtype == "TXT" else rdata.to_text()
        assert said == record.value


@given(st.text(st.characters(codec="utf-8"), max_size=700))
def test_every_text_comes_back_from_a_zone_file_as_it_was(text):
    record = Record(Kind.SPF, "TXT", "claimed.example", "@", text, Level.OPTIONAL, "", "", "")
    read = texts_of(zone_file("claimed.example", [record]))["claimed.example.", "TXT"]
    assert b"".join(read.strings) == text.encode()
    assert all(len(string) <= 255 for string in read.strings)


def test_a_long_text_is_split_at_255_octets():
    assert quoted("a" * 300) == f'"{"a" * 255}" "{"a" * 45}"'


def test_programs_get_the_same_as_json():
    records = records_for("claimed.example", HOUSE)
    read = json.loads(as_json("claimed.example", records))
    assert read["domain"] == "claimed.example"
    assert read["records"][0] == {
        "kind": "mx",
        "type": "MX",
        "name": "claimed.example.",
        "host": "@",
        "value": "10 mail.house.example.",
        "ttl_seconds": 3600,
        "level": "required",
        "reason": "Says which server takes mail for this domain",
    }
