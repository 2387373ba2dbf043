"""From what each name server answered to one of eight results. Pure.

A token counts only where every name server of the zone gives it, and where no wildcard does: a stale
or a lame server must not decide, and a name that answers to everything proves nothing.
"""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

# RFC 8552: an underscored name is nobody's host, so it can't clash with one.
CHALLENGE_LABEL = "_posthouse-challenge"
MAX_SEEN = 500
MAX_TEXTS = 20

HOUR = 3600
DAY = 24 * HOUR
# (up to this many checks so far, wait so many seconds): quick while somebody sits before the page,
# daily until the claim expires.
_BACK_OFF = ((4, 15), (10, 60), (22, 300), (46, HOUR))


class ProofResult(StrEnum):
    """What the last look at a proof record found: eight results, never a boolean. TEMPFAIL and BOGUS
    mean that nobody could be asked, and change nothing."""

    NONE = ""
    OK = "ok"
    PARTIAL = "partial"
    MISSING = "missing"
    MISMATCH = "mismatch"
    MULTIPLE = "multiple"
    INVALID = "invalid"
    TEMPFAIL = "tempfail"
    BOGUS = "bogus"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    ProofResult.NONE: "Not checked yet",
    ProofResult.OK: "Found",
    ProofResult.PARTIAL: "Found on some servers",
    ProofResult.MISSING: "Not found",
    ProofResult.MISMATCH: "Another value found",
    ProofResult.MULTIPLE: "Several values found",
    ProofResult.INVALID: "Not usable",
    ProofResult.TEMPFAIL: "Could not ask",
    ProofResult.BOGUS: "DNSSEC failure",
}


class Answered(StrEnum):
    """What one server said about the challenge name."""

    TEXTS = "texts"
    # NXDOMAIN or no TXT record there, from an authoritative server.
    NOTHING = "nothing"
    # A CNAME that leads out of the zone, where somebody else may write.
    LEADS_OUT = "leads_out"
    # SERVFAIL, REFUSED, silence, a lame server, an address that we do not ask.
    FAILED = "failed"


@dataclass(frozen=True)
class Answer:
    """`server` is its name as people know it; `texts` are whole TXT records, strings joined;
    `trouble` says in words why it failed."""

    server: str
    answered: Answered
    texts: tuple[str, ...] = ()
    trouble: str = ""


@dataclass(frozen=True)
class Verdict:
    """`seen` is text from outside: escaped, and cut to what a row holds."""

    result: ProofResult
    seen: str


def judge(token: str, answers: Sequence[Answer], *, is_wildcard: bool = False) -> Verdict:
    """The verdict on `answers`, one for each address of each name server.

    `is_wildcard` tells that a random name beside the challenge gives the token too.
    """
    seen = describe(answers)
    results = [_judge_one(token, answer) for answer in answers]
    if not results:
        return Verdict(ProofResult.TEMPFAIL, "No name server could be asked.")
    if ProofResult.OK in results:
        if is_wildcard:
            return Verdict(ProofResult.INVALID, cut(f"A wildcard record gives it for every name. {seen}"))
        is_everywhere = all(result == ProofResult.OK for result in results)
        return Verdict(ProofResult.OK if is_everywhere else ProofResult.PARTIAL, seen)
    # Somebody who could not be asked might have had it: that is never "wrong".
    for result in (
        ProofResult.TEMPFAIL,
        ProofResult.INVALID,
        ProofResult.MULTIPLE,
        ProofResult.MISMATCH,
    ):
        if result in results:
            return Verdict(result, seen)
    return Verdict(ProofResult.MISSING, seen)


def is_token(text: str, token: str) -> bool:
    """Whether a TXT record is exactly the token, in constant time."""
    return hmac.compare_digest(text.encode(), token.encode())


def describe(answers: Iterable[Answer]) -> str:
    """`ns1.example.net, ns2.example.net: nothing`, escaped and cut."""
    servers: dict[str, list[str]] = {}
    for answer in answers:
        names = servers.setdefault(_words(answer), [])
        if answer.server not in names:
            names.append(answer.server)
    parts = [f"{', '.join(printable(name) for name in names)}: {words}" for words, names in servers.items()]
    return cut("; ".join(parts))


def printable(text: str) -> str:
    """Text from outside with every control, invisible and direction character written out."""
    return "".join(
        character if character.isprintable() else f"\\u{{{ord(character):x}}}" for character in text
    )


def cut(text: str) -> str:
    return text if len(text) <= MAX_SEEN else text[: MAX_SEEN - 1] + "…"


def delay_seconds(checks: int) -> int:
    """How long to wait after so many checks of one claim."""
    return next((seconds for most, seconds in _BACK_OFF if checks <= most), DAY)


def _judge_one(token: str, answer: Answer) -> ProofResult:
    if answer.answered is Answered.FAILED:
        return ProofResult.TEMPFAIL
    if answer.answered is Answered.LEADS_OUT:
        return ProofResult.INVALID
    if answer.answered is Answered.NOTHING or not answer.texts:
        return ProofResult.MISSING
    # Each record speaks for itself: another tenant's token beside ours takes nothing from ours. All
    # are compared, so that the time tells nothing.
    matches = [is_token(text, token) for text in answer.texts]
    if any(matches):
        return ProofResult.OK
    return ProofResult.MULTIPLE if len(answer.texts) > 1 else ProofResult.MISMATCH


def _words(answer: Answer) -> str:
    if answer.answered is Answered.FAILED:
        return printable(answer.trouble) or "no answer"
    if answer.answered is Answered.LEADS_OUT:
        return "a CNAME that leads out of the zone"
    if answer.answered is Answered.NOTHING or not answer.texts:
        return "nothing"
    return " ".join(f"“{printable(text)}”" for text in answer.texts[:MAX_TEXTS])
