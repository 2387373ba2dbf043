"""Rows without surprises: each function makes exactly what it says, with fixed names."""

import uuid
from datetime import timedelta

from django.utils import timezone

from domains.models import Domain
from mailboxes.models import Address, AddressKind, Alias, Mailbox, Target, Vacation
from mailboxes.vacations import compile_answer, compile_phrase
from panel.accounts.models import User
from panel.bulk.models import Job, JobItem
from panel.tenants.models import (
    Ancestry,
    Membership,
    Tenant,
    TenantKind,
    Usage,
    UsageKind,
)
from panel.tenants.roles import Role

GIB = 1024**3
# The password of every person and mailbox in tests.
PASSWORD = "correct horse battery staple"
# `{ARGON2ID}` of PASSWORD with the cheapest cost, so that a test need not hash it.
PASSWORD_HASH = (
    "{ARGON2ID}$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0$tCc9fRe1ZCo/16K285DQzyaDkBqT0FS+sUtZTyzbH18"
)


def make_tenant(name: str, kind: TenantKind, parent: Tenant | None = None, **fields: object) -> Tenant:
    tenant = Tenant.objects.create(name=name, sort_name=name.lower(), kind=kind, parent=parent, **fields)
    above = list(Ancestry.objects.filter(tenant=parent)) if parent else []
    Ancestry.objects.create(tenant=tenant, ancestor=tenant, distance=0)
    for row in above:
        Ancestry.objects.create(tenant=tenant, ancestor_id=row.ancestor_id, distance=row.distance + 1)
    for kind_ in UsageKind:
        Usage.objects.create(tenant=tenant, kind=kind_)
    return tenant


def make_user(email: str, tenant: Tenant | None = None, role: Role | None = None, **fields: object) -> User:
    user = User(email=email, name=email.partition("@")[0].replace("-", " ").title(), **fields)
    user.set_password(PASSWORD)
    user.save()
    if tenant is not None and role is not None:
        Membership.objects.create(user=user, tenant=tenant, role=role)
    return user


def make_domain(name: str, tenant: Tenant, *, proved: bool = True, **fields: object) -> Domain:
    now = timezone.now()
    domain = Domain.objects.create(
        name=name,
        tenant=tenant,
        proof_token=f"{abs(hash((name, tenant.pk))):032x}"[:32],
        proved_at=now if proved else None,
        claim_expires_at=None if proved else now + timedelta(days=7),
        **fields,
    )
    _use(tenant, UsageKind.DOMAINS, 1)
    return domain


def make_mailbox(
    local_part: str, domain: Domain, *, quota_bytes: int | None = GIB, **fields: object
) -> Mailbox:
    address = Address.objects.create(
        domain=domain,
        kind=AddressKind.MAILBOX,
        local_part=local_part,
        address=f"{local_part}@{domain.name}",
    )
    fields.setdefault("name", local_part.title())
    mailbox = Mailbox.objects.create(
        address=address,
        password_hash=PASSWORD_HASH,
        password_changed_at=timezone.now(),
        quota_bytes=quota_bytes,
        **fields,
    )
    _use(domain.tenant, UsageKind.MAILBOXES, 1)
    _use(domain.tenant, UsageKind.STORAGE, quota_bytes or 0)
    _use(domain.tenant, UsageKind.UNMETERED, int(quota_bytes is None))
    return mailbox


def make_alias(local_part: str, domain: Domain, *destinations: str, **fields: object) -> Alias:
    """An alias; with an empty local part the catch-all of the domain."""
    address = Address.objects.create(
        domain=domain,
        kind=AddressKind.ALIAS,
        local_part=local_part,
        address=f"{local_part}@{domain.name}",
    )
    alias = Alias.objects.create(address=address, **fields)
    for destination in destinations:
        Target.objects.create(address=address, destination=destination)
    _use(domain.tenant, UsageKind.ALIASES, 1)
    return alias


def away(mailbox: Mailbox, **fields: object) -> Vacation:
    """A vacation reply that is on since yesterday, without an end."""
    now = timezone.now()
    return Vacation.objects.create(
        **{
            "mailbox": mailbox,
            "is_on": True,
            "first_day": (now - timedelta(days=1)).date(),
            "time_zone": "UTC",
            "subject": "Away",
            "message": "I am away.",
            "starts_at": now - timedelta(days=1),
            "phrase": compile_phrase(mailbox.name),
            "answer": compile_answer("Away", "I am away."),
            **fields,
        }
    )


def make_job(user: User, tenant: Tenant, *mailboxes: Mailbox, **fields: object) -> Job:
    """A bulk change that would switch the mailboxes off, as it stands before a worker comes."""
    job = Job.objects.create(
        **{
            "user": user,
            "tenant": tenant,
            "key": uuid.uuid4(),
            "act": "state",
            "parameters": {"state": "off"},
            "total": len(mailboxes),
            **fields,
        }
    )
    for mailbox in mailboxes:
        JobItem.objects.create(job=job, object_id=mailbox.pk, label=mailbox.address.address)
    return job


def _use(tenant: Tenant, kind: UsageKind, amount: int) -> None:
    for usage in Usage.objects.filter(kind=kind, tenant__below__tenant=tenant):
        usage.used += amount
        usage.save(update_fields=["used"])
