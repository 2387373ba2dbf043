"""No route shows or changes anything of a tenant to people outside it; a route without an entry fails here."""

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from domains.models import DomainGrant
from mailboxes.models import Address, SendAs
from panel.accounts.models import User, UserKind
from panel.tenants.models import Membership
from panel.tenants.roles import Permission
from tests.factories import away, make_alias, make_domain, make_job, make_mailbox, make_user
from tests.isolation_table import OPEN_ROUTES, ROLES, TABLE

# Words that stand in Alder's rows and in nobody else's. ann and the address of alder.example are known to ann.
ALDERS = (
    "Alder and Finch",
    "office@alder.example",
    "alder-reader@mail.example",
    "alder-admin@mail.example",
    "bob@alder.example",
    "orchard@alder.example",
    "only-alder-knows",
    "alder-second.example",
)
# What a domain manager of alder.example alone must never see.
UNGRANTED = ("alder-second.example", "dora@")
ANNS_NEIGHBOURS = (
    "bob@alder.example",
    "orchard@alder.example",
    "only-alder-knows",
    "alder-second.example",
    "alder-admin@",
)
OUTSIDERS = {"anon", "other", "south"}


def routes(patterns=None, namespace="", prefix="") -> Iterator[tuple[str, str, URLPattern]]:
    """(name, pattern text, pattern) of every route of the panel."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        text = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from routes(pattern.url_patterns, inner, text)
        else:
            yield f"{namespace}{pattern.name}", text, pattern


ROUTES = {name: (text, pattern) for name, text, pattern in routes()}
UNDER_A_TENANT = sorted(name for name, (text, _) in ROUTES.items() if text.startswith("t/<int:tenant_id>/"))


def keys_of(name: str) -> set[str]:
    """The objects that a route names beside its tenant."""
    return set(ROUTES[name][1].pattern.converters) - {"tenant_id"}


def test_every_route_has_an_entry_and_every_entry_a_route():
    assert sorted(ROUTES) == sorted(TABLE)


def test_every_route_has_a_name_of_its_own():
    names = [name for name, _, _ in routes()]
    assert sorted(names) == sorted(set(names))
    assert not [name for name in names if name.endswith("None")]


def test_every_route_under_a_tenant_declares_a_permission_and_no_other_route_needs_one():
    undeclared = [name for name in UNDER_A_TENANT if not isinstance(permission_of(name), Permission)]
    assert undeclared == []
    assert sorted(set(ROUTES) - set(UNDER_A_TENANT)) == sorted(OPEN_ROUTES)


def permission_of(name):
    view = ROUTES[name][1].callback
    while view is not None:
        if hasattr(view, "permission"):
            return view.permission
        view = getattr(view, "__wrapped__", None)
    return None


@pytest.fixture
def cast(
    alder, birch, alder_domain, birch_domain, ann, bob, cid, alder_admin, alder_reader, alder_manager, birch_admin,
    north_admin, south_admin, ops_support, ops_admin,
):  # fmt: skip
    """Everybody, and the data of Alder that could leak."""
    second = make_domain("alder-second.example", alder)
    make_mailbox("dora", second)
    make_alias("orchard", alder_domain, "bob@alder.example", comment="only-alder-knows")
    ann.user = make_user("ann@alder.example", kind=UserKind.MAILBOX)
    ann.save(update_fields=["user"])
    return {
        "anon": None, "box": ann.user, "reader": alder_reader, "manager": alder_manager, "admin": alder_admin,
        "other": birch_admin, "north": north_admin, "south": south_admin, "support": ops_support, "operator": ops_admin,
    }  # fmt: skip


@pytest.fixture
def objects(cast, alder, alder_domain, bob, alder_reader):
    """The arguments of every route, with Alder's keys."""
    manager = Membership.objects.get(user=cast["manager"])
    alias = Address.objects.get(address="orchard@alder.example").alias
    away(bob, subject="only-alder-knows", version=1)
    return {
        "tenant_id": alder.pk,
        "domain_id": alder_domain.pk,
        "mailbox_id": bob.pk,
        "alias_id": alias.pk,
        "member_id": Membership.objects.get(user=alder_reader).pk,
        "membership_id": DomainGrant.objects.get(membership=manager).membership_id,
        "right_id": SendAs.objects.create(mailbox=bob, sender="orchard@alder.example").pk,
        "secret": "never-made",
        "version": 1,
        "job_id": make_job(cast["admin"], alder, bob).pk,
    }


def url_of(name, objects, **others):
    arguments = {**objects, **others}
    wanted = ROUTES[name][1].pattern.converters
    outer = {"tenant_id": 0} if name in UNDER_A_TENANT else {}
    return reverse(name, kwargs={key: arguments[key] for key in {**outer, **wanted}})


def browser_of(user: User | None) -> Client:
    client = Client(raise_request_exception=True)
    if user is not None:
        backends = {
            UserKind.MEMBER: "panel.tenants.sign_in.MemberBackend",
            UserKind.MAILBOX: "mailboxes.sign_in.MailboxBackend",
        }
        client.force_login(user, backend=backends[UserKind(user.kind)])
    return client


def answer(client: Client, method: str, url: str):
    """What a request gets; what it changed is undone for the next one."""
    with transaction.atomic():
        response = getattr(client, method)(url)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        transaction.set_rollback(True)
    return response, body.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", sorted(ROUTES))
def test_a_route_answers_every_role_as_the_table_says(name, method, cast, objects):
    expected = dict(zip(ROLES, TABLE[name][method == "post"].split(), strict=True))
    url = url_of(name, objects)
    got, leaks = {}, []
    for role, user in cast.items():
        client = browser_of(user)
        response, body = answer(client, method, url)
        got[role] = str(response.status_code)
        if response.status_code == 302 and role == "anon" and name in UNDER_A_TENANT:
            assert response["Location"].startswith(reverse("accounts:sign_in"))
        leaks += [(role, word) for word in secrets_from(role, response.status_code) if word in body]
    assert got == expected
    assert leaks == []


def secrets_from(role, status):
    """The words that must not be in an answer to this role."""
    if role in OUTSIDERS:
        return (*ALDERS, "dora@", "ann@alder.example")
    if role == "box":
        return ANNS_NEIGHBOURS
    if status in {403, 404}:
        return (*UNGRANTED, "bob@alder.example", "orchard@alder.example", "only-alder-knows")
    return UNGRANTED if role == "manager" else ()


@pytest.mark.django_db
@pytest.mark.parametrize("name", [name for name in UNDER_A_TENANT if keys_of(name)])
def test_the_key_of_another_tenants_object_does_not_exist_under_ones_own_tenant(name, cast, objects, birch):
    """Attack: /t/<mine>/…/<yours>/. The admin may do everything in their own tenant, and finds nothing there."""
    client, url = browser_of(cast["other"]), url_of(name, objects, tenant_id=birch.pk)
    for method in ("get", "post"):
        response, body = answer(client, method, url)
        # Nobody but the operator vouches, so the gate answers before it looks for the object.
        assert response.status_code in ({403} if (name, method) == ("domains:vouch", "post") else {404, 405})
        assert not [word for word in ALDERS if word in body]


@pytest.mark.django_db
def test_a_tenant_that_does_not_exist_looks_like_one_that_is_not_ones_own(cast, objects):
    client = browser_of(cast["other"])
    for name in UNDER_A_TENANT:
        found, _ = answer(client, "get", url_of(name, objects))
        absent, _ = answer(client, "get", url_of(name, objects, tenant_id=2**40))
        assert (name, found.status_code) == (name, absent.status_code)
        assert found.status_code in {404, 405}
