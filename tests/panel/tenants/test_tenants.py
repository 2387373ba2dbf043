"""Tenants: who makes and edits them, and what caps may be."""

import pytest
from django.core.exceptions import PermissionDenied

from panel.audit.models import AuditEntry
from panel.lib.errors import Refused
from panel.tenants.access import command_access
from panel.tenants.actions import Caps, add_tenant, edit_tenant
from panel.tenants.models import Ancestry, Tenant, TenantKind, Usage, UsageKind
from tests.factories import GIB, make_domain, make_mailbox, make_tenant

pytestmark = pytest.mark.django_db

CLIENT, RESELLER = TenantKind.CLIENT, TenantKind.RESELLER


def refusal(act):
    with pytest.raises(Refused) as caught:
        act()
    return caught.value


def test_a_new_tenant_stands_below_all_that_stand_above_it_and_uses_nothing(north, north_admin, access_of):
    tenant = add_tenant(
        access_of(north_admin, north), name="Dune Cafe", kind=CLIENT, contact_email="Info@Dune.example"
    )

    assert tenant.contact_email == "info@dune.example"
    assert list(
        Ancestry.objects.filter(tenant=tenant).order_by("distance").values_list("ancestor_id", "distance")
    ) == [
        (tenant.pk, 0),
        (north.pk, 1),
        (north.parent_id, 2),
    ]
    assert {(row.kind, row.used) for row in Usage.objects.filter(tenant=tenant)} == {
        (kind, 0) for kind in UsageKind
    }
    entry = AuditEntry.objects.get(action="tenant.add")
    assert (entry.tenant_id, entry.object_id, entry.actor_label) == (tenant.pk, tenant.pk, north_admin.email)


@pytest.mark.parametrize("who", ["ops_support", "alder_admin", "alder_reader"])
def test_only_admins_of_resellers_and_the_operator_make_tenants(who, request, alder, access_of):
    access = access_of(request.getfixturevalue(who), alder)
    with pytest.raises(PermissionDenied):
        add_tenant(access, name="Dune Cafe", kind=CLIENT)


def test_a_client_has_nothing_below_it(alder, north_admin, access_of):
    refused = refusal(lambda: add_tenant(access_of(north_admin, alder), name="Dune", kind=CLIENT))
    assert (refused.code, refused.field) == ("kind_not_here", "kind")


def test_there_are_four_levels_and_no_second_operator(north, north_admin, ops_admin, operator, access_of):
    sub = add_tenant(access_of(north_admin, north), name="Fernwood Group", kind=RESELLER)
    assert (
        refusal(lambda: add_tenant(access_of(north_admin, sub), name="Deep", kind=RESELLER)).code
        == "kind_not_here"
    )
    leaf = add_tenant(access_of(north_admin, sub), name="Ferngate", kind=CLIENT)
    assert Ancestry.objects.filter(tenant=leaf).count() == 4
    operator_access = access_of(ops_admin, operator)
    assert (
        refusal(lambda: add_tenant(operator_access, name="X", kind=TenantKind.OPERATOR)).code
        == "kind_not_here"
    )


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "name_empty"),
        ("  ", "name_empty"),
        ("a\nb", "name_characters"),
        ("a\x00b", "name_characters"),
        ("a\u202eb", "name_characters"),
        ("x" * 121, "name_too_long"),
        ("ALDER  and ﬁnch".replace("ﬁ", "fi"), "name_taken"),
        ("ＡLDER AND FINCH", "name_taken"),
    ],
)
def test_a_name_is_one_line_that_no_sibling_has(name, code, north, alder, north_admin, access_of):
    refused = refusal(lambda: add_tenant(access_of(north_admin, north), name=name, kind=CLIENT))
    assert (refused.code, refused.field) == (code, "name")


def test_two_resellers_may_have_a_client_of_the_same_name(alder, south, south_admin, access_of):
    assert add_tenant(access_of(south_admin, south), name=alder.name, kind=CLIENT).pk


