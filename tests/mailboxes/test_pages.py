"""Pages of mailboxes and of their users."""

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mailboxes.actions.lifecycle import delete_mailbox
from mailboxes.models import Mailbox, MailUsage
from mailboxes.passwords import is_right
from mailboxes.sign_in import MailboxBackend
from panel.audit.models import AuditEntry
from panel.tenants.models import Revocation
from tests.factories import GIB, PASSWORD, make_mailbox

pytestmark = pytest.mark.django_db

SETTINGS = {"name": "Ann", "quota_bytes": "1", "imap": "on", "smtp": "on", "pop3": "on", "sieve": "on"}


@pytest.fixture
def browser(signed_in, alder_admin):
    return signed_in(alder_admin)


@pytest.fixture
def anns(ann):
    """A browser in which ann is signed in with the password of the mailbox."""
    client = Client()
    user = MailboxBackend().authenticate(None, "ann@alder.example", PASSWORD)
    client.force_login(user, backend="mailboxes.sign_in.MailboxBackend")
    return client


def url(tenant, path=""):
    return f"/t/{tenant.pk}/mailboxes/{path}"


def text_of(response):
    return response.content.decode()


def test_the_list_shows_own_mailboxes_alone(browser, alder, ann, bob, cid):
    text = text_of(browser.get(url(alder)))
    assert "ann@alder.example" in text
    assert "cid@birch.example" not in text


def test_the_list_costs_the_same_for_one_and_for_three(browser, alder, alder_domain, ann):
    def cost():
        with CaptureQueriesContext(connections["default"]) as captured:
            assert browser.get(url(alder)).status_code == 200
        return len(captured)

    browser.get(url(alder))
    one = cost()
    make_mailbox("eve", alder_domain)
    make_mailbox("fay", alder_domain)
    assert cost() == one


@pytest.mark.parametrize("few", [5000, 0])
def test_the_pages_of_the_list_hold_every_mailbox_once_however_it_is_sorted(
    browser, alder, alder_domain, monkeypatch, few
):
    monkeypatch.setattr("mailboxes.ordering.FEW", few)
    names = [f"p{number:03}" for number in range(120)]
    for name in names:
        make_mailbox(name, alder_domain)
    seen, page = [], url(alder)
    while page:
        text = text_of(browser.get(page))
        seen += re.findall(r"<small>(p\d+)@", text)
        more = re.search(r'href="(\?page=[^"]+)" rel="next"', text)
        page = more and url(alder) + more[1]
    assert seen == names


def test_the_search_takes_percent_and_underscore_as_letters(browser, alder, ann, bob):
    for q, found in (("an", True), ("ann@alder", True), ("%", False), ("_nn", False), ("\x00ann", True)):
        assert ("ann@alder.example" in text_of(browser.get(url(alder), {"q": q}))) is found, q


def test_the_list_is_narrowed_by_domain_and_state(browser, alder, alder_domain, birch_domain, ann, bob, cid):
    Mailbox.objects.filter(pk=bob.pk).update(state="off")
    off = text_of(browser.get(url(alder), {"state": "off"}))
    assert ("bob@alder" in off, "ann@alder" in off) == (True, False)
    for foreign in (birch_domain.pk, "x", "9" * 40, "-1"):
        assert "cid@" not in text_of(browser.get(url(alder), {"domain": foreign}))


