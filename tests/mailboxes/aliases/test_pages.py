"""The pages of aliases, catch-alls, forwarding and sending names."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mailboxes.models import Alias, SendAs, Target
from tests.factories import make_alias, make_domain

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(signed_in, alder_admin, alder_domain):
    return signed_in(alder_admin)


def url(name, tenant, *args) -> str:
    return reverse(f"mailboxes:{name}", args=[tenant.pk, *args])


def test_the_list_shows_three_targets_and_how_many_more(browser, alder, alder_domain):
    make_alias("info", alder_domain, *[f"t{number}@example.com" for number in range(5)], comment="Desk")
    page = browser.get(url("aliases", alder)).content.decode()
    assert "t2@example.com" in page
    assert "t3@example.com" not in page
    assert "and 2 more" in page
    assert "Desk" in page


def test_the_list_shows_nothing_of_another_tenant(browser, alder, birch_domain, alder_domain):
    make_alias("secret", birch_domain, "buried@example.com")
    make_alias("info", alder_domain, "zoe@example.com")
    page = browser.get(url("aliases", alder)).content.decode()
    assert "info@alder.example" in page
    for word in ("birch", "secret", "buried"):
        assert word not in page
    for query in ({"domain": "birch.example"}, {"domain": str(birch_domain.pk)}, {"q": "secret@"}):
        assert browser.get(url("aliases", alder), query).context["page"].items == []


def test_the_list_costs_as_many_queries_for_three_rows_as_for_one(browser, alder, alder_domain):
    browser.get(url("aliases", alder))
    counts = []
    for names in (["a"], ["b", "c"]):
        for name in names:
            make_alias(name, alder_domain, "x@example.com", "y@example.com")
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(url("aliases", alder)).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_search_is_by_the_beginning_and_takes_wildcards_as_they_are(browser, alder, alder_domain):
    other = make_domain("finch.example", alder)
    make_alias("info", alder_domain, "zoe@example.com")
    make_alias("sales", alder_domain, "zoe@example.com")
    make_alias("info", other, "zoe@example.com")

    def found(**query) -> list[str]:
        return [str(alias) for alias in browser.get(url("aliases", alder), query).context["page"].items]

    assert found(q="INFO") == ["info@alder.example", "info@finch.example"]
    assert found(q="info", domain="finch.example") == ["info@finch.example"]
    assert found(domain=str(other.pk)) == ["info@finch.example"]
    assert found(domain="9" * 30) == found(domain="²") == found(domain="nowhere.example") == []
    assert found(q="%") == found(q="_") == found(q="i\x00%") == []


def test_an_alias_is_added_and_typed_values_are_kept_on_error(browser, alder, alder_domain):
    typed = {"local_part": "info", "domain": "alder.example", "destinations": "zoe@example.com\n|cmd"}
    answer = browser.post(url("alias_add", alder), typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Line 2: " in page
    assert "|cmd" in page
    assert 'value="info"' in page
    assert not Alias.objects.exists()
    typed["destinations"] = "zoe@example.com"
    assert browser.post(url("alias_add", alder), typed).status_code == 302
    assert str(Alias.objects.get()) == "info@alder.example"


def test_a_foreign_domain_in_the_field_is_refused_like_an_unknown_one(browser, alder, birch_domain):
    for name in ("birch.example", "unknown.example", str(birch_domain.pk)):
        typed = {"local_part": "info", "domain": name, "destinations": "zoe@example.com"}
        assert browser.post(url("alias_add", alder), typed).status_code == 422
    assert not Alias.objects.exists()


def test_fields_that_nobody_offered_change_nothing(browser, alder, birch, alder_domain, birch_domain):
    alias = make_alias("info", alder_domain, "zoe@example.com")
    typed = {
        "destinations": "bob@example.com",
        "comment": "x",
        "address": "99",
        "address_id": "99",
        "domain": str(birch_domain.pk),
        "domain_id": str(birch_domain.pk),
        "tenant": str(birch.pk),
        "local_part": "other",
        "is_enabled": "",
        "created_at": "2000-01-01",
        "pk": "99",
    }
    assert browser.post(url("alias_edit", alder, alias.pk), typed).status_code == 302
    changed = Alias.objects.get()
    assert (str(changed), changed.is_enabled, changed.pk) == ("info@alder.example", True, alias.pk)


def test_an_alias_of_another_tenant_is_not_found_by_any_verb(browser, alder, birch_domain):
    theirs = make_alias("info", birch_domain, "zoe@example.com")
    for name in ("alias_edit", "alias_delete", "alias_switch"):
        assert browser.post(url(name, alder, theirs.pk), {"destinations": "x@example.com"}).status_code == 404
    for name in ("alias_edit", "alias_delete"):
        answer = browser.get(url(name, alder, theirs.pk))
        assert answer.status_code == 404
        assert b"birch" not in answer.content
    assert (
        browser.post(url("catch_all", alder, birch_domain.pk), {"destinations": "x@y.com"}).status_code == 404
    )
    assert list(Target.objects.values_list("destination", flat=True)) == ["zoe@example.com"]


def test_a_stranger_gets_404_and_a_reader_403(signed_in, birch_admin, alder_reader, alder, alder_domain):
    alias = make_alias("info", alder_domain, "zoe@example.com")
    pages = [
        url("alias_edit", alder, alias.pk),
        url("alias_delete", alder, alias.pk),
        url("alias_switch", alder, alias.pk),
        url("catch_all", alder, alder_domain.pk),
        url("alias_add", alder),
    ]
    stranger, reader = signed_in(birch_admin), signed_in(alder_reader)
    assert [stranger.post(page).status_code for page in pages] == [404] * 5
    assert [reader.post(page).status_code for page in pages] == [403] * 5
    assert reader.get(url("alias_edit", alder, alias.pk)).status_code == 200
    assert b"Save" not in reader.get(url("alias_edit", alder, alias.pk)).content
    assert stranger.get(url("aliases", alder)).status_code == 404


def test_nothing_changes_by_get(browser, alder, alder_domain):
    alias = make_alias("info", alder_domain, "zoe@example.com")
    assert browser.get(url("alias_switch", alder, alias.pk)).status_code == 405
    assert browser.get(url("alias_delete", alder, alias.pk)).status_code == 200
    assert Alias.objects.count() == 1


def test_switching_and_deleting_work_from_their_buttons(browser, alder, alder_domain):
    alias = make_alias("info", alder_domain, "zoe@example.com")
    browser.post(url("alias_switch", alder, alias.pk), {"to": "off"})
    browser.post(url("alias_switch", alder, alias.pk), {"to": "off"})
    assert not Alias.objects.get().is_enabled
    browser.post(url("alias_switch", alder, alias.pk), {"to": "on"})
    assert Alias.objects.get().is_enabled
    assert browser.post(url("alias_delete", alder, alias.pk)).status_code == 302
    assert not Alias.objects.exists()
    assert browser.post(url("alias_delete", alder, alias.pk)).status_code == 404


def test_the_catch_all_of_a_domain_is_set_and_cleared(browser, alder, alder_domain):
    page = url("catch_all", alder, alder_domain.pk)
    assert page.encode() in browser.get(url("aliases", alder), {"domain": "alder.example"}).content
    assert browser.get(page).status_code == 200
    assert browser.post(page, {"destinations": "zoe@example.com"}).status_code == 302
    assert b"zoe@example.com" in browser.get(page).content
    assert browser.post(page, {"destinations": "nobody@alder.example"}).status_code == 422
    assert browser.post(page, {"destinations": ""}).status_code == 302
    assert not Alias.objects.exists()


def test_text_from_people_is_shown_as_text(browser, alder, alder_domain):
    alias = make_alias("info", alder_domain, "zoe@example.com", comment='"><svg onload=alert(1)>')
    for page in (url("aliases", alder), url("alias_edit", alder, alias.pk)):
        assert b"<svg onload" not in browser.get(page).content
    answer = browser.post(url("alias_edit", alder, alias.pk), {"destinations": "<script>alert(1)</script>"})
    assert answer.status_code == 422
    assert b"<script>alert" not in answer.content


def test_a_forward_is_set_on_the_page_of_its_mailbox_alone(browser, signed_in, alder_reader, alder, ann, cid):
    page = url("forwarding", alder, ann.pk)
    assert browser.post(page, {"destinations": "zoe@example.com", "keep_copy": "on"}).status_code == 302
    assert b"zoe@example.com" in browser.get(page).content
    assert browser.post(page, {"destinations": "zoe@"}).status_code == 422
    foreign = url("forwarding", alder, cid.pk)
    assert [browser.get(foreign).status_code, browser.post(foreign, {}).status_code] == [404, 404]
    reader = signed_in(alder_reader)
    assert [reader.get(page).status_code, reader.post(page, {}).status_code] == [200, 403]


def test_sending_names_are_given_and_taken_on_the_page_of_their_mailbox(browser, alder, ann, bob, cid):
    page = url("send_as", alder, ann.pk)
    assert browser.post(page, {"sender": "sales@alder.example"}).status_code == 302
    assert b"sales@alder.example" in browser.get(page).content
    answer = browser.post(page, {"sender": "ceo@birch.example"})
    assert answer.status_code == 422
    assert b"ceo@birch.example" in answer.content
    right = SendAs.objects.get()
    browser.post(url("send_as_revoke", alder, bob.pk, right.pk))
    assert SendAs.objects.exists()
    assert browser.post(url("send_as_revoke", alder, cid.pk, right.pk)).status_code == 404
    browser.post(url("send_as_revoke", alder, ann.pk, right.pk))
    assert not SendAs.objects.exists()


@pytest.mark.parametrize("name", ["forwarding", "send_as"])
def test_the_pages_of_a_mailbox_carry_its_tabs_and_say_where_one_is(name, browser, alder, ann):
    page = browser.get(url(name, alder, ann.pk)).content.decode()
    for tab in ("detail", "forwarding", "send_as", "history"):
        assert f'href="{url(tab, alder, ann.pk)}"' in page
    assert f'href="{url(name, alder, ann.pk)}" aria-current="page"' in page


def test_the_page_of_a_domain_leads_to_its_catch_all_and_back(browser, alder, alder_domain):
    domain_page = reverse("domains:detail", args=[alder.pk, alder_domain.pk])
    catch_all = url("catch_all", alder, alder_domain.pk)
    assert f'href="{catch_all}"' in browser.get(domain_page).content.decode()
    assert f'href="{domain_page}"' in browser.get(catch_all).content.decode()


def test_a_domain_that_takes_no_mail_leads_to_no_catch_all(browser, alder, alder_domain):
    waiting = make_domain("waiting.example", alder, proved=False)
    other = make_domain("other.example", alder, alias_of=alder_domain)
    for domain in (waiting, other):
        page = browser.get(reverse("domains:detail", args=[alder.pk, domain.pk])).content.decode()
        assert url("catch_all", alder, domain.pk) not in page


def test_a_reader_sees_where_mail_goes_and_no_form(signed_in, alder_reader, alder, alder_domain, ann):
    alias = make_alias("info", alder_domain, "zoe@example.com", comment="The desk")
    make_alias("", alder_domain, "all@example.com")
    Target.objects.create(address=ann.address, destination="far@example.com")
    SendAs.objects.create(mailbox=ann, sender="office@alder.example")
    reader = signed_in(alder_reader)
    for address, words in (
        (url("alias_edit", alder, alias.pk), "zoe@example.com"),
        (url("catch_all", alder, alder_domain.pk), "all@example.com"),
        (url("forwarding", alder, ann.pk), "far@example.com"),
        (url("send_as", alder, ann.pk), "office@alder.example"),
    ):
        page = reader.get(address).content.decode()
        assert words in page
        assert "textarea" not in page
        assert 'name="sender"' not in page
        assert "You may look here, but not change anything." in page


def test_without_a_proved_domain_the_form_of_an_alias_says_what_comes_first(signed_in, birch_admin, birch):
    page = signed_in(birch_admin).get(url("alias_add", birch)).content.decode()
    assert "First a domain" in page
    assert 'name="local_part"' not in page


def test_what_was_done_is_told_in_the_letters_of_its_owner(browser, alder):
    domain = make_domain("xn--mller-kva.example", alder)
    answer = browser.post(
        url("catch_all", alder, domain.pk), {"destinations": "zoe@example.com"}, follow=True
    ).content.decode()
    assert "The catch-all of müller.example is set." in answer
