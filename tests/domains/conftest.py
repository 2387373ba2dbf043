"""A world in which DNS is a server of the test, and actions are called by people of the cast."""

from collections.abc import Callable, Iterator

import pytest

from domains.dns import Network, Place
from panel.environment import environment
from panel.tenants.access import Access
from tests.dns import HOST, FakeDns, Nsd, Zone


def network_of(
    server: FakeDns | Nsd, *, resolvers: tuple[Place, ...] = (), allows_private: bool = True
) -> Network:
    """The network in which that server is resolver and name server at once."""
    return Network(resolvers or ((HOST, server.port),), server.port, allows_private=allows_private)


@pytest.fixture
def zone() -> Zone:
    return Zone("claimed.example")


@pytest.fixture
def name_server(zone: Zone, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDns]:
    """The DNS of `zone`, which the panel of this test asks."""
    with FakeDns(zone) as server:
        monkeypatch.setattr(environment, "resolvers", [f"{HOST}:{server.port}"])
        monkeypatch.setattr(environment, "authoritative_port", server.port)
        monkeypatch.setattr(environment, "allow_private_dns", True)
        yield server


@pytest.fixture
def as_alder(access_of: Callable[..., Access], alder_admin: object, alder: object) -> Access:
    return access_of(alder_admin, alder)


@pytest.fixture
def as_birch(access_of: Callable[..., Access], birch_admin: object, birch: object) -> Access:
    return access_of(birch_admin, birch)


@pytest.fixture
def as_operator(access_of: Callable[..., Access], ops_admin: object, operator: object) -> Access:
    return access_of(ops_admin, operator)
