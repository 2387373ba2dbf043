"""What is no address is refused, and of what is one exactly the forms that are listed with a reason."""

import json
from pathlib import Path

import pytest

from panel.lib.addresses import normalise_address, normalise_destination
from panel.lib.errors import Refused
from tests.panel.lib.refused_on_purpose import FORMS, Form, form_of

# A public collection, read where it lies beside the project; docs/testing.md says where to get it.
SUITE = Path(__file__).resolve().parents[4] / "shared" / "suites" / "vectors" / "address-isemail.json"

# Our own, of the same classes, so that the claims hold without the collection.
NOT_ADDRESSES = [
    "",
    "ann",
    "@",
    "ann@",
    "@example.com",
    "@com",
    ".ann@example.com",
    "ann.@example.com",
    "an..n@example.com",
    "ann..example.com",
    "ann_exam-ple.com",
    "ann@-example.com",
    "ann@example-.com",
    "ann@example.com-",
    "ann@.example.com",
    "ann@example.com.",
    "ann@example..com",
    "ann\\@bob@example.com",
    "ann@bob@example.com",
    '"""@example.com',
    '"\\"@example.com',
    'ann"@example.com',
    '"ann@example.com',
    '"ann"bob@example.com',
    'ann"bob"@example.com',
    '"ann""bob"@example.com',
    '"ann\x00"@example.com',
    '"ann\\"@example.com',
    '"ann\\é"@example.com',
    "ann@a[192.0.2.1]",
    "ann@[192.0.2.1",
    "ann@[text]-more]",
    "ann@[text-[more]",
    "ann@[text\\]",
    "ann@[text\\",
    "((x)ann@example.com",
    "ann(x)bob@example.com",
    "(ann@example.com",
    "ann@(example.com",
    "(x\\)ann@example.com",
    "ann@example.com(x\\)",
    "ann@example.com(x\\",
    "\x7f@example.com",
    "\x07@example.com",
    "ann@\x7f.com",
    "ann@\x07.com",
    "ann@example.com\r",
    "ann@example.com\n",
    "ann@example.com\r\n",
    "ann@example.com \r\n",
    "ann@example.com\r\n \r\n",
    "ann@example.com \r\n\r\n ",
    "\rann@example.com",
    "\nann@example.com",
    "\r\nann@example.com",
    " \r\nann@example.com",
    " \r\n\r\n ann@example.com",
    '"\rann"@example.com',
    '"\n"@example.com',
    "(\r)ann@example.com",
    "ann@example.com(\r)",
    "(\n)ann@example.com",
]
ADDRESSES = [
    "ann@example.com",
    "a@example.com",
    "123@example.com",
    "ann@123.com",
    "ann.bob@example.com",
    "a" * 64 + "@example.com",
    "ann@exam-ple.com",
    "ann@example.co.uk",
    "ann@example.museum",
    "xn--ann@example.com",
    "ann@xn--mnchen-3ya.example",
    " ann@example.com ",
]


def is_refused(normalise, address: str) -> bool:
    try:
        normalise(address)
    except Refused:
        return True
    return False


def suite() -> list[dict[str, str]]:
    """The vectors of the collection; none where it is not beside the project."""
    return json.loads(SUITE.read_text(encoding="utf-8"))["vectors"] if SUITE.exists() else []


@pytest.mark.parametrize("normalise", [normalise_address, normalise_destination])
def test_what_is_no_address_is_refused(normalise):
    errors = [vector["in"] for vector in suite() if vector["category"] == "ISEMAIL_ERR"]
    assert len(errors) in {0, 66}
    assert [address for address in [*NOT_ADDRESSES, *errors] if not is_refused(normalise, address)] == []


@pytest.mark.parametrize("normalise", [normalise_address, normalise_destination])
def test_of_what_is_an_address_exactly_the_listed_forms_are_refused(normalise):
    valid = [vector["in"] for vector in suite() if vector["category"] != "ISEMAIL_ERR"]
    told = {address: form_of(address) is not None for address in [*ADDRESSES, *valid]}
    assert {address: is_refused(normalise, address) for address in told} == told


@pytest.mark.parametrize("form", FORMS, ids=[form.name for form in FORMS])
def test_each_listed_form_has_an_example_that_is_refused_for_it_alone(form: Form):
    assert form_of(form.example) is form
    assert is_refused(normalise_address, form.example)
    assert is_refused(normalise_destination, form.example)
