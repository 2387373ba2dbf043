"""Fills an empty installation with the example, by the same acts as people in a browser."""

from datetime import timedelta
from random import Random

from django.db import transaction
from django.utils import timezone

from domains.actions import add_domain, grant_domain, remove_domain, suspend_domain, vouch_for
from domains.models import Domain, ProofResult
from mailboxes.actions.aliases import add_alias, set_catch_all
from mailboxes.actions.forwarding import set_forwarding
from mailboxes.actions.lifecycle import set_state
from mailboxes.actions.mailboxes import add_mailbox
from mailboxes.actions.send_as import grant_send_as
from mailboxes.models import Mailbox, MailboxState, MailUsage
from panel.accounts.actions import change_password
from panel.audit.actor import Actor, ActorKind
from panel.lib.errors import Refused
from panel.tenants.access import Access, command_access, find_access
from panel.tenants.actions import Caps, add_member, add_tenant, suspend_tenant
from panel.tenants.models import Tenant, TenantKind
from panel.tenants.quantities import GIB
from panel.tenants.roles import Role
from panel.web.demo.cast import (
    ALIAS,
    MISMATCH,
    PEOPLE,
    REMOVED,
    RESELLERS,
    SUSPENDED,
    WORKS,
    Client,
    Reseller,
)

# How full mailboxes are, in per cent of their quota; most are nearly empty.
FILLED = (1, 2, 4, 7, 11, 16, 22, 35, 48, 61, 83, 91, 97)
QUOTAS = (1, 1, 2, 2, 5)


@transaction.atomic
def fill(password: str) -> list[tuple[str, str]]:
    """The example, all of it or nothing; every member and mailbox signs in with `password`. The answer
    names some people to sign in as: (what they are, address). Raises `Refused` (demo_not_empty) where
    anybody has begun to work."""
    operator = command_access()
    if Tenant.objects.exclude(pk=operator.tenant.pk).exists() or Domain.objects.exists():
        message = "The example fills an empty installation only, and here is something already."
        raise Refused(message, "demo_not_empty")
    _member(operator, "support@posthouse.example", Role.OPERATOR_SUPPORT, "Sam Support", password)
    for number, reseller in enumerate(RESELLERS):
        _fill_reseller(operator, reseller, password, Random(number))  # noqa: S311 -- a lively picture, no secret
    first = RESELLERS[0]
    domain = first.clients[0].domains[0][0]
    return [
        ("a reseller", f"admin@{first.domain}"),
        ("an admin of a client", f"admin@{domain}"),
        ("a mailbox user", f"{PEOPLE[0][0].lower()}@{domain}"),
    ]


def is_filled() -> bool:
    return Domain.objects.filter(name=RESELLERS[0].clients[0].domains[0][0]).exists()


def _fill_reseller(operator: Access, reseller: Reseller, password: str, dice: Random) -> None:
    tenant = add_tenant(
        operator,
        name=reseller.name,
        kind=TenantKind.RESELLER,
        contact_email=f"office@{reseller.domain}",
        caps=Caps(max_domains=reseller.max_domains, max_mailboxes=reseller.max_mailboxes),
    )
    access = _member(
        command_access(tenant), f"admin@{reseller.domain}", Role.RESELLER_ADMIN, "Robin Seller", password
    )
    own = add_domain(access=access, name=reseller.domain)
    own = vouch_for(access=operator, domain=own)
    add_mailbox(access=access, domain=own, local_part="office", quota_bytes=GIB, password=password)
    for client in reseller.clients:
        _fill_client(operator, access, client, password, dice)


def _fill_client(operator: Access, reseller: Access, client: Client, password: str, dice: Random) -> None:
    main = client.domains[0][0]
    tenant = add_tenant(
        reseller,
        name=client.name,
        kind=TenantKind.CLIENT,
        contact_email=f"office@{main}",
        caps=Caps(
            max_mailboxes=client.max_mailboxes,
            max_storage_bytes=client.max_gigabytes and client.max_gigabytes * GIB,
        ),
    )
    access = _member(command_access(tenant), f"admin@{main}", Role.TENANT_ADMIN, "Alex Office", password)
    _member(command_access(tenant), f"books@{main}", Role.READ_ONLY, "", password)
    domains = _add_domains(operator, access, client)
    working = [domain for domain in domains if domain.is_proved and not domain.alias_of_id]
    manager = _member(command_access(tenant), f"web@{main}", Role.DOMAIN_MANAGER, "Wim Webmaster", password)
    if manager.membership is not None:
        grant_domain(access=access, domain=working[-1], membership=manager.membership)
    _add_mailboxes(access, working, client, password, dice)
    _add_aliases(access, working)
    for domain, (_, state) in zip(domains, client.domains, strict=True):
        if state == SUSPENDED:
            suspend_domain(access=access, domain=domain, reason="The site has moved")
        elif state == REMOVED:
            remove_domain(access=access, domain=domain)
    if client.suspended:
        suspend_tenant(_below(reseller, tenant), reason=client.suspended)


