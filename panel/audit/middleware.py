"""The request's id and the client's address, for the trail and for the log."""

import ipaddress
import logging
import secrets
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

from panel.environment import environment

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_request_id: ContextVar[str] = ContextVar("request_id", default="")


def request_id() -> str:
    """The id of the request being served, or the empty string outside one."""
    return _request_id.get()


def client_address(request: HttpRequest) -> str | None:
    """The client's IP address, an IPv4-mapped one as IPv4. X-Forwarded-For is believed only from a trusted
    proxy, and there only its last entry: the one that the proxy itself wrote. None where there is no
    address to be sure of: behind a unix socket, or when the trusted proxy wrote something else."""
    peer = _address(request.META.get("REMOTE_ADDR") or "")
    if peer is None or not _is_trusted(peer):
        return None if peer is None else str(peer)
    forwarded = request.headers.get("x-forwarded-for", "")
    client = _address(forwarded.rpartition(",")[2].strip()) if forwarded.strip() else peer
    return None if client is None else str(client)


def _address(text: str) -> IPAddress | None:
    try:
        # A zone (`fe80::1%eth0`) is the name of an interface, not a part of the address.
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_trusted(peer: IPAddress) -> bool:
    return any(peer in ipaddress.ip_network(network, strict=False) for network in environment.trusted_proxies)


class RequestContextMiddleware:
    """Gives every request an id of its own and answers with it, so that a person can name it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        reset = _request_id.set(secrets.token_hex(8))
        try:
            response = self.get_response(request)
            response["X-Request-Id"] = request_id()
            return response
        finally:
            _request_id.reset(reset)


class RequestIdFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id() or "-"
        return True
