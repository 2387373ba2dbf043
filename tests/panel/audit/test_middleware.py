"""The address in the trail is the client's own, whatever headers say."""

import pytest
from django.test import RequestFactory

from panel.audit.middleware import client_address
from panel.environment import environment


@pytest.fixture
def proxies(monkeypatch):
    monkeypatch.setattr(environment, "trusted_proxies", ["10.0.0.0/8", "fd00::/8"])


def seen(peer, **headers):
    return client_address(RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers))


@pytest.mark.parametrize("header", ["x-forwarded-for", "x-real-ip", "cf-connecting-ip", "forwarded"])
def test_attack_46_no_header_of_a_stranger_changes_the_address(proxies, header):
    assert seen("192.0.2.1", **{header: "203.0.113.9"}) == "192.0.2.1"


def test_the_last_entry_of_a_trusted_proxy_counts_for_the_client_wrote_the_others(proxies):
    assert seen("10.1.2.3", **{"x-forwarded-for": "203.0.113.9, 192.0.2.7"}) == "192.0.2.7"


def test_a_trusted_proxy_over_an_ipv4_mapped_socket_is_still_trusted(proxies):
    assert seen("::ffff:10.1.2.3", **{"x-forwarded-for": "::ffff:192.0.2.7"}) == "192.0.2.7"


@pytest.mark.parametrize("garbage", ["unknown", "192.0.2.7, <script>", "1.2.3.4:80", "999.1.1.1", "::::"])
def test_garbage_of_a_trusted_proxy_is_no_address(proxies, garbage):
    assert seen("10.1.2.3", **{"x-forwarded-for": garbage}) is None


@pytest.mark.parametrize(
    ("peer", "address"), [("", None), ("fe80::1%eth0", "fe80::1"), ("2001:db8::1", "2001:db8::1")]
)
def test_the_peer_is_taken_as_it_is(proxies, peer, address):
    assert seen(peer) == address


def test_every_answer_carries_an_id_that_a_client_cannot_choose(client, db):
    answer = client.get("/sign-in/", headers={"x-request-id": "forged"})
    assert len(answer["X-Request-Id"]) == 16
