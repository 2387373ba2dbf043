"""Gives the mail servers a new password for the database, without a look-up that fails."""

import contextlib
import os
import secrets
import signal
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from panel.mailserver.keeper import Keeper
from panel.mailserver.layout import Layout
from panel.mailserver.roles import DAEMONS, Login, login_of, login_roles, secret_name

# Servers finish what they hold with connections of before, and may open one more.
OVERLAP_SECONDS = 300


class NotRotated(Exception):  # noqa: N818 -- a reason that a person reads
    """Nothing has changed for the servers; the text says why."""


def rotate(layout: Layout, *, overlap_seconds: int = OVERLAP_SECONDS) -> None:
    """Let Postfix and Dovecot sign in with the other role of each and a fresh password. The old password
    works for `overlap_seconds` more. Raises `NotRotated`. Killed half-way it can be done again: the
    old password ends last."""
    old = {daemon: login_of(layout, daemon) for daemon in DAEMONS}
    new = {daemon: _prepare(old[daemon], daemon) for daemon in DAEMONS}
    for daemon, login in new.items():
        _write_secret(layout, secret_name(daemon), f"{login.role[-1]} {login.password}")
    call_command("render_mail_config", verbosity=0)
    Keeper(layout).reload_postfix()
    _reload_dovecot(layout)
    ends = timezone.now() + timedelta(seconds=overlap_seconds)
    with connection.cursor() as cursor:
        for login in old.values():
            cursor.execute(f"ALTER ROLE {login.role} VALID UNTIL %s", [ends.isoformat()])


def _prepare(old: Login, daemon: str) -> Login:
    """The other role with a fresh password, which was tried."""
    first, second = login_roles(daemon)
    login = Login(second if old.role == first else first, secrets.token_urlsafe(48))
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER ROLE {login.role} PASSWORD %s VALID UNTIL 'infinity'", [login.password])
    import psycopg  # noqa: PLC0415 -- of the extra `postgres`, needed here alone

    database: dict[str, Any] = settings.DATABASES["default"]
    try:
        psycopg.connect(
            host=database["HOST"] or "127.0.0.1",
            port=database["PORT"] or 5432,
            dbname=database["NAME"],
            user=login.role,
            password=login.password,
            connect_timeout=5,
        ).close()
    except psycopg.Error as error:
        message = f"{login.role} cannot sign in to the database, so nothing was changed: {str(error).strip()}"
        raise NotRotated(message) from error
    return login


def _write_secret(layout: Layout, name: str, text: str) -> None:
    """By rename, with owner and mode of the file before, so that nobody reads half a secret."""
    path = layout.secret_file(name)
    owner = path.stat()
    fresh = path.with_name(f".{name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text + "\n")
        os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        os.fsync(file.fileno())
    fresh.replace(path)


def _reload_dovecot(layout: Layout) -> None:
    """SIGHUP to the master: it reads its files anew and gives new look-ups to new processes."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        os.kill(int((layout.state / "dovecot/run/master.pid").read_text()), signal.SIGHUP)
