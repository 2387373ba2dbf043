"""The contract can be dropped and remade around any change of the tables behind it, with data in them."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from mailboxes.models import Mailbox
from panel.mailserver import contract
from tests.panel.mailserver.test_contract import ask

pytestmark = pytest.mark.django_db


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, None)


def test_it_comes_and_goes_with_data_and_answers_the_same(ann: Mailbox) -> None:
    before = ask("mailboxes", "ann@alder.example")
    contract.drop(execute, connection.vendor)
    contract.drop(execute, connection.vendor)
    contract.create(execute, connection.vendor)
    assert ask("mailboxes", "ann@alder.example") == before == ["1"]


@pytest.mark.django_db(transaction=True)
def test_migrating_from_the_state_without_it_works_with_data(ann: Mailbox) -> None:
    executor = MigrationExecutor(connection)
    executor.migrate([("mailserver", None)])
    assert "mail_domains" not in connection.introspection.table_names(include_views=True)
    executor = MigrationExecutor(connection)
    executor.migrate([("mailserver", "0001_contract")])
    assert ask("mailboxes", "ann@alder.example") == ["1"]


def test_strangers_may_execute_no_function(ann: Mailbox) -> None:
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname FROM pg_proc WHERE proname LIKE 'mail\\_%%' AND has_function_privilege('public', oid, 'EXECUTE')"
        )
        assert cursor.fetchall() == []
