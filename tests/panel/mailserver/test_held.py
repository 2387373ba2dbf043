"""Mail that reaches a suspended domain through another name waits, and arrives when the suspension ends."""

import json
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.mailstack import MailStack
from tests.panel.mailserver.clients import dialogue, has_arrived, receive, submit
from tests.panel.mailserver.conftest import SEED as SEED_OF_ALL
from tests.panel.mailserver.test_stack import refusal

WRITER, ANN, BOB, CID = (
    "friend@outside.example",
    "ann@alder.example",
    "bob@alder.example",
    "cid@birch.example",
)
HELD_CID = "birch.example=cid@suspended.invalid"
# Every way that leads from an active domain into birch.example.
SEED = """
from tests.factories import *
from panel.tenants.models import Tenant
alder = Domain.objects.get(name="alder.example")
birch = Domain.objects.get(name="birch.example")
if not Address.objects.filter(address="to-cid@alder.example").exists():
    make_alias("to-cid", alder, "cid@birch.example")
    make_alias("mixed", alder, "bob@alder.example", "cid+tag@birch.example")
    make_alias("to-alias", alder, "desk@birch.example")
    make_alias("desk", birch, "bob@alder.example")
    make_mailbox("copying", alder)
    for target in ("copying@alder.example", "cid@birch.example"):
        Target.objects.create(address=Address.objects.get(address="copying@alder.example"), destination=target)
    make_mailbox("moving", alder)
    Target.objects.create(address=Address.objects.get(address="moving@alder.example"), destination="cid@birch.example")
    other = make_domain("catching.example", alder.tenant)
    make_alias("", other, "cid@birch.example")
    make_domain("also-catching.example", alder.tenant, alias_of=other)
"""
SUSPEND = """
from panel.tenants.models import *; from django.utils import timezone
Tenant.objects.filter(name='Birch Dental').update(suspended_at={})
"""


