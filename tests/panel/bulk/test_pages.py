"""From the list to the job and back, as a person walks it without JavaScript."""

import re

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from mailboxes.models import Mailbox
from panel.bulk.actions import undo_job
from panel.bulk.models import Job
from tests.factories import GIB, make_mailbox
from tests.panel.bulk.conftest import finish, fresh, picks, start

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(signed_in, alder_admin):
    return signed_in(alder_admin)


def url(tenant, path=""):
    return f"/t/{tenant.pk}/{path}"


def text_of(response):
    return re.sub(r"\s+", " ", response.content.decode())


def hidden_of(response):
    """What the form of a page would send as it is."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', response.content.decode())
    fields = {}
    for name, value in found:
        fields.setdefault(name, []).append(value)
    return {name: values for name, values in fields.items() if name not in {"csrfmiddlewaretoken", "next"}}


def said(response):
    return [str(message) for message in response.wsgi_request._messages]


def test_who_may_change_mailboxes_picks_them_and_a_reader_does_not(
    browser, signed_in, alder_reader, alder, staff
):
    text = text_of(browser.get(url(alder, "mailboxes/")))
    assert 'aria-label="Select ann@alder.example"' in text
    assert 'name="act" value="delete"' in text
    text = text_of(signed_in(alder_reader).get(url(alder, "mailboxes/")))
    assert "ann@alder.example" in text
    assert 'class="pick"' not in text
    assert 'name="act"' not in text


def test_the_page_before_says_how_many_and_what_and_the_job_follows(browser, alder, staff):
    page = browser.get(url(alder, f"mailboxes/change/?act=delete&{picks(*staff)}&q=&state=&domain="))
    text = text_of(page)
    assert "Delete 3 mailboxes?" in text
    assert "ann@alder.example, bob@alder.example, eve@alder.example." in text
    assert "Undo brings all back for 24 hours" in text
    answer = browser.post(url(alder, "mailboxes/change/"), hidden_of(page))
    job = Job.objects.get()
    assert answer["Location"] == url(alder, f"jobs/{job.pk}/")
    text = text_of(browser.get(answer["Location"]))
    assert "Deletion of 3 mailboxes" in text
    assert "0 of 3" in text
    finish(job)
    text = text_of(browser.get(answer["Location"]))
    assert "Undo 3" in text
    answer = browser.post(url(alder, f"jobs/{job.pk}/undo/"))
    undo = Job.objects.get(undo_of=job)
    assert answer["Location"] == url(alder, f"jobs/{undo.pk}/")
    finish(undo)
    assert not Mailbox.objects.filter(state="deleted").exists()


def test_all_that_match_are_counted_by_the_list_and_told_before(browser, alder, alder_domain):
    for number in range(60):
        make_mailbox(f"p{number:02}", alder_domain)
    make_mailbox("zoe", alder_domain)
    page = text_of(browser.get(url(alder, "mailboxes/?q=p")))
    assert 'href="?q=p&amp;all=1">Select all that match' in page
    page = browser.get(url(alder, "mailboxes/?q=p&all=1"))
    assert "All 60 that match are selected" in text_of(page)
    before = browser.get(url(alder, "mailboxes/change/"), {**hidden_of(page), "act": "quota"})
    assert "Change the quota of 60 mailboxes" in text_of(before)
    browser.post(url(alder, "mailboxes/change/"), {**hidden_of(before), "quota_bytes": "2"})
    finish(Job.objects.get())
    assert Mailbox.objects.filter(quota_bytes=2 * GIB).count() == 60


def test_a_form_that_is_sent_twice_leads_to_the_same_job(browser, alder, staff):
    page = browser.get(url(alder, f"mailboxes/change/?act=delete&{picks(*staff)}"))
    first = browser.post(url(alder, "mailboxes/change/"), hidden_of(page))
    finish(Job.objects.get())
    again = browser.post(url(alder, "mailboxes/change/"), hidden_of(page))
    assert again["Location"] == first["Location"]
    assert Job.objects.count() == 1


def test_who_saw_another_number_sees_the_new_one(browser, alder, alder_domain, staff):
    page = browser.get(url(alder, "mailboxes/change/?act=delete&all=1&q=&state=&domain="))
    make_mailbox("late", alder_domain)
    answer = browser.post(url(alder, "mailboxes/change/"), hidden_of(page))
    assert answer.status_code == 422
    assert "it was 3 when you looked, and 4 now" in text_of(answer)
    assert "Delete 4 mailboxes?" in text_of(answer)
    assert browser.post(url(alder, "mailboxes/change/"), hidden_of(answer)).status_code == 302


@pytest.mark.parametrize(
    ("act", "typed", "sentence"),
    [
        ("quota", {}, "Type a number, or choose no limit."),
        ("quota", {"quota_bytes": "1", "no_limit": "on"}, "Choose a number or no limit."),
        ("quota", {"quota_bytes": "0.0001"}, "decimal places"),
        ("quota", {"quota_bytes": "0"}, "A quota is at least 1 MB."),
        ("state", {}, "Choose one of these."),
        ("protocols", {}, "Choose at least one that changes."),
    ],
)
def test_a_form_that_lacks_something_comes_back_with_what_was_selected(
    browser, alder, staff, act, typed, sentence
):
    page = browser.get(url(alder, f"mailboxes/change/?act={act}&{picks(*staff)}"))
    answer = browser.post(url(alder, "mailboxes/change/"), {**hidden_of(page), **typed})
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert hidden_of(answer) == hidden_of(page)
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "query", ["", "act=explode&all=1", "act=delete", "act=delete&pick=x", "act=delete&all=1&q=%00"]
)
def test_without_a_selection_it_goes_back_to_the_list_with_a_sentence(browser, alder, staff, query):
    answer = browser.get(url(alder, f"mailboxes/change/?{query}"))
    assert answer["Location"] == url(alder, "mailboxes/")
    assert len(said(answer)) == 1


def test_what_is_deleted_already_is_left_out_and_said(browser, alder, staff):
    Mailbox.objects.filter(pk=staff[0].pk).update(state="deleted")
    text = text_of(browser.get(url(alder, f"mailboxes/change/?act=delete&{picks(*staff)}")))
    assert "Delete 2 mailboxes?" in text
    assert "1 of those that you picked is left out" in text


def test_strangers_do_not_find_a_job_and_a_manager_only_ones_own(
    browser, signed_in, birch_admin, birch, alder_manager, alder, as_alder, access_of, staff
):
    job = start(as_alder, "state", picks(*staff), state="off")
    for tenant in (alder, birch):
        assert signed_in(birch_admin).get(url(tenant, f"jobs/{job.pk}/")).status_code == 404
        for act in ("stop", "resume", "undo"):
            assert signed_in(birch_admin).post(url(tenant, f"jobs/{job.pk}/{act}/")).status_code == 404
    manager = signed_in(alder_manager)
    assert manager.get(url(alder, f"jobs/{job.pk}/")).status_code == 404
    own = start(access_of(alder_manager, alder), "state", picks(staff[0]), state="off")
    assert manager.get(url(alder, f"jobs/{own.pk}/")).status_code == 200
    assert f"jobs/{job.pk}/" not in text_of(manager.get(url(alder, "jobs/")))
    assert f"jobs/{job.pk}/" in text_of(browser.get(url(alder, "jobs/")))
    assert Job.objects.filter(state="running").count() == 2


def test_a_job_from_above_is_shown_above_alone(
    browser, signed_in, access_of, north_admin, north, alder, staff, cid
):
    job = finish(start(access_of(north_admin, north), "state", "all=1", state="off"))
    assert job.total == 4
    assert browser.get(url(alder, f"jobs/{job.pk}/")).status_code == 404
    assert signed_in(north_admin).get(url(north, f"jobs/{job.pk}/?rows=done")).status_code == 200


def test_a_manager_whose_domain_went_sees_its_addresses_no_more(
    signed_in, access_of, alder_manager, alder, staff
):
    job = finish(start(access_of(alder_manager, alder), "state", picks(*staff), state="off"))
    manager = signed_in(alder_manager)
    assert "ann@alder.example" in text_of(manager.get(url(alder, f"jobs/{job.pk}/?rows=done")))
    alder_manager.memberships.get().domain_grants.all().delete()
    assert "ann@alder.example" not in text_of(manager.get(url(alder, f"jobs/{job.pk}/?rows=done")))


def test_the_sidebar_follows_ones_own_running_job_until_it_is_done(browser, alder, as_alder, staff):
    job = start(as_alder, "state", picks(*staff), state="off")
    text = text_of(browser.get(url(alder, "mailboxes/")))
    assert 'id="side-job"' in text
    assert "“Off” for 3 mailboxes" in text
    assert 'id="side-job"' not in text_of(browser.get(url(alder, f"jobs/{job.pk}/")))
    finish(job)
    assert 'id="side-job"' not in text_of(browser.get(url(alder, "mailboxes/")))


def test_the_pages_cost_the_same_for_one_and_for_three(browser, alder, as_alder, alder_domain, staff):
    def cost(path):
        with CaptureQueriesContext(connections["default"]) as captured:
            assert browser.get(url(alder, path)).status_code == 200
        return len(captured)

    one = finish(start(as_alder, "state", picks(staff[0]), state="off"))
    browser.get(url(alder, "jobs/"))
    before = cost("jobs/"), cost(f"jobs/{one.pk}/?rows=done")
    three = finish(start(as_alder, "quota", picks(*staff), quota_bytes=2 * GIB))
    finish(undo_job(access=as_alder, job=one))
    assert (cost("jobs/"), cost(f"jobs/{three.pk}/?rows=done")) == before


def test_stop_and_go_on_are_buttons_of_the_job(browser, alder, as_alder, staff):
    job = start(as_alder, "state", picks(*staff), state="off")
    browser.post(url(alder, f"jobs/{job.pk}/stop/"))
    page = text_of(browser.get(url(alder, f"jobs/{job.pk}/")))
    assert "Stopped after 0 of 3." in page
    assert "Go on" in page
    browser.post(url(alder, f"jobs/{job.pk}/resume/"))
    finish(job)
    answer = browser.post(url(alder, f"jobs/{job.pk}/stop/"))
    assert said(answer) == ["It is done already. What it did can be undone."]
    assert [fresh(mailbox).state for mailbox in staff] == ["off"] * 3