def test_used_bytes_and_last_sign_in_are_shown(browser, alder, ann):
    MailUsage.objects.create(username="ann@alder.example", used_bytes=GIB // 2, last_sign_in=1_700_000_000)
    for path in ("", f"{ann.pk}/"):
        text = text_of(browser.get(url(alder, path)))
        assert "512" in text
        assert "14 November 2023" in text


def test_an_added_mailbox_shows_its_password_once(browser, alder, alder_domain):
    response = browser.post(
        url(alder, "add/"), SETTINGS | {"local_part": "Dora", "domain": "alder.example", "password": ""}
    )
    assert response.status_code == 200
    shown = re.search(r"<output>(.*?)</output>", text_of(response))[1]
    mailbox = Mailbox.objects.get(address__address="dora@alder.example")
    assert is_right(shown, mailbox.password_hash)
    assert shown not in text_of(browser.get(url(alder, f"{mailbox.pk}/")))


def test_a_refusal_keeps_what_was_typed_but_the_password(browser, alder, alder_domain, ann):
    typed = SETTINGS | {"local_part": "ann", "domain": "alder.example", "password": "quiet river stones"}
    response = browser.post(url(alder, "add/"), typed | {"name": "Anna Second"})
    text = text_of(response)
    assert response.status_code == 422
    assert "There is a mailbox ann@alder.example already" in text
    assert "Anna Second" in text
    assert "quiet river stones" not in text


def test_another_tenants_domain_is_no_choice(browser, alder, alder_domain, birch_domain):
    for domain in ("birch.example", str(birch_domain.pk), "nowhere.example", "a@b", "\x00"):
        typed = SETTINGS | {"local_part": "dora", "domain": domain}
        assert browser.post(url(alder, "add/"), typed).status_code == 422
    assert not Mailbox.objects.exists()


@pytest.mark.parametrize("field", ["name", "local_part", "quota_bytes"])
@pytest.mark.parametrize("bad", ["a\x00b", "a\r\nb", "\x1b[31m"])
def test_control_characters_are_refused_in_every_field(browser, alder, alder_domain, field, bad):
    typed = SETTINGS | {"local_part": "dora", "domain": "alder.example", field: bad}
    assert browser.post(url(alder, "add/"), typed).status_code == 422


def test_no_field_of_the_row_is_taken_from_a_request_that_is_no_field_of_the_form(
    browser, alder, birch_domain, ann
):
    """Attack case 8."""
    before = Mailbox.objects.filter(pk=ann.pk).values().get()
    extra = {
        "state": "off",
        "password_hash": "{PLAIN}x",
        "address": "1",
        "address_id": "1",
        "domain": birch_domain.pk,
        "tenant": "1",
        "user": "1",
        "purge_at": "2020-01-01",
        "quota_warned_percent": "95",
        "created_at": "2020-01-01",
    }
    assert browser.post(url(alder, f"{ann.pk}/"), SETTINGS | extra).status_code == 302
    assert Mailbox.objects.filter(pk=ann.pk).values().get() == before


def test_settings_are_saved_and_an_untouched_odd_quota_keeps_its_bytes(browser, alder, alder_domain):
    odd = make_mailbox("odd", alder_domain, quota_bytes=GIB + 12345)
    shown = re.search(r'name="quota_bytes" value="([^"]+)"', text_of(browser.get(url(alder, f"{odd.pk}/"))))[
        1
    ]
    browser.post(url(alder, f"{odd.pk}/"), SETTINGS | {"quota_bytes": shown, "name": "Odd"})
    odd.refresh_from_db()
    assert (odd.name, odd.quota_bytes) == ("Odd", GIB + 12345)


PATHS = ["{}/", "{}/password/", "{}/state/", "{}/delete/", "{}/undelete/", "{}/history/"]


@pytest.mark.parametrize("path", PATHS)
def test_a_stranger_gets_404_for_a_mailbox_of_another_tenant(browser, alder, birch, cid, ann, path):
    for tenant in (alder, birch):
        for method in (browser.get, browser.post):
            assert method(url(tenant, path.format(cid.pk)), {"state": "off"}).status_code in {404, 405}
    cid.refresh_from_db()
    assert cid.state == "active"


@pytest.mark.parametrize("path", PATHS)
def test_a_reader_gets_403_for_every_change_and_mailbox_users_404(
    signed_in, alder_reader, alder, ann, anns, path
):
    if "history" not in path:
        response = signed_in(alder_reader).post(url(alder, path.format(ann.pk)), {"state": "off"})
        assert response.status_code == 403
    assert anns.get(url(alder, path.format(ann.pk))).status_code in {404, 405}
    assert anns.post(url(alder, path.format(ann.pk))).status_code in {404, 405}


def test_a_reader_sees_a_mailbox_without_buttons(signed_in, alder_reader, alder, ann):
    text = text_of(signed_in(alder_reader).get(url(alder, f"{ann.pk}/")))
    assert "Danger zone" not in text
    assert ">Save<" not in text


def test_a_mailbox_is_switched_off_deleted_and_brought_back_by_its_buttons(browser, alder, ann):
    for path, sent, state in (
        ("state/", {"state": "off"}, "off"),
        ("state/", {"state": "active"}, "active"),
        ("state/", {"state": "deleted"}, "active"),
        ("delete/", {}, "deleted"),
        ("undelete/", {}, "active"),
    ):
        assert browser.post(url(alder, f"{ann.pk}/{path}"), sent).status_code == 302
        ann.refresh_from_db()
        assert ann.state == state
    for path in ("state/", "undelete/"):
        assert browser.get(url(alder, f"{ann.pk}/{path}")).status_code == 405
    assert browser.get(url(alder, f"{ann.pk}/delete/")).status_code == 200


def test_the_history_shows_this_mailbox_alone(browser, alder, ann, bob):
    browser.post(url(alder, f"{bob.pk}/"), SETTINGS | {"name": "Robert Ferreira"})
    browser.post(url(alder, f"{ann.pk}/"), SETTINGS | {"name": "Ann Kettering"})
    text = text_of(browser.get(url(alder, f"{ann.pk}/history/")))
    assert "<span>Name</span> Ann Kettering <small>was Ann</small>" in text
    assert "changed the mailbox" in text
    assert "Robert" not in text


def test_self_service_asks_to_sign_in_and_is_404_for_members(browser):
    for path in ("", "password/", "forwarding/", "settings/", "settings/apple.mobileconfig"):
        assert Client().get(f"/me/{path}").url.startswith("/sign-in/?next=/me/")
        assert browser.get(f"/me/{path}").status_code == 404


def test_a_mailbox_user_sees_the_own_mailbox_and_nothing_of_others(anns, bob):
    for path in ("", "password/", "forwarding/", "settings/", "settings/apple.mobileconfig"):
        response = anns.get(f"/me/{path}")
        assert response.status_code == 200
        assert "bob@" not in text_of(response)
    assert "ann@alder.example" in text_of(anns.get("/me/"))


def test_client_settings_name_server_and_ports_of_the_open_doors(anns, ann):
    Mailbox.objects.filter(pk=ann.pk).update(pop3_enabled=False)
    text = text_of(anns.get("/me/settings/"))
    for port, is_there in ((2993, True), (2465, True), (2587, True), (6190, True), (2995, False)):
        assert (str(port) in text) is is_there


def test_a_user_changes_the_password_and_stays_signed_in_here_alone(anns, ann):
    elsewhere = Client()
    user = MailboxBackend().authenticate(None, "ann@alder.example", PASSWORD)
    elsewhere.force_login(user, backend="mailboxes.sign_in.MailboxBackend")
    new = "  quiet river  under stones "
    response = anns.post("/me/password/", {"old": PASSWORD, "password": new, "again": new})
    assert response.status_code == 302
    ann.refresh_from_db()
    assert is_right(new, ann.password_hash)
    assert anns.get("/me/").status_code == 200
    assert elsewhere.get("/me/").status_code == 302
    assert Revocation.objects.filter(kind="sign_in").count() == 1
    assert AuditEntry.objects.get(action="mailbox.change_password").actor_kind == "mailbox"


def test_a_wrong_old_password_changes_nothing(anns, ann):
    new = "quiet river under stones"
    response = anns.post("/me/password/", {"old": "wrong", "password": new, "again": new})
    assert response.status_code == 422
    assert "not your present password" in text_of(response)


def test_a_deleted_mailbox_ends_self_service_at_once(anns, ann, alder, alder_admin, access_of):
    delete_mailbox(access=access_of(alder_admin, alder), mailbox=ann)
    assert anns.get("/me/").status_code == 302


def test_a_suspension_from_above_ends_self_service_at_once(anns, north):
    north.suspended_at = timezone.now()
    north.save()
    assert anns.get("/me/").status_code == 302


def test_the_command_adds_a_mailbox_by_the_same_rules(alder_domain):
    out = StringIO()
    call_command("add_mailbox", "Dora@Alder.example", quota="2", stdout=out)
    address, password = out.getvalue().strip().split("\t")
    mailbox = Mailbox.objects.get(address__address=address)
    assert mailbox.quota_bytes == 2 * GIB
    assert is_right(password, mailbox.password_hash)
    for bad in ("dora@alder.example", "x@nowhere.example", "a b@alder.example", "nonsense"):
        with pytest.raises(CommandError):
            call_command("add_mailbox", bad)
    with pytest.raises(CommandError, match="is no quota"):
        call_command("add_mailbox", "eve@alder.example", quota="lots")


def test_the_command_reads_a_password_from_standard_input(alder_domain, monkeypatch):
    monkeypatch.setattr("sys.stdin", StringIO(PASSWORD + "\nmore\n"))
    out = StringIO()
    call_command("add_mailbox", "dora@alder.example", "--password-stdin", stdout=out)
    assert PASSWORD not in out.getvalue()
    assert is_right(PASSWORD, Mailbox.objects.get().password_hash)
