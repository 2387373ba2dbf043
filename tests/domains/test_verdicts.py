"""What a record's answers mean: one of eight results, and a sentence that helps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.proof import Answer, Answered, ProofResult
from domains.records import Installation, Kind, records_for
from domains.spf import Included, Sender
from domains.verdicts import Facts, HostState, existing_spf, judge

HOUSE = Installation("mail.house.example", ("a:mail.house.example",))
RECORDS = {record.kind: record for record in records_for("claimed.example", HOUSE, proof_token="f00d")}
FAILED = Answer("ns9", Answered.FAILED, trouble="no answer")
OK, MISSING, MISMATCH = ProofResult.OK, ProofResult.MISSING, ProofResult.MISMATCH
MULTIPLE, INVALID, TEMPFAIL = ProofResult.MULTIPLE, ProofResult.INVALID, ProofResult.TEMPFAIL


def says(*values, server="ns1"):
    return Answer(server, Answered.TEXTS if values else Answered.NOTHING, values)


def facts(**parts):
    return Facts(HOUSE, Sender(HOUSE.spf_terms, ("192.0.2.7",)), **parts)


def find(kind, *values, **parts):
    return judge(RECORDS[kind], [says(*values)], facts(**parts))


@pytest.mark.parametrize(
    ("values", "result", "words"),
    [
        ((), MISSING, "No MX record"),
        (("10 mail.house.example.",), OK, ""),
        (("10 MAIL.House.example.",), OK, ""),
        (("10 mail.house.example.", "20 backup.other.example."), OK, "backup.other.example takes mail while"),
        (("10 mail.house.example.", "10 mx.other.example."), MISMATCH, "mail goes there too"),
        (("20 mail.house.example.", "10 mx.other.example."), MISMATCH, "mail goes there too"),
        (("10 mx.other.example.",), MISMATCH, "Mail goes to mx.other.example"),
        (("0 .",), MISMATCH, "takes no mail at all"),
        (("0 .", "10 mail.house.example."), INVALID, "must stand alone"),
        (("10 192.0.2.7.",), INVALID, "is an address"),
        (("10 alias.other.example.", "20 mail.house.example."), INVALID, "is an alias (CNAME)"),
    ],
)
def test_mx(values, result, words):
    found = find(Kind.MX, *values, hosts={"alias.other.example": HostState.ALIAS})
    assert found.result == result
    assert words in found.note


def test_a_mail_host_without_an_address_is_the_operators_to_mend():
    found = find(Kind.MX, "10 mail.house.example.", hosts={"mail.house.example": HostState.NOTHING})
    assert (found.result, "The operator" in found.note) == (INVALID, True)


@pytest.mark.parametrize(
    ("values", "result", "words"),
    [
        ((), MISSING, "No SPF record"),
        (("google-site-verification=x",), MISSING, "No SPF record"),
        (("v=spf1 a:mail.house.example ~all", "unrelated"), OK, ""),
        (("v=spf1 ip4:192.0.2.0/24 -all",), OK, ""),
        (("v=spf1 -all",), MISMATCH, "does not name the servers"),
        (("v=spf1 a:mail.house.example -all", "v=spf1 mx"), MULTIPLE, "2 SPF records"),
        (("v=spf1 ipv4:192.0.2.7 -all",), INVALID, "“ipv4:192.0.2.7” is no SPF term"),
        (("v=spf1 a:mail.house.example +all",), OK, "lets everybody send"),
        (("v=spf1 a:mail.house.example ptr -all",), OK, "“ptr” is slow"),
        ((f"v=spf1 a:mail.house.example {'ip4:198.51.100.1 ' * 30}-all",), OK, "longer than 450"),
        (("v=spf1 " + "mx " * 11 + "-all",), INVALID, "more than 10 look-ups"),
        (("v=spf1 include:none.example a:mail.house.example -all",), INVALID, "has no SPF record"),
        (("v=spf1 include:silent.example -all",), TEMPFAIL, "could not be looked up"),
        (("v=spf1 a:mail.house.example include:silent.example -all",), OK, ""),
        (("v=spf1 include:good.example -all",), OK, ""),
    ],
)
def test_spf(values, result, words):
    texts = {"none.example": [], "good.example": ["v=spf1 a:mail.house.example -all"]}
    found = find(Kind.SPF, *values, included=Included(texts, frozenset({"silent.example"})))
    assert found.result == result
    assert words in found.note


@pytest.mark.parametrize(
    ("values", "result", "words"),
    [
        ((), MISSING, "No DMARC record"),
        (("hello",), MISMATCH, "no DMARC record"),
        (("v=DMARC1; p=none; rua=mailto:a@b.example",), OK, "nothing is blocked"),
        (("v=DMARC1;p=reject",), OK, "Policy “reject”"),
        (("v=DMARC1; rua=mailto:a@b.example!10m,mailto:c@d.example",), OK, "nothing is blocked"),
        (("v=DMARC1; p=none; future=1",), OK, ""),
        (("v=DMARC1; p=none", "v=DMARC1; p=none"), MULTIPLE, "keep one"),
        (("v=DMARC1; p=quarantin",), INVALID, "“p=quarantin” is no policy"),
        (("v=dmarc1; p=none",), INVALID, "v=DMARC1 first"),
        (("v=DMARC1; p",), INVALID, "name=value"),
        (("v=DMARC1; p=none; p=reject",), INVALID, "name=value"),
        (("v=DMARC1; p=none; rua=a@b.example",), INVALID, "write mailto: before it"),
    ],
)
def test_dmarc(values, result, words):
    found = find(Kind.DMARC, *values)
    assert found.result == result
    assert words in found.note


@pytest.mark.parametrize(
    ("values", "result"),
    [
        ((), MISSING),
        (("v=TLSRPTv1; rua=mailto:a@b.example",), OK),
        (("v=TLSRPTv1; rua=https://b.example/report",), OK),
        (("v=TLSRPTv1; rua=mailto:a@b.example", "v=TLSRPTv1; rua=mailto:c@d.example"), MULTIPLE),
        (("v=TLSRPTv1; rua=",), INVALID),
        (("other",), MISMATCH),
    ],
)
def test_reports_on_encryption(values, result):
    assert find(Kind.TLSRPT, *values).result == result


@pytest.mark.parametrize(
    ("values", "result"),
    [
        ((), MISSING),
        (("0 1 993 mail.house.example.",), OK),
        (("5 0 993 Mail.House.example.",), OK),
        (("0 1 143 mail.house.example.",), MISMATCH),
        (("0 0 0 .",), MISMATCH),
        (("0 1 993 mail.house.example.", "0 1 993 old.other.example."), MULTIPLE),
    ],
)
def test_srv(values, result):
    assert find(Kind.IMAPS, *values).result == result


GOOD = says("10 mail.house.example.")


@pytest.mark.parametrize(
    ("answers", "result"),
    [
        ([], TEMPFAIL),
        ([FAILED], TEMPFAIL),
        ([GOOD, FAILED], ProofResult.PARTIAL),
        ([GOOD, says(server="ns2")], ProofResult.PARTIAL),
        ([says(), FAILED], TEMPFAIL),
        ([says(), says(server="ns2"), FAILED], MISSING),
        ([says(), says("10 x.example.", server="ns2")], MISMATCH),
        ([Answer("ns1", Answered.LEADS_OUT)], INVALID),
        # An address of the same server that this host can't reach says nothing.
        ([GOOD, Answer("ns1", Answered.FAILED, trouble="it cannot be reached")], OK),
    ],
)
def test_all_name_servers_decide_together(answers, result):
    assert judge(RECORDS[Kind.MX], answers, facts()).result == result


def test_some_servers_that_are_right_are_counted_by_name():
    found = judge(RECORDS[Kind.MX], [GOOD, says(server="ns2"), says(server="ns3")], facts())
    assert found.note == "Right on 1 of 3 name servers."


def test_only_a_record_that_is_alone_and_whole_is_merged_into():
    assert existing_spf(["v=spf1 mx -all"]) == "v=spf1 mx -all"
    for values in ([], ["v=spf1 mx", "v=spf1 a"], ["v=spf1 é"], ["v=spf1 " + "x" * 2000], ["other"]):
        assert existing_spf(values) == ""


def test_markup_and_terminal_codes_come_back_as_text():
    found = find(Kind.DMARC, "v=DMARC1; p=<svg onload=alert(1)>\x1b[31m\u202e")
    assert found.note.isprintable()
    assert found.values == ("v=DMARC1; p=<svg onload=alert(1)>\\u{1b}[31m\\u{202e}",)


hosts = st.sampled_from(["mail.house.example.", ".", "192.0.2.1.", "x.example.", "\\000\\255.x.", "a" * 300])
values_of = {
    "TXT": st.one_of(
        st.text(max_size=3000),
        st.sampled_from(["v=spf1 ", "v=DMARC1; ", "v=TLSRPTv1; "]).flatmap(lambda head: st.text(max_size=80).map(head.__add__)),
    ),
    "MX": st.builds("{} {}".format, st.integers(0, 65535), hosts),
    "SRV": st.builds("{} 0 {} {}".format, st.integers(0, 65535), st.sampled_from([993, 465, 1]), hosts),
}  # fmt: skip


@given(st.data(), st.sampled_from(sorted(RECORDS)))
def test_every_answer_has_a_verdict_that_fits_its_row(data, kind):
    record = RECORDS[kind]
    values = st.lists(values_of[record.rdtype], max_size=500).map(tuple)
    answers = data.draw(
        st.lists(
            st.builds(
                Answer,
                st.sampled_from(["ns1", "ns2", "\x1b"]),
                st.sampled_from(Answered),
                values,
                st.text(max_size=50),
            ),
            max_size=4,
        )
    )
    found = judge(record, answers, facts())
    assert found.result in set(ProofResult) - {ProofResult.NONE, ProofResult.BOGUS}
    assert max(len(found.note), len(found.seen)) <= 500
    assert (found.note + found.seen + "".join(found.values)).isprintable()
    assert sum(map(len, found.values)) <= 20_000
    if any(answer.answered is Answered.FAILED for answer in answers) and found.result == OK:
        assert len({answer.server for answer in answers}) < len(answers)