def _member(access: Access, email: str, role: Role, name: str, password: str) -> Access:
    """A member who has changed the one-time password, and their own access."""
    welcome = add_member(access, email=email, role=role, name=name)
    user = welcome.membership.user
    actor = Actor(ActorKind.MEMBER, user.email, user.pk)
    if welcome.one_time_password:
        change_password(
            user, welcome.one_time_password, password, actor=actor, tenant_id=welcome.membership.tenant_id
        )
    user.refresh_from_db()
    found = find_access(user, welcome.membership.tenant_id, actor=actor)
    return found or access


def _below(access: Access, tenant: Tenant) -> Access:
    return Access(tenant=tenant, role=access.role, membership=access.membership, actor=access.actor)


def _add_domains(operator: Access, access: Access, client: Client) -> list[Domain]:
    """In the order of `client.domains`; those that stand are vouched for, as no DNS serves them."""
    domains: list[Domain] = []
    for name, state in client.domains:
        target = domains[0] if state == ALIAS else None
        domain = add_domain(access=access, name=name, alias_of=target)
        if state in {WORKS, ALIAS, SUSPENDED, REMOVED}:
            domain = vouch_for(access=operator, domain=domain)
        else:
            _looked_for(domain, is_wrong=state == MISMATCH)
        domains.append(domain)
    return domains


def _looked_for(domain: Domain, *, is_wrong: bool) -> None:
    """As the checks of some hours leave a claim behind."""
    now = timezone.now()
    domain.proof_result = ProofResult.MISMATCH if is_wrong else ProofResult.MISSING
    domain.proof_seen = "posthouse-of-somebody-else" if is_wrong else ""
    domain.proof_attempts, domain.proof_checked_at = 14, now - timedelta(minutes=7)
    domain.proof_due_at = now + timedelta(minutes=23)
    domain.save(
        update_fields=["proof_result", "proof_seen", "proof_attempts", "proof_checked_at", "proof_due_at"]
    )


def _add_mailboxes(
    access: Access, domains: list[Domain], client: Client, password: str, dice: Random
) -> None:
    for number in range(client.people):
        first, family = PEOPLE[number % len(PEOPLE)]
        made = add_mailbox(
            access=access,
            domain=domains[0] if number < 2 * client.people // 3 else domains[-1],
            local_part=first.lower(),
            name=f"{first} {family}",
            quota_bytes=QUOTAS[number % len(QUOTAS)] * GIB,
            password=password,
        )
        _used(made.mailbox, dice)
        if number == client.people - 1:
            set_state(access=access, mailbox=made.mailbox, state=MailboxState.RECEIVE_ONLY)
        elif number == client.people - 2:
            set_state(access=access, mailbox=made.mailbox, state=MailboxState.OFF)


def _used(mailbox: Mailbox, dice: Random) -> None:
    """What Dovecot would have told."""
    used = int((mailbox.quota_bytes or GIB) * dice.choice(FILLED) / 100)
    before = timedelta(minutes=dice.choice((3, 9, 26, 70, 300, 1500, 9000, 60000)))
    MailUsage.objects.update_or_create(
        username=mailbox.address.address,
        defaults={
            "last_sign_in": int((timezone.now() - before).timestamp()),
            "used_bytes": used,
            "used_messages": used // 70_000,
        },
    )


def _add_aliases(access: Access, domains: list[Domain]) -> None:
    main = domains[0]
    inside = list(
        Mailbox.objects.of(access).filter(address__domain=main).select_related("address").order_by("pk")[:4]
    )
    people = [str(mailbox) for mailbox in inside]
    add_alias(
        access=access, domain=main, local_part="office", destinations=people[:2], comment="The front desk"
    )
    add_alias(
        access=access, domain=main, local_part="invoices", destinations=people[1:3], comment="Accounting"
    )
    add_alias(
        access=access, domain=main, local_part="press", destinations=[people[0], "desk+press@agency.example"]
    )
    grant_send_as(access=access, mailbox=inside[0], sender=f"office@{main.name}")
    set_forwarding(access=access, mailbox=inside[2], destinations=["me@elsewhere.example"], keep_copy=True)
    set_catch_all(access=access, domain=domains[-1], destinations=[people[0]])
