"""The contract: what Postfix and Dovecot see of the database, as SQL text. Pure.

`VIEWS` stand on both databases. On PostgreSQL `FUNCTIONS` answer the questions, for PL/pgSQL keeps its
plans and a function runs with its owner's rights, so that the roles of the mail servers see no table.
A migration that touches a table behind the contract calls `drop` first and `create` last, in one
transaction: SQLite rebuilds no table under a view, and PostgreSQL changes no column under one.
"""

import re
from collections.abc import Callable

from panel.mailserver.contract.functions import FUNCTIONS, SIGNATURES
from panel.mailserver.contract.views import HELD_DOMAIN as HELD_DOMAIN
from panel.mailserver.contract.views import VIEWS, for_vendor

Execute = Callable[[str], object]


def create(execute: Execute, vendor: str) -> None:
    """Make all views, and on `postgresql` all functions, by `execute(sql)`."""
    for name, body in VIEWS.items():
        execute(f"CREATE VIEW {name} AS {for_vendor(body, vendor)}")
    if vendor == "postgresql":
        for sql in FUNCTIONS:
            execute(inlined(for_vendor(sql, vendor)))
        for signature in SIGNATURES:
            execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")


def drop(execute: Execute, vendor: str) -> None:
    """Remove what `create` made, whatever of it exists."""
    if vendor == "postgresql":
        for signature in reversed(SIGNATURES):
            execute(f"DROP FUNCTION IF EXISTS {signature}")
    for name in reversed(VIEWS):
        execute(f"DROP VIEW IF EXISTS {name}")


def inlined(sql: str) -> str:
    """`sql` for PostgreSQL with each view of the contract replaced by its text, down to the tables."""
    return re.sub(
        r"\bmail_\w+\b",
        lambda name: (
            f"({inlined(for_vendor(VIEWS[name[0]], 'postgresql'))})" if name[0] in VIEWS else name[0]
        ),
        sql,
    )
