"""Rows that the pages before sign-in need: a link that is open, an account that is hammered."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from panel.accounts import throttle
from panel.accounts.jobs import digest_of
from panel.accounts.models import PasswordReset, SignInFailure, User
from panel.tenants.roles import Role
from tests.factories import make_user

# As long as any run of the tests.
LONG = timedelta(days=1)


def make_door(rows: dict[str, Any]) -> dict[str, User]:
    """The people who stand at the door, each by name."""
    people = {
        "birch_admin": make_user("bea@birch-dental.example", rows["birch"], Role.TENANT_ADMIN),
        "new_admin": make_user(
            "newcomer@mail.example", rows["alder"], Role.TENANT_ADMIN, must_change_password=True
        ),
    }
    expires_at = timezone.now() + LONG
    PasswordReset.objects.create(
        user=people["new_admin"], digest=digest_of("open-link"), sent_at=timezone.now(), expires_at=expires_at
    )
    for counter in throttle.counters_of_sign_in("hammered@mail.example", None, None):
        # A window that began in the future is full until then.
        SignInFailure.objects.create(
            key=counter.key, failures=counter.limit.failures, window_started_at=timezone.now() + LONG
        )
    return people
