"""A new display name reaches what was made of the old one."""

import pytest

from mailboxes.actions.mailboxes import ALL_PROTOCOLS, edit_mailbox
from mailboxes.models import Vacation
from mailboxes.vacations import compile_phrase
from tests.factories import GIB, away, make_domain, make_mailbox

pytestmark = pytest.mark.django_db


def test_the_vacation_reply_of_a_renamed_mailbox_bears_the_new_name_and_no_other_does(
    alder, alder_admin, access_of
):
    domain = make_domain("fern.example", alder)
    ann, bob = make_mailbox("ann", domain, name="Ann"), make_mailbox("bob", domain, name="Bob")
    away(ann)
    away(bob)
    access = access_of(alder_admin, alder)
    edit_mailbox(access=access, mailbox=ann, name="Ann Holt", quota_bytes=GIB, protocols=ALL_PROTOCOLS)
    phrases = dict(Vacation.objects.values_list("mailbox_id", "phrase"))
    assert phrases == {ann.pk: compile_phrase("Ann Holt"), bob.pk: compile_phrase("Bob")}