def waiting(stack: MailStack) -> list[tuple[str, str]]:
    """Recipients in the queue and why they wait."""
    said = subprocess.run(
        ["postqueue", "-c", str(stack.state / "config/postfix"), "-j"],
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted(
        (to["address"], to.get("delay_reason", ""))
        for entry in map(json.loads, said.stdout.splitlines())
        for to in entry["recipients"]
        if entry["queue_name"] == "deferred"
    )


def wait_for(stack: MailStack, recipient: str, times: int = 1) -> str:
    """Why `recipient` waits, as soon as so many messages for it do."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        reasons = [reason for address, reason in waiting(stack) if address == recipient]
        if len(reasons) == times:
            return reasons[0]
        time.sleep(0.2)
    raise AssertionError(f"{recipient} does not wait: {waiting(stack)}")


def try_again(stack: MailStack) -> None:
    subprocess.run(["postqueue", "-c", str(stack.state / "config/postfix"), "-f"], check=True)


@pytest.fixture
def suspended(stack: MailStack) -> Iterator[MailStack]:
    """Birch's tenant is suspended, and nothing else waits."""
    subprocess.run(
        ["postsuper", "-c", str(stack.state / "config/postfix"), "-d", "ALL"], capture_output=True, check=True
    )
    stack.as_worker(SEED)
    stack.as_worker(SUSPEND.format("timezone.now()"))
    yield stack
    stack.as_worker(SUSPEND.format("None"))


def test_it_waits_whichever_way_it_came_and_arrives_afterwards(suspended: MailStack) -> None:
    ways = (
        "to-cid@alder.example",
        "to-cid+tag@alder-alias.example",
        "moving@alder.example",
        "copying@alder.example",
        "anybody@catching.example",
        "anybody@also-catching.example",
    )
    tags = [receive(suspended, WRITER, way) for way in ways]
    assert "450 4.2.1" in wait_for(suspended, HELD_CID, times=len(ways))
    suspended.as_worker(SUSPEND.format("None"))
    assert not has_arrived(suspended, CID, tags[0], seconds=1)
    try_again(suspended)
    assert [way for way, tag in zip(ways, tags, strict=True) if not has_arrived(suspended, CID, tag)] == []
    assert has_arrived(suspended, "copying@alder.example", tags[3])
    assert waiting(suspended) == []


UNSUSPEND = """
from panel.mailserver.revocations import carry_out, due_ids
from panel.tenants.access import command_access
from panel.tenants.actions import unsuspend_tenant
from panel.tenants.models import Revocation, Tenant
Revocation.objects.all().delete()
unsuspend_tenant(command_access(Tenant.objects.get(name="Birch Dental")))
assert [carry_out(pk) for pk in due_ids()] == [True]
"""


def test_the_end_of_the_suspension_has_it_tried_at_once_and_no_other_mail(suspended: MailStack) -> None:
    held, other = receive(suspended, WRITER, "to-cid@alder.example"), "out@elsewhere.example"
    submit(suspended, ANN, other)
    wait_for(suspended, HELD_CID), wait_for(suspended, other)
    suspended.as_worker(UNSUSPEND)
    assert has_arrived(suspended, CID, held)
    assert [address for address, _ in waiting(suspended)] == [other]


def test_an_active_target_beside_it_gets_its_mail_at_once(suspended: MailStack) -> None:
    tag = submit(suspended, ANN, "mixed@alder.example")
    assert has_arrived(suspended, BOB, tag)
    assert "450 4.2.1" in wait_for(suspended, "birch.example=cid+tag@suspended.invalid")
    suspended.as_worker(SUSPEND.format("None"))
    try_again(suspended)
    assert has_arrived(suspended, CID, tag)


def test_an_alias_in_a_suspended_domain_passes_nothing_on(suspended: MailStack) -> None:
    tag = receive(suspended, WRITER, "to-alias@alder.example")
    assert "450 4.2.1" in wait_for(suspended, "birch.example=desk@suspended.invalid")
    assert not has_arrived(suspended, BOB, tag, seconds=1)
    suspended.as_worker(SUSPEND.format("None"))
    try_again(suspended)
    assert has_arrived(suspended, BOB, tag)


def test_what_was_accepted_before_is_still_delivered(stack: MailStack) -> None:
    tag = receive(stack, WRITER, CID)
    stack.as_worker(SUSPEND.format("timezone.now()"))
    time.sleep(1)
    stack.as_worker(SUSPEND.format("None"))
    assert has_arrived(stack, CID, tag)


def test_nobody_outside_or_inside_can_write_to_where_it_waits(suspended: MailStack) -> None:
    for held in ("birch.example=cid@suspended.invalid", "outside.example=x@suspended.invalid"):
        answers = dialogue(
            suspended.port(25),
            b"EHLO probe\r\n",
            b"MAIL FROM:<friend@outside.example>\r\n",
            f"RCPT TO:<{held}>\r\n".encode(),
        )
        assert answers[-1][:3] in {b"550", b"554"}
        assert refusal(submit, suspended, ANN, held)[0] == 550


def test_a_mailbox_that_is_off_takes_nothing_through_an_alias_of_another_tenant(stack: MailStack) -> None:
    stack.as_worker(
        "from tests.factories import *\n"
        "birch = Domain.objects.get(name='birch.example')\n"
        "if not Address.objects.filter(address='to-off@birch.example').exists():\n"
        "    make_alias('to-off', birch, 'off@alder.example')\n"
    )
    submit(stack, ANN, "to-off@birch.example")
    assert has_arrived(stack, ANN, "off@alder.example")


def test_with_the_reply_550_it_is_returned_to_its_sender_at_once() -> None:
    with MailStack(POSTHOUSE_SUSPENDED_REPLY="550") as stack:
        stack.python(SEED_OF_ALL + SEED)
        stack.own_databases()
        stack.as_worker(SUSPEND.format("timezone.now()"))
        assert refusal(receive, stack, WRITER, CID)[0] == 550
        submit(stack, ANN, "to-cid@alder.example")
        assert has_arrived(stack, ANN, "550 5.2.1")
        assert waiting(stack) == []
