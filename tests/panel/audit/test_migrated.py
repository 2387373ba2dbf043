"""The trail as the migrations make it, on both databases, asked without Django in between."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.postgres import PostgreSQL

ROOT = Path(__file__).resolve().parents[3]
ENTRY = """INSERT INTO audit_auditentry (at, actor_kind, actor_label, action, object_kind, object_label, before,
    after, request_id, sequence, previous) VALUES ('2026-03-24 10:00:00+00:00', 'system', 'Posthouse', 'domain.add',
    'domain', 'alder.example', '{}', '{}', '', 1, '')"""
HEAD = "INSERT INTO audit_audithead (chain, sequence, digest) VALUES (7, 1, 'a')"

Execute = Callable[[str], list[tuple[object, ...]]]


def migrate(state: Path, **environment: str) -> None:
    for name in ("secrets", "db", "static"):
        (state / name).mkdir(mode=0o700)
    (state / "secrets" / "django").write_text("only-for-tests " * 4)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("POSTHOUSE_")}
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity=0"],
        cwd=ROOT,
        env=clean | environment | {"POSTHOUSE_STATE_DIR": str(state)},
        check=True,
    )


@pytest.fixture(scope="module")
def on_postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Execute]:
    with PostgreSQL() as server:
        url = server.create("trail")
        migrate(tmp_path_factory.mktemp("trail-pg"), POSTHOUSE_DATABASE_URL=url)
        with psycopg.connect(url, autocommit=True) as connection:

            def execute(sql: str) -> list[tuple[object, ...]]:
                cursor = connection.execute(sql)
                return cursor.fetchall() if cursor.description else []

            yield execute


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Execute]:
    state = tmp_path_factory.mktemp("trail-sqlite")
    migrate(state)
    connection = sqlite3.connect(state / "db" / "posthouse.sqlite3", isolation_level=None)

    def execute(sql: str) -> list[tuple[object, ...]]:
        return connection.execute(sql).fetchall()

    yield execute
    connection.close()


@pytest.fixture(params=["on_sqlite", "on_postgresql"])
def execute(request: pytest.FixtureRequest) -> Execute:
    """SQL in a database that nothing but the migrations made, with an entry and the end of a chain in it."""
    run: Execute = request.getfixturevalue(request.param)
    if not run("SELECT 1 FROM audit_auditentry"):
        run(ENTRY)
        run(HEAD)
    return run


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_auditentry SET actor_label = 'Somebody else'",
        "DELETE FROM audit_auditentry",
        "UPDATE audit_audithead SET digest = 'b'",
        "DELETE FROM audit_audithead",
    ],
)
def test_the_database_refuses_a_change_of_what_was_written(change: str, execute: Execute) -> None:
    with pytest.raises((sqlite3.Error, psycopg.Error), match="append-only"):
        execute(change)
    assert execute("SELECT actor_label FROM audit_auditentry") == [("Posthouse",)]
    assert execute("SELECT digest FROM audit_audithead WHERE chain = 7") == [("a",)]


@pytest.mark.parametrize(
    "tables", ["audit_auditentry", "audit_audithead", "audit_auditentry, audit_audithead CASCADE"]
)
def test_postgresql_refuses_to_empty_the_trail(tables: str, on_postgresql: Execute) -> None:
    if not on_postgresql("SELECT 1 FROM audit_auditentry"):
        on_postgresql(ENTRY)
    with pytest.raises(psycopg.Error, match="append-only"):
        on_postgresql(f"TRUNCATE {tables}")
    assert len(on_postgresql("SELECT 1 FROM audit_auditentry")) == 1
