"""The vacation reply: from what a person typed to the Sieve script that Dovecot runs. Pure.

The script is one line. Pigeonhole reads it from a dictionary, and not every driver of those keeps what
stands behind a line end. So a line end in a message is told as `${hex:0D 0A}` (RFC 5228 2.4.2.4), and
the dollar sign, which starts that, as `${hex:24}`: nothing that a person types means anything to Sieve.

The contract puts the same pieces together in SQL (`panel.mailserver.contract.sieve`), because the
addresses that lead to a mailbox change without its vacation reply; the tests hold both to one result.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from email.header import Header
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

MAX_SUBJECT = 200
MAX_MESSAGE = 10_000
# How many addresses a script names; the mailbox's own comes first.
MAX_ADDRESSES = 500
# Nobody gets a second reply within these days (RFC 5230 4.1), whatever is changed meanwhile.
DAYS = 4
# RFC 5322 2.1.1 allows 998 octets a line without its end.
MAX_LINE_OCTETS = 900

# Pigeonhole itself answers no null sender, no list-*, Precedence, Auto-Submitted or MAILER-DAEMON, and
# nothing that does not name an address of the mailbox in To or Cc (RFC 5230 4.5, 4.6). It is said here
# once more, for what must never be answered shall not hang on a version; and what filters mark as spam.
_LIST_HEADERS = (
    "List-Id",
    "List-Post",
    "List-Owner",
    "List-Help",
    "List-Archive",
    "List-Subscribe",
    "List-Unsubscribe",
    "Mailing-List",
    "Feedback-ID",
    "X-Autoreply",
    "X-Autorespond",
)
_SENDERS = (
    "mailer-daemon",
    "listserv",
    "majordomo",
    "owner-*",
    "*-owner",
    "*-request",
    "*-bounces",
    "*-bounces+*",
    "bounce-*",
    "bounces+*",
    "noreply*",
    "no-reply*",
    "no_reply*",
    "donotreply*",
    "do-not-reply*",
)


def _strings(texts: Iterable[str]) -> str:
    return "[" + ",".join(f'"{text}"' for text in texts) + "]"


# The three constant pieces: HEAD addresses MIDDLE from ANSWER TAIL.
HEAD = (
    'require ["encoded-character","envelope","vacation"];'
    " if not anyof ("
    f'header :matches {_strings(_LIST_HEADERS)} "*",'
    ' header :matches "Auto-Submitted" "auto-*",'
    ' header :is "Precedence" ["bulk","junk","list","auto_reply"],'
    ' header :contains "X-Auto-Response-Suppress" ["all","oof","autoreply"],'
    ' header :is ["X-Spam","X-Spam-Flag"] ["yes","true"],'
    ' header :matches "X-Spam-Status" "yes*",'
    ' header :contains "Content-Type" "multipart/report",'
    ' envelope :is "from" "",'
    f' envelope :localpart :matches "from" {_strings(_SENDERS)}'
    f') {{ vacation :days {DAYS} :handle "posthouse" :addresses ['
)
MIDDLE = '] :from "'
TAIL = "; }"


@dataclass(frozen=True)
class Period:
    """From `starts_at` on and before `ends_at`; None is without an end."""

    starts_at: datetime
    ends_at: datetime | None


def compile_script(addresses: Iterable[str], *, phrase: str, answer: str) -> str:
    """The whole script. The first of `addresses` is the mailbox's own: the reply is From that one alone,
    whatever name the mail came by, for a target of an alias has no right to send as the alias.

    `phrase` and `answer` come from `compile_phrase` and `compile_answer`.
    """
    own, *others = addresses
    named = ",".join(f'"{address}"' for address in (own, *others)[:MAX_ADDRESSES])
    return f'{HEAD}{named}{MIDDLE}{phrase}<{own}>" {answer}{TAIL}'


def compile_phrase(name: str) -> str:
    """The display name of the From header (RFC 5322 3.4) with a blank behind it, as the inside of a
    Sieve string; nothing for no name."""
    name = " ".join(_harmless(name).split())
    if not name:
        return ""
    # What looks like an encoded word is told as one, or a reader's program would decode it.
    if name.isascii() and "=?" not in name:
        phrase = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    else:
        # RFC 2047: words of at most 75 characters, which a header writer may put on lines of their own.
        phrase = " ".join(Header(name, "utf-8", maxlinelen=75).encode(linesep="\n").split())
    return _inside(phrase) + " "


def compile_answer(subject: str, message: str) -> str:
    """The arguments of `vacation` that a person typed."""
    return f':subject "{_inside(" ".join(subject.split()))}" "{_inside(_short_lines(message))}"'


def period(first_day: date, last_day: date | None, time_zone: str) -> Period:
    """From the first moment of the first day to the last of the last one, as clocks in `time_zone` tell it."""
    return Period(
        _midnight(first_day, time_zone),
        None if last_day is None else _midnight(last_day + timedelta(days=1), time_zone),
    )


def today_in(time_zone: str, now: datetime) -> date:
    return now.astimezone(_zone(time_zone)).date()


@cache
def time_zones() -> tuple[str, ...]:
    """The names that a person can choose from: places, and UTC. Without tzdata on the machine UTC alone."""
    return ("UTC", *sorted(name for name in available_timezones() if _is_place(name)))


def normalise_message(text: str) -> str:
    """With plain line ends, none at the end of the text."""
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip()


def _is_place(name: str) -> bool:
    area, slash, _ = name.partition("/")
    return bool(slash) and area not in {"Etc", "SystemV", "US", "Canada", "Brazil", "Mexico", "Chile"}


def _midnight(day: date, time_zone: str) -> datetime:
    return datetime.combine(day, time.min, _zone(time_zone)).astimezone(UTC)


def _zone(name: str) -> tzinfo:
    """UTC for a name that is not, or no longer, in the machine's tz database."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def _inside(text: str) -> str:
    """`text` as the inside of a quoted string of a script that requires "encoded-character"."""
    told = _harmless(text).replace("$", "${hex:24}").replace("\\", "\\\\").replace('"', '\\"')
    return told.replace("\t", "${hex:09}").replace("\n", "${hex:0D 0A}")


def _harmless(text: str) -> str:
    """Without control characters but tab and line feed, and without halves of characters. The action
    refuses both; this holds for whoever forgets to ask it."""
    return "".join(one for one in text if one in "\t\n" or unicodedata.category(one) not in {"Cc", "Cs"})


def _short_lines(message: str) -> str:
    return "\n".join(short for line in normalise_message(message).split("\n") for short in _pieces(line))


def _pieces(line: str) -> list[str]:
    """A line in pieces of at most MAX_LINE_OCTETS, cut at blanks where there are any."""
    pieces = []
    while len(line.encode()) > MAX_LINE_OCTETS:
        fits = len(line.encode()[:MAX_LINE_OCTETS].decode(errors="ignore"))
        at = line.rfind(" ", 1, fits + 1)
        at = fits if at < 0 else at
        pieces.append(line[:at])
        line = line[at:].lstrip(" ")
    return [*pieces, line]
