"""One link changes one password once, however many hands hold it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from panel.accounts import actions
from panel.accounts.jobs import digest_of
from panel.accounts.models import PasswordReset
from panel.audit.actor import Actor, ActorKind
from panel.lib.errors import Refused

ACTOR = Actor(ActorKind.ANONYMOUS, "alder-admin@mail.example")


def make_link(user, minutes=30):
    expires_at = timezone.now() + timedelta(minutes=minutes)
    return PasswordReset.objects.create(user=user, digest=digest_of("secret"), expires_at=expires_at)


@pytest.mark.django_db(transaction=True)
def test_attack_47_of_eight_parallel_uses_of_a_link_one_sets_a_password(alder_admin):
    make_link(alder_admin)

    def use(index):
        try:
            actions.reset_password(digest_of("secret"), f"ledger canyon {index} orbit", actor=ACTOR)
        except Refused as refused:
            return refused.code
        finally:
            connection.close()
        return "set"

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(use, range(8))) == ["reset_ended"] * 7 + ["set"]


@pytest.mark.django_db
@pytest.mark.parametrize("end", ["change", "time", "deactivate", "hand_out"])
def test_attack_47_a_link_is_void_after(alder_admin, end):
    make_link(alder_admin, minutes=-1 if end == "time" else 30)
    if end == "change":
        actions.change_password(
            alder_admin, "correct horse battery staple", "ledger canyon orbit", actor=ACTOR
        )
    elif end == "deactivate":
        actions.set_active(alder_admin, active=False, actor=ACTOR)
    elif end == "hand_out":
        actions.hand_out_password(alder_admin, actor=ACTOR)
    with pytest.raises(Refused) as refused:
        actions.reset_password(digest_of("secret"), "yellow teapot maybe", actor=ACTOR)
    assert refused.value.code == "reset_ended"
