"""The rows of the world: tenants, people, domains, mailboxes and their story."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from domains.models import DomainGrant, ProofResult
from mailboxes.models import MailboxState, MailUsage, SendAs
from panel.accounts.models import User, UserKind
from panel.audit import log
from panel.audit.actor import SYSTEM, Actor, ActorKind
from panel.tenants.models import Membership, TenantKind
from panel.tenants.roles import Role
from tests.factories import (
    GIB,
    make_alias,
    make_domain,
    make_mailbox,
    make_tenant,
    make_user,
)


def fill() -> tuple[dict[str, Model], dict[str, User]]:  # noqa: PLR0914, PLR0915 -- one story, told in order
    """The rows that pages are about, and the people who open them, each by name."""
    now = timezone.now()
    with transaction.atomic():
        operator = make_tenant(
            "Harbourline Mail",
            TenantKind.OPERATOR,
            contact_email="noc@harbourline.example",
        )
        north = make_tenant("Northmoor Studio", TenantKind.RESELLER, operator, max_domains=80, max_mailboxes=200,
                            max_storage_bytes=400 * GIB, contact_email="hello@northmoor.example")  # fmt: skip
        south = make_tenant("Southgate Hosting", TenantKind.RESELLER, operator)
        alder = make_tenant("Alder and Finch", TenantKind.CLIENT, north, max_domains=70, max_mailboxes=75,
                            max_aliases=20, max_storage_bytes=80 * GIB, contact_email="office@alder.example")  # fmt: skip
        birch = make_tenant("Birch Dental", TenantKind.CLIENT, north, suspended_at=now - timedelta(days=2),
                            suspended_reason="Invoice 2026-118 is open")  # fmt: skip
        cedar = make_tenant("Cedar Legal", TenantKind.CLIENT, south)
        for number in range(55):
            make_tenant(f"Client {number:02}", TenantKind.CLIENT, north)

        domain = make_domain("alder.example", alder)
        pending = make_domain(
            "alderfinch.example", alder, proved=False, proof_result=ProofResult.MISSING, proof_attempts=12,
            proof_checked_at=now - timedelta(minutes=4), proof_due_at=now + timedelta(minutes=11),
        )  # fmt: skip
        make_domain("xn--mller-kva.example", alder)
        held = make_domain(
            "old-alder.example", alder, suspended_at=now - timedelta(hours=5)
        )
        removed = make_domain("gone.example", alder, removed_at=now - timedelta(days=1),
                              purge_at=now + timedelta(days=13))  # fmt: skip
        make_domain("alder-shop.example", alder, alias_of=domain)
        make_domain("birch.example", birch)
        for number in range(55):
            make_domain(f"site-{number:02}.example", alder)

        ann = make_mailbox("ann", domain, name="Ann Kettering", quota_bytes=25 * GIB)
        bob = make_mailbox(
            "bob", domain, name="Bob Ferreira", state=MailboxState.RECEIVE_ONLY
        )
        deleted = make_mailbox("dora", domain, state=MailboxState.DELETED, deleted_at=now, state_before_deletion="active",
                               purge_at=now + timedelta(days=14))  # fmt: skip
        make_mailbox("eve", domain, state=MailboxState.OFF)
        for number in range(60):
            make_mailbox(f"person-{number:02}", domain)
        MailUsage.objects.create(username="ann@alder.example", last_sign_in=int(now.timestamp()) - 540,
                                 used_bytes=int(23.4 * GIB), used_messages=18211)  # fmt: skip
        SendAs.objects.create(mailbox=ann, sender="office@alder.example")
        alias = make_alias(
            "office",
            domain,
            "ann@alder.example",
            "bob@alder.example",
            comment="The front desk",
        )
        catch_all = make_alias("", domain, "ann@alder.example")
        make_alias("press", domain, "desk+alder@press.example", is_enabled=False)

        people = {
            "ops_admin": make_user("mara-lindqvist@harbourline.example", operator, Role.OPERATOR_ADMIN),
            "ops_support": make_user("tomas@harbourline.example", operator, Role.OPERATOR_SUPPORT),
            "north_admin": make_user("nora-moor@northmoor.example", north, Role.RESELLER_ADMIN),
            "alder_admin": make_user("ines-alder@mail.example", alder, Role.TENANT_ADMIN),
            "alder_reader": make_user("rita@alder.example", alder, Role.READ_ONLY),
            "alder_manager": make_user("max@alder.example", alder, Role.DOMAIN_MANAGER),
            "cedar_admin": make_user("carl@cedar.example", cedar, Role.TENANT_ADMIN),
            "nobody": make_user("lost@mail.example"),
        }  # fmt: skip
        manager = Membership.objects.get(user=people["alder_manager"])
        DomainGrant.objects.create(membership=manager, domain=domain)
        ann_user = make_user("ann@alder.example", kind=UserKind.MAILBOX)
        ann.user = ann_user
        ann.save(update_fields=["user"])
        people["ann"] = ann_user

        ines = Actor(
            ActorKind.MEMBER,
            "ines-alder@mail.example",
            people["alder_admin"].pk,
            "192.0.2.17",
            "5f1c2a90b7e3d846",
        )
        story = [
            ("domain.add", ines, ("domain", pending.pk, pending.name), {}, {"name": pending.name}),
            ("domain.prove", SYSTEM, ("domain", domain.pk, domain.name), {}, {"proved": True}),
            ("mailbox.add", ines, ("mailbox", ann.pk, "ann@alder.example"), {}, {"name": "Ann Kettering"}),
            ("mailbox.edit", ines, ("mailbox", ann.pk, "ann@alder.example"), {"quota_bytes": GIB}, {"quota_bytes": 25 * GIB}),
            ("mailbox.set_password", ines, ("mailbox", bob.pk, "bob@alder.example"), {}, {}),
            ("domain.suspend", ines, ("domain", held.pk, held.name), {}, {"reason": "Moved to the new name"}),
        ]  # fmt: skip
        for action, actor, obj, before, after in story * 12:
            log.record(
                action,
                actor=actor,
                tenant_id=alder.pk,
                obj=obj,
                before=before,
                after=after,
            )

    rows: dict[str, Model] = {
        "operator": operator, "north": north, "south": south, "alder": alder, "birch": birch, "cedar": cedar,
        "domain": domain, "pending": pending, "held": held, "removed": removed,
        "ann": ann, "bob": bob, "deleted": deleted, "alias": alias, "catch_all": catch_all,
        "manager_membership": manager,
        "reader_membership": Membership.objects.get(user=people["alder_reader"]),
    }  # fmt: skip
    return rows, people
