"""Addresses that the RFCs allow and that the panel refuses on purpose: a form, a reason, an example.

docs/mail-protocols.md points here. The test beside it refuses each example, and holds that every
valid address of a public suite which is refused falls under exactly one of these forms.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Form:
    """`pattern` is searched in the address; the first form that matches is the reason."""

    name: str
    pattern: re.Pattern[str]
    reason: str
    example: str


# In this order: an address with a control character in a comment is refused for the character.
FORMS = (
    Form(
        "control characters and folded lines",
        re.compile(r"[\x00-\x1f\x7f]"),
        "A line end forges a header or a map entry; NUL ends strings. RFC 5322 allows them in folding white"
        " space and obsolete forms only, which no envelope (RFC 5321) has.",
        "ann@example.com\r\n ",
    ),
    Form(
        "comments",
        re.compile(r"[()]"),
        "RFC 5322 3.2.2 comments belong to headers; an envelope address has none, and two spellings would be"
        " two rows.",
        "(front desk)ann@example.com",
    ),
    Form(
        "quoted local parts",
        re.compile(r'"'),
        "RFC 5321 4.1.2 tells hosts to avoid them. Quoting hides `|`, `/`, `@` and spaces, which Postfix and"
        " Dovecot would act on.",
        '"ann"@example.com',
    ),
    Form(
        "address literals",
        re.compile(r"@\["),
        "Mail to a bare IP address passes by every domain rule, and reaches machines inside the network.",
        "ann@[192.0.2.1]",
    ),
    Form(
        "white space inside",
        re.compile(r"\S +@|@ +\S|\S +\S"),
        "RFC 5322 4.4, obsolete. An envelope address has no space outside quotes.",
        "ann @example.com",
    ),
    Form(
        "a local part beyond 64 characters",
        re.compile(r"^[^@]{65,}@"),
        "RFC 5321 4.5.3.1.1.",
        "a" * 65 + "@example.com",
    ),
    Form(
        "a label beyond 63 characters",
        re.compile(r"[@.][^.@]{64,}"),
        "RFC 1035 2.3.4.",
        f"ann@{'b' * 64}.com",
    ),
    Form(
        "an address beyond 254 characters",
        re.compile(r"^.{255,}$"),
        "RFC 5321 4.5.3.1.3: a path has 256 octets with its angle brackets.",
        f"ann@{'.'.join(['b' * 60] * 4)}.example",
    ),
    Form(
        "special characters of mail software",
        re.compile(r"^[^@]*[!|/%]"),
        "`!` and `%` route mail through other hosts (Postfix swap_bangpath, allow_percent_hack), `|` starts a"
        " command and `/` names a file (aliases(5)).",
        "ann!bob@example.com",
    ),
    Form(
        "a domain without a dot",
        re.compile(r"@[^.]+$"),
        "A name of one label is a host of the local network or a top-level domain, which should have no mail"
        " (RFC 7085).",
        "ann@io",
    ),
    Form(
        "characters that no host name has",
        re.compile(r"@.*[^A-Za-z0-9. -]"),
        "RFC 5321 2.3.5: the domain of an address is a host name, so letters, digits and hyphens.",
        "ann@exam/ple.com",
    ),
    Form(
        "labels with hyphens in the third and fourth place",
        re.compile(r"@(?:.*\.)?(?!xn)[a-z0-9]{2}--", re.IGNORECASE),
        "RFC 5891 4.2.3.1 reserves them for encodings; without one of them the label means nothing.",
        "ann@ab--cd.com",
    ),
)


def form_of(address: str) -> Form | None:
    """The first form that the address has, or None: then it must be taken."""
    return next((form for form in FORMS if form.pattern.search(address)), None)
