"""The database itself refuses to change the trail; an entry lives and dies with its act."""

from importlib import import_module

import pytest
from django.db import DatabaseError, connection, transaction

from panel.audit import log
from panel.audit.actor import SYSTEM
from panel.audit.models import NO_DIGEST, AuditEntry, AuditHead

pytestmark = pytest.mark.django_db
guard = import_module("panel.audit.migrations.0002_append_only")


def record(**fields):
    return log.record("domain.add", actor=SYSTEM, tenant_id=1, obj=("domain", 1, "alder.example"), **fields)


@pytest.fixture
def guarded_trail(db):
    """The trail with the triggers that the migration makes."""
    with connection.cursor() as cursor:
        statements = guard.POSTGRESQL if connection.vendor == "postgresql" else guard.SQLITE
        for sql in statements:
            cursor.execute(sql.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))
    return record()


def test_an_entry_cannot_be_changed(guarded_trail):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.filter(pk=guarded_trail.pk).update(actor_label="Somebody else")
    assert AuditEntry.objects.get().actor_label == "Posthouse"


def test_an_entry_cannot_be_deleted(guarded_trail):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.all().delete()
    assert AuditEntry.objects.count() == 1


def test_the_end_of_a_trail_moves_forward_alone(guarded_trail):
    for change in ({"sequence": 0}, {"sequence": 5}, {"digest": NO_DIGEST}):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            AuditHead.objects.update(**change)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditHead.objects.all().delete()
    assert AuditHead.objects.get().sequence == 1


def test_an_entry_rolls_back_with_its_act():
    class ActFailsError(Exception):
        pass

    with pytest.raises(ActFailsError), transaction.atomic():
        record()
        raise ActFailsError
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("key", ["password", "new_password", "token", "totp_secret", "password_hash"])
def test_a_secret_never_enters_the_trail(key):
    with pytest.raises(ValueError, match="never holds secrets"):
        record(after={key: "x"})


def test_a_tenant_reads_its_own_trail_and_that_of_those_below(
    alder, birch, north, alder_admin, north_admin, signed_in
):
    for tenant, label in ((alder, "alder.example"), (birch, "birch.example"), (north, "north.example")):
        log.record("domain.add", actor=SYSTEM, tenant_id=tenant.pk, obj=("domain", 1, label))
    own = signed_in(alder_admin).get(f"/t/{alder.pk}/audit/").content.decode()
    assert "alder.example" in own
    assert "birch.example" not in own
    assert "north.example" not in own
    above = signed_in(north_admin).get(f"/t/{north.pk}/audit/").content.decode()
    assert all(label in above for label in ("alder.example", "birch.example", "north.example"))


@pytest.mark.parametrize("rows", [1, 3])
def test_the_trail_costs_the_same_for_one_row_and_for_three(
    rows, alder, alder_admin, signed_in, django_assert_num_queries
):
    for _ in range(rows):
        log.record("domain.add", actor=SYSTEM, tenant_id=alder.pk, obj=("domain", 1, "alder.example"))
    client = signed_in(alder_admin)
    client.get(f"/t/{alder.pk}/audit/")
    with django_assert_num_queries(6):
        client.get(f"/t/{alder.pk}/audit/")
