"""The rows of the world: tenants, people, domains, mailboxes and their story."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from domains.models import Domain, DomainGrant, ProofResult
from mailboxes.models import Mailbox, MailboxState, MailUsage, SendAs
from panel.accounts.models import User, UserKind
from panel.audit import log
from panel.audit.actor import SYSTEM, Actor, ActorKind
from panel.bulk.models import ItemState, JobState
from panel.tenants.models import Membership, Tenant, TenantKind
from panel.tenants.roles import Role
from tests.browser.door import make_door
from tests.factories import GIB, away, make_alias, make_domain, make_job, make_mailbox, make_tenant, make_user

# Rows by the names that tests/browser/pages.py uses for them.
Rows = dict[str, Any]

# Enough for a second page of a list.
MANY = 55


@transaction.atomic
def fill() -> tuple[Rows, dict[str, User]]:
    """The rows that pages are about, and the people who open them, each by name."""
    rows = make_tenants()
    rows |= make_domains(rows["alder"], rows["birch"])
    rows |= make_addresses(rows["domain"])
    people = make_people(rows) | make_door(rows)
    rows["manager_membership"] = Membership.objects.get(user=people["alder_manager"])
    rows["admin_membership"] = Membership.objects.get(user=people["alder_admin"])
    rows["reader_membership"] = Membership.objects.get(user=people["alder_reader"])
    DomainGrant.objects.create(membership=rows["manager_membership"], domain=rows["domain"])
    rows |= make_jobs(rows, people["alder_admin"])
    tell_story(rows, people["alder_admin"])
    return rows, people


def make_tenants() -> Rows:
    operator = make_tenant("Harbourline Mail", TenantKind.OPERATOR, contact_email="noc@harbourline.example")
    north = make_tenant("Northmoor Studio", TenantKind.RESELLER, operator, max_domains=80, max_mailboxes=200)
    south = make_tenant("Southgate Hosting", TenantKind.RESELLER, operator)
    limits = {"max_domains": 70, "max_mailboxes": 75, "max_aliases": 20, "max_storage_bytes": 100 * GIB}
    alder = make_tenant(
        "Alder and Finch", TenantKind.CLIENT, north, contact_email="office@alder.example", **limits
    )
    birch = make_tenant("Birch Dental", TenantKind.CLIENT, north)
    birch.suspended_at, birch.suspended_reason = timezone.now() - timedelta(days=2), "Invoice 118 is open"
    birch.save(update_fields=["suspended_at", "suspended_reason"])
    cedar = make_tenant("Cedar Legal", TenantKind.CLIENT, south)
    fern = make_tenant(
        "Fernwood Group", TenantKind.RESELLER, north, max_mailboxes=60, max_storage_bytes=900 * GIB
    )
    make_tenant("Ivywell", TenantKind.CLIENT, fern, max_mailboxes=55, max_storage_bytes=120 * GIB)
    west = make_tenant("Westcliff Web", TenantKind.RESELLER, operator, max_domains=10, max_mailboxes=0)
    for number in range(MANY):
        make_tenant(f"Client {number:02}", TenantKind.CLIENT, north)
    return {
        "operator": operator,
        "north": north,
        "south": south,
        "alder": alder,
        "birch": birch,
        "cedar": cedar,
        "west": west,
    }


def make_domains(alder: Tenant, birch: Tenant) -> Rows:
    now = timezone.now()
    domain = make_domain("alder.example", alder)
    pending = make_domain(
        "alderfinch.example",
        alder,
        proved=False,
        proof_result=ProofResult.MISSING,
        proof_attempts=12,
        proof_checked_at=now - timedelta(minutes=4),
        proof_due_at=now + timedelta(minutes=11),
    )
    held = make_domain("old-alder.example", alder, suspended_at=now - timedelta(hours=5))
    gone: Rows = {"removed_at": now - timedelta(days=1), "purge_at": now + timedelta(days=13)}
    removed = make_domain("gone.example", alder, **gone)
    make_domain("xn--mller-kva.example", alder)
    shop = make_domain("alder-shop.example", alder, alias_of=domain)
    make_domain("birch.example", birch)
    for number in range(MANY):
        make_domain(f"site-{number:02}.example", alder)
    return {"domain": domain, "pending": pending, "held": held, "removed": removed, "alias_domain": shop}


def make_addresses(domain: Domain) -> Rows:
    now = timezone.now()
    ann = make_mailbox("ann", domain, name="Ann Kettering", quota_bytes=25 * GIB)
    bob = make_mailbox("bob", domain, name="Bob Ferreira", state=MailboxState.RECEIVE_ONLY)
    away(
        ann,
        subject="Away for two weeks",
        message="Hello,\n\nI am away. For an appointment please write to office@alder.example.\n\nAnn",
        last_day=now.date() + timedelta(days=13),
        ends_at=now + timedelta(days=13),
    )
    gone: Rows = {
        "state": MailboxState.DELETED,
        "state_before_deletion": MailboxState.ACTIVE,
        "deleted_at": now,
    }
    deleted = make_mailbox("dora", domain, purge_at=now + timedelta(days=14), **gone)
    make_mailbox("eve", domain, state=MailboxState.OFF)
    for number in range(MANY):
        make_mailbox(f"person-{number:02}", domain)
    MailUsage.objects.create(
        username="ann@alder.example",
        last_sign_in=int(now.timestamp()) - 540,
        used_bytes=int(23.4 * GIB),
        used_messages=18211,
    )
    SendAs.objects.create(mailbox=ann, sender="office@alder.example")
    alias = make_alias("office", domain, "ann@alder.example", "bob@alder.example", comment="The front desk")
    catch_all = make_alias("", domain, "ann@alder.example")
    make_alias("press", domain, "desk+alder@press.example", is_enabled=False)
    return {"ann": ann, "bob": bob, "deleted": deleted, "alias": alias, "catch_all": catch_all}


def make_people(rows: Rows) -> dict[str, User]:
    people = {
        "ops_admin": make_user("mara-lindqvist@harbourline.example", rows["operator"], Role.OPERATOR_ADMIN),
        "ops_support": make_user("tomas@harbourline.example", rows["operator"], Role.OPERATOR_SUPPORT),
        "north_admin": make_user("nora-moor@northmoor.example", rows["north"], Role.RESELLER_ADMIN),
        "alder_admin": make_user("ines-alder@mail.example", rows["alder"], Role.TENANT_ADMIN),
        "alder_reader": make_user("rita@mail.example", rows["alder"], Role.READ_ONLY),
        "alder_manager": make_user("max@mail.example", rows["alder"], Role.DOMAIN_MANAGER),
        "west_admin": make_user("wim@westcliff.example", rows["west"], Role.RESELLER_ADMIN),
        "cedar_admin": make_user("carl@mail.example", rows["cedar"], Role.TENANT_ADMIN),
        "nobody": make_user("lost@mail.example"),
        "ann": make_user("ann@alder.example", kind=UserKind.MAILBOX),
    }
    rows["ann"].user = people["ann"]
    rows["ann"].save(update_fields=["user"])
    return people


def make_jobs(rows: Rows, admin: User) -> Rows:
    """Bulk changes: one that a worker is at, one that is done, one that somebody stopped."""
    now, alder = timezone.now(), rows["alder"]
    persons = list(Mailbox.objects.filter(address__local_part__startswith="person-").order_by("pk"))
    ended: Rows = {
        "ended_at": now - timedelta(minutes=9),
        "undo_until": now + timedelta(hours=23, minutes=51),
    }
    quota: Rows = {"act": "quota", "parameters": {"quota_bytes": 5 * GIB}}
    done = make_job(
        admin, alder, *persons, state=JobState.DONE, done=52, skipped=1, refused=2, **quota, **ended
    )
    done.items.update(state=ItemState.DONE)
    said = (
        (ItemState.SKIPPED, "It is so already."),
        (ItemState.REFUSED, "Alder and Finch has used up its 100 GB. Northmoor Studio can allow more."),
        (ItemState.REFUSED, "Alder and Finch has used up its 100 GB. Northmoor Studio can allow more."),
    )
    for item, (state, reason) in zip(done.items.order_by("pk"), said, strict=False):
        item.state, item.reason = state, reason
        item.save(update_fields=["state", "reason"])
    stopped = make_job(admin, alder, *persons, state=JobState.STOPPED, done=20, **ended)
    running = make_job(
        admin, alder, *persons, done=31, act="protocols", parameters={"imap": True, "pop3": False}
    )
    return {"job_done": done, "job_stopped": stopped, "job_running": running}


def tell_story(rows: Rows, admin: User) -> None:
    """A trail of more than one page."""
    ines = Actor(ActorKind.MEMBER, admin.email, admin.pk, "192.0.2.17", "5f1c2a90b7e3d846")
    ann, bob = (
        ("mailbox", rows["ann"].pk, "ann@alder.example"),
        ("mailbox", rows["bob"].pk, "bob@alder.example"),
    )
    domain, pending, held = (
        ("domain", rows[name].pk, rows[name].name) for name in ("domain", "pending", "held")
    )
    tenant_id = rows["alder"].pk
    for _ in range(12):
        log.record("domain.add", actor=ines, tenant_id=tenant_id, obj=pending, after={"name": pending[2]})
        log.record("domain.prove", actor=SYSTEM, tenant_id=tenant_id, obj=domain, after={"proved": True})
        log.record("mailbox.add", actor=ines, tenant_id=tenant_id, obj=ann, after={"name": "Ann Kettering"})
        quotas = {"before": {"quota_bytes": GIB}, "after": {"quota_bytes": 25 * GIB}}
        log.record("mailbox.edit", actor=ines, tenant_id=tenant_id, obj=ann, **quotas)
        log.record("mailbox.set_password", actor=ines, tenant_id=tenant_id, obj=bob)
        log.record("domain.suspend", actor=ines, tenant_id=tenant_id, obj=held, after={"reason": "It moved"})
