"""`manage.py mail_keeper`: does for the worker what needs root. Runs in the foreground."""

import signal
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from panel.environment import environment
from panel.mailserver.keeper import POLL_SECONDS, Keeper
from panel.mailserver.layout import Layout
from panel.mailserver.rendering import installed_versions
from panel.mailserver.roles import login_of

# From here on Postfix itself tries a host again after two seconds (`retry_interval`).
POSTFIX_TRIES_AGAIN = (3, 9)


class Command(BaseCommand):
    help = "Reload Postfix, have it try held mail and remove mail files when the worker asks for it (run by the supervisor)."

    def handle(self, *_args: Any, **_options: Any) -> None:
        stopping = False

        def stop(*_: object) -> None:
            nonlocal stopping
            stopping = True

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        layout = Layout(environment.state_dir.resolve(), environment.mail_port_offset)
        keeper = Keeper(layout, _look_up(layout))
        while not stopping:
            keeper.turn()
            time.sleep(POLL_SECONDS)


def _look_up(layout: Layout) -> Callable[[], bool] | None:
    database = settings.DATABASES["default"]
    if "postgresql" not in database["ENGINE"] or installed_versions().postfix >= POSTFIX_TRIES_AGAIN:
        return None
    import psycopg  # noqa: PLC0415 -- of the extra `postgres`, needed here alone

    connection: psycopg.Connection[Any] | None = None

    def look_up() -> bool:
        """Over one connection that stays: where it broke, Postfix's broke too, however short it was."""
        nonlocal connection
        try:
            if connection is None:
                login = login_of(layout, "postfix")
                connection = psycopg.connect(
                    host=database["HOST"] or "127.0.0.1",
                    port=database["PORT"] or 5432,
                    dbname=database["NAME"],
                    user=login.role,
                    password=login.password,
                    connect_timeout=3,
                    autocommit=True,
                )
            connection.execute("SELECT mail_domain('', '')")
        except psycopg.Error:
            if connection is not None:
                connection.close()
            connection = None
            return False
        return True

    return look_up