def test_a_contact_must_be_an_address(north, north_admin, access_of):
    access = access_of(north_admin, north)
    assert (
        refusal(lambda: add_tenant(access, name="D", kind=CLIENT, contact_email="|cat")).field
        == "contact_email"
    )


def test_an_admin_edits_name_and_contact_of_their_own_tenant(alder, alder_admin, access_of):
    edit_tenant(access_of(alder_admin, alder), name="Alder Bakery", contact_email="")
    alder.refresh_from_db()
    assert (alder.name, alder.sort_name, alder.contact_email) == ("Alder Bakery", "alder bakery", "")
    entry = AuditEntry.objects.get(action="tenant.edit")
    assert entry.before == {"name": "Alder and Finch", "contact_email": "office@alder.example"}


def test_an_edit_that_changes_nothing_leaves_no_entry(alder, alder_admin, access_of):
    edit_tenant(access_of(alder_admin, alder), name=alder.name, contact_email=alder.contact_email)
    assert not AuditEntry.objects.filter(action="tenant.edit").exists()


@pytest.mark.parametrize(
    ("who", "of"), [("alder_admin", "alder"), ("north_admin", "north"), ("ops_admin", "operator")]
)
def test_nobody_changes_their_own_limits(who, of, request, access_of):
    tenant = request.getfixturevalue(of)
    access = access_of(request.getfixturevalue(who), tenant)
    same = {"name": tenant.name, "contact_email": tenant.contact_email}
    with pytest.raises(PermissionDenied):
        edit_tenant(access, **same, caps=Caps())
    with pytest.raises(PermissionDenied):
        edit_tenant(access, **same, may_oversell=True)


@pytest.mark.parametrize("who", ["ops_support", "alder_reader", "alder_manager"])
def test_who_only_reads_edits_nothing(who, request, alder, access_of):
    with pytest.raises(PermissionDenied):
        edit_tenant(access_of(request.getfixturevalue(who), alder), name="X", contact_email="")


def test_nobody_outside_has_any_access(alder, birch_admin, south_admin, access_of):
    for stranger in (birch_admin, south_admin):
        with pytest.raises(AssertionError, match="stranger"):
            access_of(stranger, alder)


