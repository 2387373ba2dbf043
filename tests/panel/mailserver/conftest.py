"""A running mail side with the cast in it, once for each database."""

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.mailstack import MailStack
from tests.postgres import PostgreSQL

SEED = """
from tests.factories import *
operator = make_tenant("Harbourline Mail", TenantKind.OPERATOR, contact_email="noc@harbourline.example")
north = make_tenant("Northmoor Studio", TenantKind.RESELLER, operator)
alder = make_tenant("Alder and Finch", TenantKind.CLIENT, north)
birch = make_tenant("Birch Dental", TenantKind.CLIENT, north, contact_email="cid@birch.example")
alder_domain = make_domain("alder.example", alder)
birch_domain = make_domain("birch.example", birch)
make_domain("alder-alias.example", alder, alias_of=alder_domain)
make_domain("claimed.example", birch, proved=False)
for name in ("ann", "bob", "dot", "o'neil"):
    make_mailbox(name, alder_domain)
make_mailbox("tiny", alder_domain, quota_bytes=20000)
make_mailbox("off", alder_domain, state="off")
make_mailbox("only", alder_domain, state="receive_only")
make_mailbox("cid", birch_domain)
make_alias("team", alder_domain, "ann@alder.example", "bob@alder.example")
make_alias("out", alder_domain, "friend@outside.example")
make_alias("", birch_domain, "cid@birch.example")
"""


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def stack(request: pytest.FixtureRequest) -> Iterator[MailStack]:
    if os.geteuid() != 0 or shutil.which("postfix", path="/usr/sbin") is None:
        pytest.fail("these tests need root, Postfix and Dovecot")
    if request.param == "sqlite":
        with MailStack() as running:
            running.python(SEED)
            running.own_databases()
            yield running
        return
    with PostgreSQL() as server, MailStack(server.create("posthouse")) as running:
        running.server = server
        running.python(SEED)
        yield running
