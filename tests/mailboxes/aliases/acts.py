"""What tests of aliases do and look at."""

import pytest

from mailboxes.actions.aliases import add_alias
from mailboxes.models import Alias
from panel.lib.errors import Refused
from panel.tenants.models import Usage, UsageKind


def used(tenant) -> int:
    return Usage.objects.get(tenant=tenant, kind=UsageKind.ALIASES).used


def targets_of(alias: Alias) -> list[str]:
    return list(alias.address.targets.order_by("pk").values_list("destination", flat=True))


def refusal_of(act) -> Refused:
    with pytest.raises(Refused) as refusal:
        act()
    return refusal.value


def add(admin, domain, name="info", *destinations, **more):
    return add_alias(
        access=admin,
        domain=domain,
        local_part=name,
        destinations=destinations or ["zoe@example.com"],
        **more,
    )
