"""The request's id and the client's address, for the trail and for the log."""

import ipaddress
import logging
import secrets
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

from panel.environment import environment

_request_id: ContextVar[str] = ContextVar("request_id", default="")


def request_id() -> str:
    """The id of the request being served, or the empty string outside one."""
    return _request_id.get()


def client_address(request: HttpRequest) -> str | None:
    """The client's IP address. X-Forwarded-For is believed only from a trusted proxy, and there only
    its last entry: the one that the proxy itself wrote. Behind a unix socket there is no peer address."""
    peer = request.META.get("REMOTE_ADDR") or ""
    if _is_trusted(peer):
        peer = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip() or peer
    try:
        return str(ipaddress.ip_address(peer))
    except ValueError:
        return None


def _is_trusted(peer: str) -> bool:
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(network) for network in environment.trusted_proxies)


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
