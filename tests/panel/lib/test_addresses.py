"""Domains and addresses are normalised once, and odd ones are refused in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panel.lib import addresses
from panel.lib.errors import Refused


def code_of(function, text: str) -> str:
    """The code of the refusal; fails where nothing is refused."""
    with pytest.raises(Refused) as refusal:
        function(text)
    assert refusal.value.message.endswith((".", ".)"))
    return refusal.value.code


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Example.COM", "example.com"),
        ("  example.com ", "example.com"),
        ("münchen.example", "xn--mnchen-3ya.example"),
        ("MÜNCHEN.example", "xn--mnchen-3ya.example"),
        ("mu\u0308nchen.example", "xn--mnchen-3ya.example"),
        ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("b。test", "b.test"),
        ("ｂ．ｔｅｓｔ", "b.test"),
        ("\u212aelvin.example", "kelvin.example"),
        ("почта.example", "xn--80a1acny.example"),
        ("a" * 63 + ".example", "a" * 63 + ".example"),
    ],
)
def test_every_spelling_of_a_domain_is_one_name(typed, stored):
    assert addresses.normalise_domain(typed) == stored


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "domain_empty"),
        ("   ", "domain_empty"),
        ("example", "domain_single"),
        ("example.com.", "domain_dot"),
        (".example.com", "domain_dot"),
        ("exa..mple.com", "domain_dot"),
        ("[192.0.2.1]", "domain_address"),
        ("192.0.2.1", "domain_address"),
        ("2001:db8::1", "domain_address"),
        ("example.1", "domain_label"),
        ("exa mple.com", "domain_label"),
        ("exa_mple.com", "domain_label"),
        ("-example.com", "domain_label"),
        ("example-.com", "domain_label"),
        ("*.example.com", "domain_label"),
        ("../../etc.com", "domain_dot"),
        ("example.com/x", "domain_label"),
        ("xn--a.com", "domain_label"),
        ("a" * 64 + ".example", "domain_label"),
        (("a" * 60 + ".") * 5 + "com", "domain_label"),
        ("a" * 100_000 + ".com", "domain_too_long"),
        ("exam\nple.com", "domain_characters"),
        ("example.com\r\n", "domain_characters"),
        ("example\x00.com", "domain_characters"),
        ("exam\u00adple.com", "domain_characters"),
        ("exam\u200bple.com", "domain_characters"),
        ("exam\u202eple.com", "domain_characters"),
        ("раураl.example", "domain_script"),
        ("аpple.example", "domain_script"),
    ],
)
def test_what_is_no_domain_is_refused(typed, code):
    assert code_of(addresses.normalise_domain, typed) in {code, "domain_too_long"}


@pytest.mark.parametrize("name", ["co.uk", "github.io", "xn--55qx5d.cn", "2.0.192.in-addr.arpa"])
def test_a_registry_s_name_belongs_to_nobody(name):
    assert code_of(addresses.check_claimable, name) == "domain_public_suffix"


@pytest.mark.parametrize(
    "name", ["printer.local", "host.localhost", "x.onion", "router.home.arpa", "db.internal"]
)
def test_a_special_use_name_cannot_carry_mail(name):
    assert code_of(addresses.check_claimable, name) == "domain_special"


@pytest.mark.parametrize("name", ["example.co.uk", "alder.example", "sub.alder.example", "me.github.io"])
def test_an_ordinary_name_can_be_claimed(name):
    addresses.check_claimable(name)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("Info", "info"), ("a.b-c_d", "a.b-c_d"), ("o'brien", "o'brien"), ("9", "9"), ("x" * 64, "x" * 64)],
)
def test_a_local_part_is_stored_in_lower_case(typed, stored):
    assert addresses.normalise_local_part(typed) == stored


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "local_part_empty"),
        ("x" * 65, "local_part_too_long"),
        ("ann+news", "local_part_plus"),
        (".ann", "local_part_characters"),
        ("ann.", "local_part_characters"),
        ("an..n", "local_part_characters"),
        ("-oProxyCommand", "local_part_characters"),
        ('"ann b"', "local_part_characters"),
        ("ann b", "local_part_characters"),
        ("|touch", "local_part_characters"),
        ("/etc/passwd", "local_part_characters"),
        ("..", "local_part_characters"),
        ("ann%birch.example", "local_part_characters"),
        ("birch!ann", "local_part_characters"),
        ("ann@x", "local_part_characters"),
        ("ann,bob", "local_part_characters"),
        ("änn", "local_part_characters"),
        ("аnn", "local_part_characters"),
        ("ann\n", "local_part_characters"),
        ("ann\x00", "local_part_characters"),
        ("a\u200bnn", "local_part_characters"),
    ],
)
def test_what_cannot_stand_before_the_at_sign_is_refused(typed, code):
    assert code_of(addresses.normalise_local_part, typed) == code


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Ann@Alder.Example", "ann@alder.example"),
        ("ann@münchen.example", "ann@xn--mnchen-3ya.example"),
        ("ann+news@alder.example", "ann+news@alder.example"),
        ("srs0=a=b@alder.example", "srs0=a=b@alder.example"),
    ],
)
def test_a_destination_may_be_what_other_hosts_allow(typed, stored):
    assert addresses.normalise_destination(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "|/usr/bin/touch@alder.example",
        '"|touch"@alder.example',
        "/var/mail/x@alder.example",
        ":include:/etc/passwd",
        "\\ann@alder.example",
        "~ann@alder.example",
        "@relay.example:ann@alder.example",
        "ann@birch.example@alder.example",
        "ann",
        "ann@localhost",
        "ann@alder.example.",
        "ann @alder.example",
        "ann@ alder.example",
        "ann@[192.0.2.1]",
        "ann\r\nbcc@alder.example",
        "ann%birch.example@alder.example",
        "birch.example!ann@alder.example",
        "-oX@alder.example",
        "x" * 65 + "@alder.example",
        "x" * 64 + "@" + "a." * 95 + "example",
        "x" * 100_000 + "@alder.example",
    ],
)
def test_a_destination_is_never_a_command_a_file_or_a_route(typed):
    with pytest.raises(Refused):
        addresses.normalise_destination(typed)


def test_a_sub_address_cannot_be_stored_as_an_address_of_ours():
    assert code_of(addresses.normalise_address, "ann+news@alder.example") == "local_part_plus"


def test_people_see_the_letters_that_they_typed():
    assert addresses.display_address("ann@xn--mnchen-3ya.example") == "ann@münchen.example"


def test_a_stored_label_that_is_no_valid_idna_is_shown_as_it_is():
    assert addresses.display_domain("xn--a.example") == "xn--a.example"


def test_a_name_is_below_its_parents_and_not_below_a_look_alike():
    assert addresses.is_below("mail.alder.example", "alder.example")
    assert not addresses.is_below("notalder.example", "alder.example")
    assert not addresses.is_below("alder.example", "alder.example")
    assert addresses.parents_of("a.b.alder.example") == ["b.alder.example", "alder.example"]


@given(st.text(max_size=80))
def test_normalising_twice_changes_nothing_more(text):
    for function in (
        addresses.normalise_domain,
        addresses.normalise_address,
        addresses.normalise_destination,
    ):
        try:
            once = function(text)
        except Refused:
            continue
        assert function(once) == once


@given(st.text(alphabet="abz019.-_'@+ \n|/%ü", max_size=40))
def test_an_address_that_passes_is_plain_enough_for_every_map(text):
    try:
        address = addresses.normalise_address(text)
    except Refused:
        return
    local_part, domain = addresses.split_address(address)
    assert address.isascii()
    assert address == address.lower()
    assert not set(address) & set(' \t\r\n,;:"\\|/%!<>()[]+*')
    assert len(local_part) <= 64
    assert len(address) <= 254
    assert domain
