"""The cast of every test: an operator, two resellers, their clients, and people of each role."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from pytest_django import DjangoDbBlocker, Settings

from domains.models import Domain, DomainGrant
from mailboxes.models import Mailbox
from panel.accounts.models import User
from panel.audit.actor import Actor, ActorKind
from panel.tenants.access import Access, find_access
from panel.tenants.models import Membership, Tenant, TenantKind
from panel.tenants.roles import Role
from tests.chromium import chromium as chromium
from tests.factories import make_domain, make_mailbox, make_tenant, make_user
from tests.figures import pytest_terminal_summary as pytest_terminal_summary
from tests.figures import tell as tell


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that uses the database uses all of it: on SQLite Dovecot's figures are a second file."""
    for item in items:
        for marker in item.iter_markers("django_db"):
            marker.kwargs.setdefault("databases", "__all__")


@pytest.fixture(autouse=True)
def _cheap_panel_hashes(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["tests.hashers.CheapArgon2"]


@pytest.fixture(autouse=True)
def _plain_static_names(settings: Settings) -> None:
    """Pages can be rendered without `collectstatic`; the browser tests run with hashed names."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


@pytest.fixture
def operator(db: None) -> Tenant:
    return make_tenant("Harbourline Mail", TenantKind.OPERATOR, contact_email="noc@harbourline.example")


@pytest.fixture
def north(operator: Tenant) -> Tenant:
    return make_tenant(
        "Northmoor Studio",
        TenantKind.RESELLER,
        operator,
        contact_email="hello@northmoor.example",
    )


@pytest.fixture
def south(operator: Tenant) -> Tenant:
    return make_tenant(
        "Southgate Hosting",
        TenantKind.RESELLER,
        operator,
        contact_email="hello@southgate.example",
    )


@pytest.fixture
def alder(north: Tenant) -> Tenant:
    return make_tenant(
        "Alder and Finch",
        TenantKind.CLIENT,
        north,
        contact_email="office@alder.example",
    )


@pytest.fixture
def birch(north: Tenant) -> Tenant:
    return make_tenant("Birch Dental", TenantKind.CLIENT, north, contact_email="office@birch.example")


@pytest.fixture
def cedar(south: Tenant) -> Tenant:
    return make_tenant("Cedar Legal", TenantKind.CLIENT, south, contact_email="office@cedar.example")


@pytest.fixture
def ops_admin(operator: Tenant) -> User:
    return make_user("ops-admin@harbourline.example", operator, Role.OPERATOR_ADMIN)


@pytest.fixture
def ops_support(operator: Tenant) -> User:
    return make_user("ops-support@harbourline.example", operator, Role.OPERATOR_SUPPORT)


@pytest.fixture
def north_admin(north: Tenant) -> User:
    return make_user("north-admin@northmoor.example", north, Role.RESELLER_ADMIN)


@pytest.fixture
def south_admin(south: Tenant) -> User:
    return make_user("south-admin@southgate.example", south, Role.RESELLER_ADMIN)


@pytest.fixture
def alder_admin(alder: Tenant) -> User:
    return make_user("alder-admin@mail.example", alder, Role.TENANT_ADMIN)


@pytest.fixture
def birch_admin(birch: Tenant) -> User:
    return make_user("birch-admin@mail.example", birch, Role.TENANT_ADMIN)


@pytest.fixture
def alder_reader(alder: Tenant) -> User:
    return make_user("alder-reader@mail.example", alder, Role.READ_ONLY)


@pytest.fixture
def alder_manager(alder: Tenant, alder_domain: Domain) -> User:
    """A domain manager of alder.example, and of no other domain of Alder."""
    user = make_user("alder-manager@mail.example", alder, Role.DOMAIN_MANAGER)
    DomainGrant.objects.create(membership=Membership.objects.get(user=user), domain=alder_domain)
    return user


@pytest.fixture
def alder_domain(alder: Tenant) -> Domain:
    return make_domain("alder.example", alder)


@pytest.fixture
def birch_domain(birch: Tenant) -> Domain:
    return make_domain("birch.example", birch)


@pytest.fixture
def ann(alder_domain: Domain) -> Mailbox:
    return make_mailbox("ann", alder_domain)


@pytest.fixture
def bob(alder_domain: Domain) -> Mailbox:
    return make_mailbox("bob", alder_domain)


@pytest.fixture
def cid(birch_domain: Domain) -> Mailbox:
    return make_mailbox("cid", birch_domain)


@pytest.fixture
def access_of() -> Callable[[User, Tenant], Access]:
    """The access that the gate would give; fails the test where it would give none."""

    def find(user: User, tenant: Tenant) -> Access:
        access = find_access(
            user,
            tenant.pk,
            actor=Actor(ActorKind.MEMBER, user.email, user.pk, "192.0.2.7"),
        )
        assert access is not None, f"{user} is a stranger to {tenant}"
        return access

    return find


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """A browser in which `user` is signed in."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="panel.tenants.sign_in.MemberBackend")
        return client

    return sign_in


GUARDS = {
    "audit_append_only": "audit_auditentry",
    "audit_no_update": "audit_auditentry",
    "audit_no_delete": "audit_auditentry",
    "audit_head_forward": "audit_audithead",
    "audit_head_stays": "audit_audithead",
}


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """A test with real transactions is cleaned up by emptying every table, which the guard of the audit
    trail refuses, as it should. So the guard stands where a test asks for it (`guarded_trail`)."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for trigger, table in GUARDS.items():
            on_table = f" ON {table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {trigger}{on_table}")
