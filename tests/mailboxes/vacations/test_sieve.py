"""What people type is text of a reply, whatever it looks like. Pigeonhole itself is asked."""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailboxes import sievec
from mailboxes.vacations import (
    DAYS,
    HEAD,
    MAX_ADDRESSES,
    MAX_LINE_OCTETS,
    MAX_MESSAGE,
    MAX_SUBJECT,
    compile_answer,
    compile_phrase,
    compile_script,
    normalise_message,
    period,
    time_zones,
    today_in,
)

ANN = "ann@alder.example"
SENDER = "zoe@example.com"
# As users may be that programs of Dovecot are content with.
NOBODY = 65534

HOSTILE = [
    '"; redirect "evil@example.com"; #',
    '\\"; discard; stop;',
    "\\",
    "\\\\",
    '"',
    '\\"',
    ".",
    "\n.\n",
    'a\r\n.\r\nredirect :copy "evil@example.com";\r\n',
    "text:\n.\n;",
    "${hex:22}; discard; ${hex:22}",
    "${unicode:22}",
    "${hex: 22 3b}",
    "${ hex:22}",
    "$${hex:24}{hex:22}",
    "${1} ${env} ${addresses}",
    "${",
    "$",
    "/* x */ # y",
    "\t tab",
    "]:{}()[],;",
    "Bcc: evil@example.com",
    "x\r\nBcc: evil@example.com",
    "=?utf-8?q?x=0D=0ABcc:_evil@example.com?=",
    "%s %u %d {0} {{ x }} {% y %} @{join} @{position} @{now}",
    "' OR '1'='1",
    "Grüße aus 東京 😀 \u202fx",
    "e\u0301 \u0627\u0644",
]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="sieve-") as name:
        Path(name).chmod(0o777)
        yield Path(name)


def run(folder: Path, script: str, **headers: str) -> str:
    """What Pigeonhole would do with a message to ann."""
    message = EmailMessage()
    for name, text in {"From": SENDER, "To": ANN, "Subject": "Hello", **headers}.items():
        message[name.replace("_", "-")] = text
    message.set_content("Hi")
    configuration = sievec._configuration()
    assert configuration is not None, "these tests need sievec"
    # Dovecot 2.3 needs no first lines, and has one word for what are two in 2.4.
    new = f"mail_driver = maildir\nmail_path = {folder}/mail\n"
    configuration += new if configuration else f"mail_location = maildir:{folder}/mail\n"
    for name, text in (("conf", configuration), ("s.sieve", script), ("m.eml", message.as_string())):
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o644)
    done = subprocess.run(
        [
            *("sieve-test", "-c", folder / "conf", "-f", SENDER, "-a", ANN, "-r", ANN),
            *(folder / "s.sieve", folder / "m.eml"),
        ],
        env={"PATH": os.environ["PATH"], "USER": "nobody", "HOME": str(folder)},
        user=NOBODY if os.geteuid() == 0 else None,
        group=NOBODY if os.geteuid() == 0 else None,
        extra_groups=[] if os.geteuid() == 0 else None,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def acts(told: str) -> list[str]:
    """The names of what is done, without the text of the reply."""
    return re.findall(r"^ \* (\w+ \w+)", re.sub(r"(?s)START MESSAGE.*END MESSAGE", "", told), re.MULTILINE)


def made(subject: str = "Away", message: str = "I am away.", name: str = "Ann") -> str:
    return compile_script([ANN], phrase=compile_phrase(name), answer=compile_answer(subject, message))


def test_a_person_gets_the_reply_and_the_mail_stays(folder: Path) -> None:
    told = run(folder, made())
    assert acts(told) == ["send vacation", "store message"]
    assert f"seconds : {DAYS * 86400}" in told
    assert f'from    : "Ann" <{ANN}>' in told


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_message_is_a_message(folder: Path, text: str) -> None:
    told = run(folder, made(message=f"A{text}Z"))
    assert acts(told) == ["send vacation", "store message"]
    said = told.partition("START MESSAGE\n")[2].partition("\nEND MESSAGE")[0]
    assert said.replace("\r\n", "\n") == f"A{text}Z".replace("\r\n", "\n")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_subject_is_a_subject_of_one_line(folder: Path, text: str) -> None:
    told = run(folder, made(subject=f"A{text}Z"))
    assert acts(told) == ["send vacation", "store message"]
    [subject] = re.findall(r"=> subject : (.*)", told)
    assert subject == " ".join(f"A{text}Z".split())


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_name_is_a_name(folder: Path, text: str) -> None:
    told = run(folder, made(name=f"A{text}Z"))
    assert acts(told) == ["send vacation", "store message"]
    [sender] = re.findall(r"=> from    : (.*)", told)
    name, address = parseaddr(sender)
    assert address == ANN
    seen = str(make_header(decode_header(name)))
    assert re.sub(r"\s", "", seen) == re.sub(r"\s", "", f"A{text}Z")


def test_the_largest_text_compiles(folder: Path) -> None:
    worst = '"\\$\n' * (MAX_MESSAGE // 4)
    assert sievec.complaint(made("ü" * MAX_SUBJECT, worst, "ö" * 120)) == ""
    many = [f"{'a' * 64}@{number:03}.{'b' * 60}.example" for number in range(MAX_ADDRESSES + 5)]
    script = compile_script([ANN, *many], phrase="", answer=compile_answer("x", worst))
    assert sievec.complaint(script) == ""
    assert f"@{MAX_ADDRESSES - 2:03}." in script
    assert f"@{MAX_ADDRESSES - 1:03}." not in script


@pytest.mark.parametrize(
    "headers",
    [
        {"List_Id": "<news.example.com>"},
        {"List_Unsubscribe": "<https://example.com/>"},
        {"Mailing_List": "contact x@example.com"},
        {"Precedence": "Bulk"},
        {"Precedence": "list"},
        {"Precedence": "junk"},
        {"Auto_Submitted": "auto-generated"},
        {"Auto_Submitted": "Auto-Replied (vacation)"},
        {"X_Auto_Response_Suppress": "OOF, DR"},
        {"X_Spam_Flag": "YES"},
        {"X_Spam": "Yes"},
        {"X_Spam_Status": "Yes, score=7"},
        {"Feedback_ID": "1:2:3"},
    ],
    ids=lambda headers: "-".join(next(iter(headers.items()))),
)
def test_lists_bulk_spam_and_machines_get_none(folder: Path, headers: dict[str, str]) -> None:
    assert acts(run(folder, made(), **headers)) == ["store message"]


def test_what_only_looks_like_them_gets_one(folder: Path) -> None:
    headers = {
        "Auto_Submitted": "no",
        "Precedence": "first-class",
        "X_Spam_Flag": "NO",
        "X_Spam_Status": "No",
    }
    assert acts(run(folder, made(), **headers)) == ["send vacation", "store message"]


def decoded(inside: str) -> str:
    """The inside of a quoted string as RFC 5228 2.4.2 and 2.4.2.4 read it."""
    plain = re.sub(r"\\(.)", r"\1", inside, flags=re.DOTALL)
    return re.sub(r"\$\{hex:([0-9A-F ]+)\}", lambda match: bytes.fromhex(match[1]).decode(), plain)


@given(
    st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t"), max_size=400)
)
def test_every_text_comes_back_as_it_was_and_ends_its_string_nowhere(text: str) -> None:
    answer = compile_answer("s", text)
    inside = re.fullmatch(r':subject "s" "((?:[^"\\]|\\["\\])*)"', answer)
    assert inside is not None
    assert "\n" not in answer
    assert decoded(inside[1]).replace("\r\n", "\n") == normalise_message(text)


@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=200))
def test_no_text_at_all_leaves_its_string(subject: str, message: str, name: str) -> None:
    script = made(subject, message, name)
    rest = script.removeprefix(HEAD)
    bare = re.sub(r'"(?:[^"\\]|\\["\\])*"', "S", rest)
    assert bare == "S] :from S :subject S S; }"
    assert re.search(r"[\x00-\x1f\x7f]", script) is None


