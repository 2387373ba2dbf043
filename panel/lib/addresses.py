"""Domains and addresses: parse, normalise, refuse. Pure.

Every name that the panel stores passes through here once, at the edge, so that two spellings are
never two rows. Everything refused raises `Refused` with an empty field and one of the codes below.
"""

import ipaddress
import re
import unicodedata
from functools import lru_cache

import idna
from publicsuffixlist import PublicSuffixList

from panel.lib.errors import Refused

MAX_ADDRESS = 254  # RFC 5321 4.5.3.1.3: a path of 256 octets, less the angle brackets.
MAX_LOCAL_PART = 64  # RFC 5321 4.5.3.1.1
MAX_DOMAIN = 253  # RFC 1035 2.3.4: 255 octets on the wire.
MAX_LABEL = 63

# What a local part of ours may hold. RFC 5322 3.2.3 atext has more; we leave out what Postfix, Dovecot or
# a shell gives a meaning of its own: `/` `|` `!` `%` `+` `*` `&` `$` `#` `=` `?` `^` `~` and braces. The
# apostrophe stays, for people have it in their names. A leading hyphen would be an option to a command
# (Postfix refuses it too: allow_min_user).
_OUR_LOCAL_PART = re.compile(r"(?!-)[a-z0-9_'-]+(?:\.[a-z0-9_'-]+)*")
_OUTSIDE_LOCAL_PART = re.compile(r"[A-Za-z0-9_'=~&#$*?^+{}`-]+(?:\.[A-Za-z0-9_'=~&#$*?^+{}`-]+)*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
# UTS 46: these dots are spellings of the ASCII one.
_DOTS = re.compile("[\u3002\uff0e\uff61]")
# Letters of these scripts look so alike that a label which mixes them with Latin is taken for a forgery.
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")
# RFC 6761, RFC 8375, RFC 9476 and ICANN's name-collision list: never anyone's to claim.
_SPECIAL_USE = frozenset(
    {
        "localhost",
        "invalid",
        "onion",
        "alt",
        "local",
        "internal",
        "home",
        "corp",
        "mail",
        "lan",
        "home.arpa",
    }
)


def normalise_domain(text: str) -> str:
    """The lower-case IDNA 2008 A-label of what a person typed (UTS 46, non-transitional).

    Raises `Refused` (domain_empty, domain_characters, domain_dot, domain_address, domain_too_long,
    domain_label, domain_single, domain_script).
    """
    # An enormous text is refused before anything walks it (CVE-2024-3651).
    if len(text) > 4 * MAX_DOMAIN:
        raise Refused("A domain name has at most 253 characters.", "domain_too_long")
    _refuse_controls(text, "domain_characters")
    name = _DOTS.sub(".", unicodedata.normalize("NFKC", text.strip(" ")))
    if not name:
        raise Refused("Type a domain name, such as example.com.", "domain_empty")
    if name.startswith("[") or _is_ip_address(name):
        raise Refused(
            f"“{name}” is an IP address. Type a domain name, such as example.com.",
            "domain_address",
        )
    if name.endswith(".") or name.startswith(".") or ".." in name:
        raise Refused(f"“{name}” has a dot too many. Write it as example.com.", "domain_dot")
    ascii_name = _to_a_labels(name)
    if len(ascii_name) > MAX_DOMAIN:
        raise Refused("A domain name has at most 253 characters.", "domain_too_long")
    labels = ascii_name.split(".")
    if len(labels) < 2:  # noqa: PLR2004 -- a name and its ending
        raise Refused(f"“{name}” has no ending such as .com or .org.", "domain_single")
    if (
        not all(len(label) <= MAX_LABEL and _LABEL.fullmatch(label) for label in labels)
        or labels[-1].isdigit()
    ):
        raise Refused(
            f"“{name}” is not a domain name. Letters, digits and hyphens are allowed, with dots between.",
            "domain_label",
        )
    return ascii_name


def normalise_local_part(text: str) -> str:
    """The lower-case local part of an address that is to exist here.

    Raises `Refused` (local_part_empty, local_part_too_long, local_part_plus, local_part_characters).
    """
    _refuse_controls(text, "local_part_characters")
    local_part = text.strip(" ").lower()
    if not local_part:
        raise Refused("Type the part before the @, such as info.", "local_part_empty")
    if len(local_part) > MAX_LOCAL_PART:
        raise Refused("The part before the @ has at most 64 characters.", "local_part_too_long")
    if "+" in local_part:
        raise Refused(
            "A plus sign is not possible here: mail to name+anything already arrives at name.",
            "local_part_plus",
        )
    if not _OUR_LOCAL_PART.fullmatch(local_part):
        raise Refused(
            f"“{local_part}” cannot stand before the @. Use the letters a to z, digits, dots, hyphens and"
            " underscores; a dot may not be first, last or doubled.",
            "local_part_characters",
        )
    return local_part


def normalise_address(text: str) -> str:
    """The normal form of an address that is to exist here: `local@a-label` in lower case."""
    local_part, domain = _split(text)
    return _join(normalise_local_part(local_part), normalise_domain(domain))


def normalise_destination(text: str) -> str:
    """The normal form of an address that mail is sent on to, here or elsewhere.

    The local part may hold a sub-address, and its case is folded: no provider that is known to us
    tells two mailboxes apart by case, and two spellings must not be two targets. A quoted local part,
    a command, a file or a list to include is refused, for Postfix would act on it (aliases(5)).
    """
    stripped = text.strip(" ")
    if stripped.startswith(("|", "/", ":", "\\", '"', "~", "@")):
        raise Refused(
            f"“{stripped[:60]}” is not an e-mail address. Files, commands and lists cannot be targets.",
            "address_special",
        )
    local_part, domain = _split(text)
    _refuse_controls(local_part, "local_part_characters")
    if len(local_part) > MAX_LOCAL_PART:
        raise Refused("The part before the @ has at most 64 characters.", "local_part_too_long")
    if local_part.startswith("-") or not _OUTSIDE_LOCAL_PART.fullmatch(local_part):
        raise Refused(
            f"“{local_part}” cannot stand before the @ of an address.",
            "local_part_characters",
        )
    return _join(local_part.lower(), normalise_domain(domain))


def split_address(address: str) -> tuple[str, str]:
    """`local@domain`, already normal, into its two parts."""
    local_part, _, domain = address.rpartition("@")
    return local_part, domain


def display_domain(name: str) -> str:
    """A stored A-label as people write it. A label that is no valid IDNA stays as it is stored."""
    return ".".join(_display_label(label) for label in name.split("."))


def display_address(address: str) -> str:
    local_part, domain = split_address(address)
    return f"{local_part}@{display_domain(domain)}"


def is_below(name: str, parent: str) -> bool:
    """Whether `name` is a proper subdomain of `parent`."""
    return name.endswith("." + parent)


def parents_of(name: str) -> list[str]:
    """The names above `name`, the nearest first, without the last label alone."""
    labels = name.split(".")
    return [".".join(labels[depth:]) for depth in range(1, len(labels) - 1)]


def check_claimable(name: str) -> None:
    """Raise `Refused` for a normal name that nobody may claim: a public suffix (publicsuffix.org,
    both sections) or a special-use name (domain_public_suffix, domain_special)."""
    if any(name == special or is_below(name, special) for special in _SPECIAL_USE):
        raise Refused(f"{name} is kept for special use and cannot carry mail.", "domain_special")
    if _suffixes().is_public(name) or name.endswith(".arpa"):
        raise Refused(
            f"{display_domain(name)} belongs to a registry. Add a name below it, such as"
            f" example.{display_domain(name)}.",
            "domain_public_suffix",
        )


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=True)


