"""The PostgreSQL roles of Postfix and Dovecot: their names, and which of two signs in at present.

Their names begin with that of the database, for roles belong to the whole cluster, where other
installations may be. Each server has a role that holds its grants and two that sign in, `…_a` and `…_b`:
a password changes by going over to the other, while the one before still works.
"""

import hashlib
import re
from dataclasses import dataclass

from django.conf import settings

from panel.mailserver.layout import Layout

DAEMONS = ("postfix", "dovecot")
_PLAIN = re.compile(r"[a-z][a-z0-9_]*")
# A name in PostgreSQL has at most 63 bytes, and ours end in `_postfix_a`.
_LONGEST_PREFIX = 50


@dataclass(frozen=True)
class Login:
    role: str
    password: str


def group_role(daemon: str, database: str = "") -> str:
    """The role that holds the grants of `postfix` or `dovecot`; nobody signs in with it. Needs no quotes.
    `database` is the name of another one than ours."""
    name = database or str(settings.DATABASES["default"]["NAME"])
    if _PLAIN.fullmatch(name) and len(name) <= _LONGEST_PREFIX:
        return f"{name}_{daemon}"
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    return f"posthouse_{digest}_{daemon}"


def login_roles(daemon: str) -> tuple[str, str]:
    group = group_role(daemon)
    return f"{group}_a", f"{group}_b"


def login_of(layout: Layout, daemon: str) -> Login:
    """The sign-in in use. The secret is a password alone, for `…_a`, or has the letter in front."""
    letter, _, password = layout.secret(secret_name(daemon)).rpartition(" ")
    return Login(f"{group_role(daemon)}_{letter or 'a'}", password)


def secret_name(daemon: str) -> str:
    return f"{daemon}_database"
