"""Pages of the panel as its own server answers them, without a network; for `pages`, after Django's setup."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connections
from django.test import Client, RequestFactory
from django.test.utils import (
    CaptureQueriesContext,
    ContextList,
    setup_test_environment,
    teardown_test_environment,
)
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from domains.models import Domain
from mailboxes.models import Alias, Mailbox
from panel.accounts.models import User
from panel.lib.keyset import Page
from panel.tenants.access import command_access
from panel.tenants.models import Membership, Tenant
from tests.bench.home import say
from tests.bench.size import BIG_RESELLER, OPERATOR, Size


@dataclass(frozen=True)
class Viewpoint:
    """Who looks at which tenant, and a page with nothing in it that somebody signed in sees."""

    name: str
    user_id: int
    tenant_id: int
    empty_url: str


def viewpoints(divisor: int) -> list[Viewpoint]:
    size = Size(divisor)
    places = [
        ("operator", 1, OPERATOR),
        ("reseller", 2, BIG_RESELLER),
        ("large client", 3, size.big_client),
        ("small client", 4, size.small_client()),
        ("domain manager", 5, size.big_client),
    ]
    return [
        Viewpoint(name, user, tenant, f"{reverse('domains:list', args=[tenant])}?q=zzz-nothing")
        for name, user, tenant in places
    ]


class Browser:
    """Somebody signed in. Addresses are paths of the panel."""

    def __init__(self, user_id: int) -> None:
        settings.STORAGES = {
            **settings.STORAGES,
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        }
        settings.ALLOWED_HOSTS = ["testserver"]
        self.client = Client()
        self.client.force_login(User.objects.get(pk=user_id), backend="panel.tenants.sign_in.MemberBackend")
        self.handler = WSGIHandler()
        self.factory = RequestFactory()
        self.factory.cookies = self.client.cookies

    def context(self, url: str) -> dict[str, Any] | None:
        """What the template of a page was given; None for what is no page of the panel's."""
        setup_test_environment()
        try:
            response = self.client.get(url)
        finally:
            teardown_test_environment()
            settings.ALLOWED_HOSTS = ["testserver"]
        response.close()
        if response.status_code != 200 or response.context is None:
            return None
        contexts = response.context if isinstance(response.context, ContextList) else [response.context]
        return {key: value for context in contexts for key, value in context.flatten().items()}

    def page(self, url: str) -> Page[Any]:
        shown = _page_of(self.context(url) or {})
        assert shown is not None, f"no list at {url}"
        return shown

    def states(self, url: str) -> list[str]:
        """The filters that the list offers."""
        return [state for state, _ in (self.context(url) or {}).get("states", []) if state]

    def typed_for(self, item: Any) -> str:
        """What somebody types who looks for it."""
        text = item.user.email if isinstance(item, Membership) else str(item)
        return text.lower()

    def queries(self, url: str) -> int:
        """Of the second visit, as the first may fill what is kept for later ones."""
        self.seconds(url)
        with contextlib.ExitStack() as stack:
            captured = [
                stack.enter_context(CaptureQueriesContext(connections[alias])) for alias in connections
            ]
            assert self.client.get(url).status_code == 200, url
        return sum(len(one) for one in captured)

    def seconds(self, url: str) -> float:
        environ = self.factory.get(url).environ
        began = time.perf_counter()
        response = self.handler(environ, lambda *_: None)
        for _ in response:
            pass
        response.close()
        return time.perf_counter() - began


def lists(browser: Browser, viewpoint: Viewpoint) -> Iterator[tuple[str, str, Page[Any]]]:
    """(route, address, first page) of every list that the person may see. A list is told by its page in a
    small tenant, for an export or a report of everything may lie beside it."""
    for name in sorted(_list_routes()):
        url = _url(name, viewpoint.tenant_id)
        shown = _page_of((url and browser.context(url)) or {})
        if url and shown is not None:
            yield name, url, shown


_found: set[str] = set()


def _list_routes() -> set[str]:
    if not _found:
        small = viewpoints(_divisor())[3]
        operator = Browser(1)
        for name, text in _routes():
            url = _url(name, small.tenant_id) if text.startswith("t/<int:tenant_id>/") else None
            if url and _page_of(operator.context(url) or {}) is not None:
                _found.add(name)
        say(f"lists: {', '.join(sorted(_found))}")
    return _found


def _divisor() -> int:
    return 20_000 // Domain.objects.count()


def _page_of(context: dict[str, Any]) -> Page[Any] | None:
    return next((value for value in context.values() if isinstance(value, Page)), None)


def _routes(patterns: Any = None, namespace: str = "", prefix: str = "") -> Iterator[tuple[str, str]]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        text = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _routes(pattern.url_patterns, inner, text)
        elif isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name}", text


def _url(name: str, tenant_id: int) -> str | None:
    """The address of a route with objects of the tenant; None where it has none of a kind."""
    access = command_access(Tenant.objects.get(pk=tenant_id))
    first = {
        "domain_id": Domain.objects.of(access),
        "mailbox_id": Mailbox.objects.of(access),
        "alias_id": Alias.objects.of(access),
        "member_id": Membership.objects.filter(tenant=access.tenant),
        "membership_id": Membership.objects.filter(tenant=access.tenant),
    }
    keys: dict[str, int] = {"tenant_id": tenant_id}
    while True:
        try:
            return reverse(name, kwargs=keys)
        except NoReverseMatch:
            wanted = [key for key in first if key not in keys and f"<int:{key}>" in _pattern_of(name)]
            if not wanted:
                say(f"not visited, for it needs a key that the benchmark does not know: {name}")
                return None
            found = first[wanted[0]].order_by("pk").values_list("pk", flat=True).first()
            if found is None:
                return None
            keys[wanted[0]] = found


def _pattern_of(name: str) -> str:
    return next(text for found, text in _routes() if found == name)
