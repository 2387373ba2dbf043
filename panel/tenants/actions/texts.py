"""Texts of tenants: the same rule from a browser and from the command line."""

import unicodedata

from django.core.exceptions import ValidationError

from panel.lib.addresses import normalise_destination
from panel.lib.errors import Refused
from panel.lib.forms import refuse_unseen_characters


def plain_text(text: str, max_length: int, field: str, *, what: str) -> str:
    """One line without unseen characters, runs of spaces folded to one."""
    line = " ".join(unicodedata.normalize("NFC", text).split(" ")).strip()
    try:
        refuse_unseen_characters(line)
    except ValidationError as error:
        raise Refused(error.messages[0], f"{field}_characters", field) from error
    line = " ".join(line.split())
    if len(line) > max_length:
        raise Refused(f"{what} has at most {max_length} letters.", f"{field}_too_long", field)
    return line


def sort_key(name: str) -> str:
    """What names are compared by: two that look the same are the same."""
    return unicodedata.normalize("NFKC", name).casefold()


def contact_address(text: str) -> str:
    """The normal form of a contact's address; empty stays empty."""
    if not text.strip(" "):
        return ""
    try:
        return normalise_destination(text)
    except Refused as refused:
        raise refused.at("contact_email") from refused
