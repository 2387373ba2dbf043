"""Nobody catches the mail of those who stand higher."""

from functools import partial

import pytest

from domains.actions import make_alias_domain
from domains.models import DomainGrant
from mailboxes.actions.aliases import (
    delete_alias,
    disable_alias,
    edit_alias,
    set_catch_all,
)
from panel.tenants.roles import Role
from tests.factories import make_domain, make_mailbox, make_user
from tests.mailboxes.aliases.acts import add, refusal_of

pytestmark = pytest.mark.django_db


def test_an_admin_cannot_catch_the_mail_of_someone_who_outranks_them(admin, operator, alder, alder_domain):
    make_user("ops@alder.example", operator, Role.OPERATOR_ADMIN)
    refusal = refusal_of(lambda: add(admin, alder_domain, "ops"))
    assert (refusal.code, refusal.field) == ("outranked", "local_part")
    assert (
        refusal_of(
            lambda: set_catch_all(access=admin, domain=alder_domain, destinations=["z@example.com"])
        ).code
        == "outranked"
    )


def test_the_spellings_of_an_outranking_member_are_known(admin, operator, north, alder, alder_domain):
    make_domain("also.example", alder, alias_of=alder_domain)
    make_user("ops+panel@also.example", operator, Role.OPERATOR_SUPPORT)
    assert refusal_of(lambda: add(admin, alder_domain, "ops")).code == "outranked"


def test_no_alias_domain_gives_a_manager_the_mail_of_the_admin(access_of, alder, alder_domain, alder_manager):
    """A mailbox of the same name in the main domain would get the link to a new password."""
    other = make_domain("finch.example", alder)
    claim = make_domain("claimed.example", alder, proved=False)
    make_user("boss@finch.example", alder, Role.TENANT_ADMIN)
    make_user("boss@claimed.example", alder, Role.TENANT_ADMIN)
    for domain in (other, claim):
        DomainGrant.objects.create(membership=alder_manager.memberships.get(), domain=domain)
        access = access_of(alder_manager, alder)
        refusal = refusal_of(partial(make_alias_domain, access=access, domain=domain, target=alder_domain))
        assert (refusal.code, refusal.field) == ("outranked", "alias_of")


def test_a_claim_does_not_tell_who_signs_in_elsewhere(admin, birch, alder, alder_domain):
    claim = make_domain("birchwood.example", alder, proved=False)
    make_user("boss@birchwood.example", birch, Role.TENANT_ADMIN)
    assert make_alias_domain(access=admin, domain=claim, target=alder_domain).alias_of == alder_domain


def test_no_address_tells_who_signs_in_under_a_name_that_is_only_claimed(admin, birch, alder, alder_domain):
    """Claims are free: a claim as an alias domain would find out, name by name, who is a member anywhere."""
    make_domain("birchwood.example", alder, proved=False, alias_of=alder_domain)
    make_user("boss@birchwood.example", birch, Role.TENANT_ADMIN)
    assert add(admin, alder_domain, "boss")


def test_a_claim_hides_nobody_of_the_own_team(access_of, alder, alder_domain, alder_manager):
    make_domain("also.example", alder, proved=False, alias_of=alder_domain)
    make_user("boss@also.example", alder, Role.TENANT_ADMIN)
    assert refusal_of(lambda: add(access_of(alder_manager, alder), alder_domain, "boss")).code == "outranked"


def test_an_alias_of_someone_who_outranks_is_neither_changed_nor_deleted(admin, north, alder_domain):
    alias = add(admin, alder_domain, "boss")
    make_user("boss@alder.example", north, Role.RESELLER_ADMIN)
    for act in (
        lambda: edit_alias(access=admin, alias=alias, destinations=["x@example.com"], comment=""),
        lambda: disable_alias(access=admin, alias=alias),
        lambda: delete_alias(access=admin, alias=alias),
    ):
        assert refusal_of(act).code == "outranked"


def test_the_one_who_outranks_and_equals_may(access_of, admin, north, north_admin, alder, alder_domain):
    make_user("boss@alder.example", north, Role.RESELLER_ADMIN)
    make_user("peer@alder.example", alder, Role.TENANT_ADMIN)
    assert add(access_of(north_admin, alder), alder_domain, "boss")
    assert add(admin, alder_domain, "peer")


def test_a_catch_all_is_free_once_the_outranking_address_has_a_row(admin, operator, alder_domain):
    make_user("ops@alder.example", operator, Role.OPERATOR_ADMIN)
    make_mailbox("ops", alder_domain)
    assert set_catch_all(access=admin, domain=alder_domain, destinations=["z@example.com"])