def _split(text: str) -> tuple[str, str]:
    if len(text) > 4 * MAX_ADDRESS:
        raise Refused("An address has at most 254 characters.", "address_too_long")
    _refuse_controls(text, "address_characters")
    stripped = text.strip(" ")
    if stripped.count("@") != 1:
        raise Refused(
            f"“{stripped[:80]}” is not an address. It needs exactly one @, as in info@example.com.",
            "address_at_sign",
        )
    local_part, _, domain = stripped.partition("@")
    if local_part != local_part.strip() or domain != domain.strip():
        raise Refused(f"“{stripped[:80]}” has a space beside the @.", "address_characters")
    return local_part, domain


def _join(local_part: str, domain: str) -> str:
    address = f"{local_part}@{domain}"
    if len(address) > MAX_ADDRESS:
        raise Refused("An address has at most 254 characters.", "address_too_long")
    return address


def _refuse_controls(text: str, code: str) -> None:
    """Line ends, NUL and everything that a reader cannot see: they forge headers, map entries and look-alikes."""
    for character in text:
        if unicodedata.category(character) in {
            "Cc",
            "Cf",
            "Cs",
            "Co",
            "Cn",
            "Zl",
            "Zp",
        }:
            raise Refused(
                f"There is a character in it that cannot be seen (U+{ord(character):04X}). Type it again by hand.",
                code,
            )


def _is_ip_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _to_a_labels(name: str) -> str:
    try:
        ascii_name = idna.encode(name, uts46=True, transitional=False).decode("ascii").lower()
        unicode_name = idna.decode(ascii_name)
    except (idna.IDNAError, UnicodeError) as error:
        raise Refused(
            f"“{name[:80]}” is not a domain name. Letters, digits and hyphens are allowed, with dots between.",
            "domain_label",
        ) from error
    for label in unicode_name.split("."):
        _refuse_mixed_scripts(label)
    return ascii_name


def _refuse_mixed_scripts(label: str) -> None:
    """UTS 39 5.2, reduced to the scripts whose letters can be taken for each other's."""
    scripts = {
        script
        for character in label
        if character.isalpha()
        for script in _SCRIPTS
        if unicodedata.name(character, "").startswith(script)
    }
    if len(scripts) > 1:
        raise Refused(
            f"“{label}” mixes letters of different alphabets that look alike. Type it again in one alphabet.",
            "domain_script",
        )


def _display_label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return idna.ulabel(label)
    except idna.IDNAError:
        return label
