"""Aliases from the command line, through the same action."""

import pytest
from django.core.management import CommandError, call_command

from mailboxes.models import Alias

pytestmark = pytest.mark.django_db


def test_the_command_adds_an_alias_and_a_catch_all_and_says_what_is_refused(alder_domain, operator, capsys):
    call_command("add_alias", "info@Alder.example", "zoe@example.com", comment="Desk")
    call_command("add_alias", "@alder.example", "zoe@example.com")
    assert sorted(map(str, Alias.objects.all())) == ["@alder.example", "info@alder.example"]
    for arguments in (
        ("info@alder.example", "zoe@example.com"),
        ("new@alder.example", "|cmd"),
        ("new@unknown.example", "zoe@example.com"),
        ("nodomain", "zoe@example.com"),
    ):
        with pytest.raises(CommandError):
            call_command("add_alias", *arguments)
    assert Alias.objects.count() == 2