class TestCaps:
    """DECISIONS: none is no cap of its own, a child's never exceeds its parent's, their sum only where allowed."""

    @pytest.fixture
    def capped(self, north):
        north.max_mailboxes = 10
        north.save()
        return north

    def edit(self, access, **changes):
        tenant = access.tenant
        return edit_tenant(access, name=tenant.name, contact_email=tenant.contact_email, **changes)

    def test_a_childs_cap_is_at_most_its_parents(self, capped, alder, north_admin, access_of):
        access = access_of(north_admin, alder)
        refused = refusal(lambda: self.edit(access, caps=Caps(max_mailboxes=11)))
        assert (refused.code, refused.field) == ("cap_above_parent", "max_mailboxes")
        assert self.edit(access, caps=Caps(max_mailboxes=10)).max_mailboxes == 10

    def test_a_cap_further_up_binds_where_the_parent_has_none(self, capped, north_admin, access_of):
        sub = add_tenant(access_of(north_admin, capped), name="Sub", kind=RESELLER)
        refused = refusal(
            lambda: add_tenant(
                access_of(north_admin, sub), name="L", kind=CLIENT, caps=Caps(max_mailboxes=11)
            )
        )
        assert refused.code == "cap_above_parent"

    def test_caps_may_add_up_to_more_only_where_the_parent_may_oversell(
        self, capped, alder, birch, north_admin, access_of
    ):
        at_alder, at_birch = access_of(north_admin, alder), access_of(north_admin, birch)
        self.edit(at_alder, caps=Caps(max_mailboxes=7))
        assert self.edit(at_birch, caps=Caps(max_mailboxes=7)).max_mailboxes == 7
        self.edit(at_birch, caps=Caps(max_mailboxes=3))
        self.edit(command_access(capped), caps=Caps(max_mailboxes=10), may_oversell=False)
        at_birch = access_of(north_admin, birch)
        assert refusal(lambda: self.edit(at_birch, caps=Caps(max_mailboxes=4))).code == "cap_oversold"
        assert refusal(lambda: self.edit(at_birch, caps=Caps())).code == "cap_needed"
        assert self.edit(at_birch, caps=Caps(max_mailboxes=3)).max_mailboxes == 3

    def test_overselling_cannot_end_while_more_is_promised(self, capped, alder, birch, ops_admin, access_of):
        at_north = access_of(ops_admin, capped)
        self.edit(access_of(ops_admin, alder), caps=Caps(max_mailboxes=7))
        keep = Caps(max_mailboxes=10)
        assert refusal(lambda: self.edit(at_north, caps=keep, may_oversell=False)).code == "cap_oversold"
        self.edit(access_of(ops_admin, birch), caps=Caps(max_mailboxes=7))
        assert refusal(lambda: self.edit(at_north, caps=keep, may_oversell=False)).code == "cap_oversold"

    def test_a_cap_is_not_set_below_what_is_used(self, alder, alder_domain, ann, bob, north_admin, access_of):
        refused = refusal(lambda: self.edit(access_of(north_admin, alder), caps=Caps(max_mailboxes=1)))
        assert (refused.code, refused.field) == ("cap_below_use", "max_mailboxes")
        assert (
            refused.message
            == "Alder and Finch uses 2 mailboxes already. Type at least that, or make room first."
        )

    def test_a_cap_is_not_set_below_what_was_promised_below_it(self, north, alder, ops_admin, access_of):
        self.edit(access_of(ops_admin, alder), caps=Caps(max_storage_bytes=5 * GIB))
        refused = refusal(
            lambda: self.edit(access_of(ops_admin, north), caps=Caps(max_storage_bytes=4 * GIB))
        )
        assert (refused.code, refused.field) == ("cap_below_promise", "max_storage_bytes")
        assert "5 GB" in refused.message

    def test_none_is_no_cap_and_nought_allows_none(self, alder, north_admin, access_of):
        access = access_of(north_admin, alder)
        assert self.edit(access, caps=Caps(max_domains=0)).max_domains == 0
        assert self.edit(access, caps=Caps()).max_domains is None

    @pytest.mark.parametrize("cap", [-1, 2**31, 2**63])
    def test_a_cap_is_a_number_that_every_database_holds(self, cap, alder, north_admin, access_of):
        access = access_of(north_admin, alder)
        assert refusal(lambda: self.edit(access, caps=Caps(max_domains=cap))).code == "cap_out_of_range"

    def test_storage_is_not_limited_while_a_mailbox_has_no_quota(self, alder, north_admin, access_of):
        Usage.objects.filter(tenant=alder, kind=UsageKind.UNMETERED).update(used=1)
        refused = refusal(lambda: self.edit(access_of(north_admin, alder), caps=Caps(max_storage_bytes=GIB)))
        assert (refused.code, refused.field) == ("cap_unmetered", "max_storage_bytes")


def test_every_tenant_of_the_cast_was_made_as_the_action_makes_it(alder, north, north_admin, access_of):
    made = add_tenant(access_of(north_admin, north), name="Twin", kind=CLIENT)
    by_factory = make_tenant("Other", CLIENT, north)
    assert Ancestry.objects.filter(tenant=made).count() == Ancestry.objects.filter(tenant=by_factory).count()
    assert Usage.objects.filter(tenant=made).count() == Usage.objects.filter(tenant=by_factory).count()


def test_mailboxes_of_a_client_count_for_everyone_above(north, alder, operator):
    make_mailbox("zoe", make_domain("zoe.example", alder))
    assert [Usage.objects.get(tenant=t, kind="mailboxes").used for t in (operator, north, alder)] == [1, 1, 1]


def test_tenants_are_never_their_own_root(operator):
    assert Tenant.objects.get(kind=TenantKind.OPERATOR).pk == operator.pk
