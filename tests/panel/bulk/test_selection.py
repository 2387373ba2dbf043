"""Which mailboxes a job is about: no more, and no others, than the person saw."""

import uuid

import pytest
from django.core.exceptions import PermissionDenied

from panel.bulk.actions import resume_job, start_job, stop_job, undo_job
from panel.bulk.models import Job, JobItem
from panel.lib.errors import Refused
from tests.factories import make_domain, make_mailbox
from tests.panel.bulk.conftest import finish, fresh, picks, selection, start, states, told

pytestmark = pytest.mark.django_db


def test_all_that_match_are_those_of_the_list_frozen_at_the_start(as_alder, alder, alder_domain, staff):
    other = make_domain("alder-second.example", alder)
    kept = make_mailbox("ann", other)
    job = start(as_alder, "state", f"all=1&q=a&domain={alder_domain.pk}", state="off")
    late = make_mailbox("alva", alder_domain)
    finish(job)
    assert told(job) == {"ann": ("done", "")}
    assert states([staff[0], staff[1], kept, late]) == ["off", "active", "active", "active"]


def test_a_stranger_who_is_picked_is_not_among_them(as_alder, staff, cid):
    job = finish(start(as_alder, "delete", picks(staff[0], cid)))
    assert job.total == 1
    assert states([staff[0], cid]) == ["deleted", "active"]
    with pytest.raises(Refused) as refused:
        start(as_alder, "delete", picks(cid))
    assert refused.value.code == "selection_empty"


def test_a_domain_manager_reaches_the_named_domains_alone(access_of, alder_manager, alder, staff):
    access = access_of(alder_manager, alder)
    hidden = make_mailbox("dora", make_domain("alder-second.example", alder))
    job = finish(start(access, "state", f"all=1&{picks(hidden)}", state="off"))
    assert set(told(job)) == {"ann", "bob", "eve"}
    assert fresh(hidden).state == "active"


def test_a_reader_starts_stops_and_undoes_nothing(access_of, alder_reader, alder, as_alder, staff):
    access = access_of(alder_reader, alder)
    job = finish(start(as_alder, "state", picks(*staff), state="off"))
    with pytest.raises(PermissionDenied):
        start(access, "delete", picks(*staff))
    for act in (stop_job, resume_job, undo_job):
        with pytest.raises(PermissionDenied):
            act(access=access, job=job)
    assert states(staff) == ["off"] * 3


@pytest.mark.parametrize(
    "query",
    [
        "all=1&q=%00",
        "all=1&q=a%E2%80%8B",
        "all=1&state=gone",
        "all=1&domain=x",
        "all=1&domain=99999999999999999999",
        "all=1&domain=999999",
        "all=1&domain=-1",
        f"all=1&q={'a' * 255}",
    ],
)
def test_a_filter_that_a_list_would_take_as_none_changes_nothing(as_alder, staff, query):
    """A list that shows too much does no harm; a change would."""
    with pytest.raises(Refused) as refused:
        selection(as_alder, query)
    assert refused.value.code == "filter_unknown"


def test_a_domain_of_another_tenant_as_filter_changes_nothing(as_alder, staff, birch_domain):
    with pytest.raises(Refused) as refused:
        selection(as_alder, f"all=1&domain={birch_domain.pk}")
    assert refused.value.code == "filter_unknown"


@pytest.mark.parametrize("q", ["%25", "_nn", "'; DROP TABLE x --", "\\", "ａｎｎ", "ann@älder.example", "*"])
def test_odd_characters_are_plain_letters_of_a_beginning(as_alder, staff, q):
    with pytest.raises(Refused) as refused:
        start(as_alder, "delete", f"all=1&q={q}")
    assert refused.value.code == "selection_empty"


def test_too_many_are_refused_in_a_sentence(as_alder, staff, monkeypatch):
    monkeypatch.setattr("panel.bulk.selection.MAX_AT_ONCE", 2)
    with pytest.raises(Refused, match="More than 2 mailboxes match") as refused:
        selection(as_alder, "all=1").count(as_alder, "delete")
    assert refused.value.code == "selection_too_large"
    with pytest.raises(Refused, match="At most 500") as refused:
        selection(as_alder, "&".join(f"pick={number}" for number in range(501)))
    assert refused.value.code == "picked_too_many"


def test_who_saw_another_number_is_asked_again(as_alder, alder_domain, staff):
    chosen = selection(as_alder, "all=1")
    seen = chosen.count(as_alder, "delete")
    make_mailbox("late", alder_domain)
    with pytest.raises(Refused, match="it was 3 when you looked, and 4 now") as refused:
        start(as_alder, "delete", "all=1", expected=seen)
    assert refused.value.code == "selection_changed"
    assert not Job.objects.exists()


def test_a_form_that_is_sent_twice_starts_one_job(as_alder, staff):
    key = uuid.uuid4()
    first = start(as_alder, "delete", picks(*staff), key=key)
    finish(first)
    again = start_job(
        access=as_alder,
        key=key,
        act="delete",
        parameters={},
        selection=selection(as_alder, picks(*staff)),
        expected=3,
    )
    assert again == first
    assert (Job.objects.count(), JobItem.objects.count()) == (1, 3)


def test_the_key_of_another_person_starts_a_job_of_ones_own(as_alder, access_of, ops_admin, operator, staff):
    key = uuid.uuid4()
    first = start(as_alder, "state", picks(*staff), key=key, state="off")
    other = start(access_of(ops_admin, operator), "state", picks(*staff), key=key, state="active")
    assert first != other


def test_nobody_runs_more_than_five_at_a_time(as_alder, staff):
    for _ in range(5):
        start(as_alder, "state", picks(*staff), state="off")
    with pytest.raises(Refused) as refused:
        start(as_alder, "state", picks(*staff), state="off")
    assert refused.value.code == "jobs_too_many"


@pytest.mark.parametrize(
    ("act", "parameters", "code"),
    [
        ("quota", {"quota_bytes": 1}, "quota_small"),
        ("quota", {"quota_bytes": 2**60}, "quota_large"),
        ("state", {"state": "deleted"}, "state_unknown"),
        ("protocols", {}, "protocols_none"),
    ],
)
def test_what_no_mailbox_could_have_is_refused_before_anything_begins(as_alder, staff, act, parameters, code):
    with pytest.raises(Refused) as refused:
        start(as_alder, act, picks(*staff), **parameters)
    assert refused.value.code == code
