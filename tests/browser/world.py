"""The world that the browser walks through. Run with the environment of the site, it migrates the
database, fills it, and prints the primary keys and the session cookies of the cast as JSON."""

import json
import sys

import django
from django.conf import settings
from django.core.management import call_command


def main() -> None:
    django.setup()
    from panel.accounts.models import UserKind  # noqa: PLC0415 -- models need the set-up
    from tests.browser.rows import fill  # noqa: PLC0415 -- models need the set-up

    for database in ("default", "usage"):
        call_command(
            "migrate",
            database=database,
            verbosity=0,
            run_syncdb=True,
        )
    rows, people = fill()
    member, mailbox = settings.AUTHENTICATION_BACKENDS
    cookies = {
        name: sign_in(user, mailbox if user.kind == UserKind.MAILBOX else member)
        for name, user in people.items()
    }
    ids = {name: row.pk for name, row in rows.items()}
    json.dump(
        {
            "ids": ids,
            "cookies": cookies,
            "session_cookie": settings.SESSION_COOKIE_NAME,
        },
        sys.stdout,
    )


def sign_in(user: object, backend: str) -> str:
    """The value of the session cookie of a browser in which `user` is signed in."""
    from django.test import Client  # noqa: PLC0415 -- needs the set-up

    client = Client()
    client.force_login(user, backend=backend)  # type: ignore[arg-type]  # a user model of ours
    return client.cookies[settings.SESSION_COOKIE_NAME].value


if __name__ == "__main__":
    main()