def test_long_lines_are_cut_at_blanks_and_between_characters() -> None:
    words, solid = "wörd " * 500, "ü" * 2000
    for text in (words.strip(), solid):
        inside = decoded(compile_answer("s", text).partition(' "')[2].partition(' "')[2][:-1])
        lines = inside.split("\r\n")
        assert max(len(line.encode()) for line in lines) <= MAX_LINE_OCTETS
        joined = " " if " " in text else ""
        assert joined.join(lines) == text


def test_a_name_that_is_not_ascii_is_told_in_short_encoded_words() -> None:
    phrase = compile_phrase("Ä" * 120)
    assert phrase.isascii()
    assert max(len(word) for word in phrase.split()) <= 75
    assert str(make_header(decode_header(phrase.strip()))) == "Ä" * 120
    assert compile_phrase(" \n ") == ""


def test_days_begin_and_end_at_midnight_of_their_zone_over_the_change_of_clocks() -> None:
    spring = period(date(2026, 3, 28), date(2026, 3, 29), "Europe/Berlin")
    assert spring.starts_at == datetime(2026, 3, 27, 23, tzinfo=UTC)
    assert spring.ends_at == datetime(2026, 3, 29, 22, tzinfo=UTC)
    assert period(date(2026, 1, 1), None, "Asia/Kolkata").starts_at == datetime(
        2025, 12, 31, 18, 30, tzinfo=UTC
    )
    # Clocks in Beirut go from 00:00 to 01:00: the day begins with its first moment.
    assert period(date(2026, 3, 29), None, "Asia/Beirut").starts_at == datetime(2026, 3, 28, 22, tzinfo=UTC)
    late = datetime(2026, 3, 9, 23, 30, tzinfo=UTC)
    assert (today_in("Europe/Berlin", late), today_in("UTC", late)) == (date(2026, 3, 10), date(2026, 3, 9))


@pytest.mark.parametrize("gone", ["Mars/Olympus", "../../etc/passwd", "/etc/passwd", "", "x" * 300])
def test_a_zone_that_the_machine_does_not_know_is_utc(gone: str) -> None:
    assert period(date(2026, 1, 1), None, gone).starts_at == datetime(2026, 1, 1, tzinfo=UTC)


def test_people_choose_among_places_and_utc() -> None:
    zones = time_zones()
    assert zones[0] == "UTC"
    assert {"Europe/Berlin", "America/New_York", "Asia/Kolkata"} <= set(zones)
    assert not {"Etc/GMT+1", "posixrules", "US/Pacific", "CET"} & set(zones)


def test_the_compiler_is_asked_and_its_complaint_is_told() -> None:
    assert sievec.complaint(made()) == ""
    assert "error" in sievec.complaint(made() + " redirect;")


def test_without_a_compiler_nothing_is_said_against_a_script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sievec, "PROGRAM", "/nowhere/sievec")
    sievec._configuration.cache_clear()
    try:
        assert sievec.complaint("nonsense") == ""
    finally:
        sievec._configuration.cache_clear()
