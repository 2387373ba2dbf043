"""The chain of a trail stays whole however many write at once."""

from functools import partial

import pytest
from django.db import transaction

from panel.audit import log
from panel.audit.actor import SYSTEM
from panel.audit.chain import breaks
from panel.audit.models import AuditEntry
from tests.concurrency.test_tenants import THREADS
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def act(number: int) -> None:
    with transaction.atomic():
        log.record("domain.add", actor=SYSTEM, tenant_id=1, obj=("domain", number, "alder.example"))


def test_parallel_acts_of_a_new_tenant_stand_in_one_chain_without_a_gap() -> None:
    assert at_once([partial(act, number) for number in range(THREADS)]) == {"done": THREADS}
    places = AuditEntry.objects.order_by("sequence").values_list("sequence", flat=True)
    assert list(places) == list(range(1, THREADS + 1))
    assert list(breaks(1)) == []
