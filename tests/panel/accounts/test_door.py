"""At the door: who comes in, who does not, and what an attacker learns."""

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from panel.accounts.jobs import send_link
from panel.accounts.models import PasswordReset, SignInFailure, User, UserKind
from panel.audit.models import AuditEntry
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db


def try_to_sign_in(client: Client, email: str, password: str = PASSWORD, **more: str):
    return client.post("/sign-in/", {"email": email, "password": password, **more})


def test_a_member_signs_in_and_gets_a_new_session(alder_admin):
    client = Client()
    client.get("/sign-in/")
    response = try_to_sign_in(client, "Alder-Admin@MAIL.example")
    assert (response.status_code, response["Location"]) == (302, "/")
    entry = AuditEntry.objects.get(action="session.start")
    assert (entry.actor_id, entry.tenant_id) == (alder_admin.pk, alder_admin.memberships.get().tenant_id)


def test_a_mailbox_user_signs_in_to_a_principal_of_its_own(ann):
    client = Client()
    assert try_to_sign_in(client, "ann@alder.example").status_code == 302
    ann.refresh_from_db()
    assert (ann.user.kind, ann.user.has_usable_password()) == (UserKind.MAILBOX, False)
    assert not ann.user.memberships.exists()


def test_a_mailbox_password_never_opens_a_membership_of_the_same_address(ann, alder):
    member = User(email="ann@alder.example")
    member.set_password("another password of hers")
    member.save()
    member.memberships.create(tenant=alder, role="tenant_admin")
    client = Client()
    try_to_sign_in(client, "ann@alder.example")
    assert client.get(f"/t/{alder.pk}/").status_code == 404
    other = Client()
    try_to_sign_in(other, "ann@alder.example", "another password of hers")
    assert other.get(f"/t/{alder.pk}/").status_code == 200


@pytest.mark.parametrize(
    "email", ["alder-admin@mail.example", "nobody@mail.example", "x", "a@b@c", "ann\x00@x.example"]
)
def test_unknown_and_known_addresses_get_the_same_answer(alder_admin, email):
    response = try_to_sign_in(Client(), email, "wrong password here")
    assert response.status_code == 422
    shown = response.content.decode()
    assert "is not right" in shown or "Null characters" in shown


@pytest.mark.parametrize(
    "password", ["", " ", "é" * 5000, "x" * 1_000_00, "{ARGON2ID}$argon2id$v=19$m=8", "a\x00b", "\ud7ff"]
)
def test_an_odd_password_is_only_wrong(alder_admin, password):
    assert try_to_sign_in(Client(), alder_admin.email, password).status_code == 422


def test_a_stored_hash_is_not_the_password(alder_admin, ann):
    assert try_to_sign_in(Client(), alder_admin.email, alder_admin.password).status_code == 422
    assert try_to_sign_in(Client(), "ann@alder.example", ann.password_hash).status_code == 422


def test_the_sixth_guess_is_not_heard_even_when_it_is_right(alder_admin):
    client = Client()
    for number in range(5):
        assert try_to_sign_in(client, alder_admin.email, f"guess number {number}").status_code == 422
    response = try_to_sign_in(client, alder_admin.email)
    assert response.status_code == 429
    assert "Wait" in response.content.decode()


def test_a_guesser_elsewhere_does_not_lock_the_owner_out(alder_admin):
    guesser = Client(REMOTE_ADDR="198.51.100.9")
    for number in range(6):
        try_to_sign_in(guesser, alder_admin.email, f"guess number {number}")
    assert try_to_sign_in(Client(REMOTE_ADDR="192.0.2.1"), alder_admin.email).status_code == 302


def test_an_error_of_the_database_is_no_failure(alder_admin, monkeypatch):
    def away(*_args, **_kwargs):
        raise OperationalError("the database is away")

    monkeypatch.setattr("panel.accounts.door.authenticate", away)
    client = Client(raise_request_exception=False)
    assert try_to_sign_in(client, alder_admin.email).status_code == 500
    assert not SignInFailure.objects.filter(failures__gt=0).exists()


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "/\\evil.example", "https://evil.example/", "javascript:alert(1)", "/a\r\nb", "evil"],
)
def test_signing_in_never_leads_away(alder_admin, wanted):
    response = try_to_sign_in(Client(), alder_admin.email, next=wanted)
    assert response["Location"] == "/"


def test_signing_in_leads_to_the_page_that_was_wanted(alder_admin, alder):
    assert (
        try_to_sign_in(Client(), alder_admin.email, next=f"/t/{alder.pk}/")["Location"] == f"/t/{alder.pk}/"
    )


def test_signing_in_needs_the_token_of_the_form(alder_admin):
    client = Client(enforce_csrf_checks=True)
    assert try_to_sign_in(client, alder_admin.email).status_code == 403


def test_signing_out_is_never_a_link(alder_admin, signed_in):
    client = signed_in(alder_admin)
    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/").status_code == 302
    assert client.get("/password/change/").status_code == 302


def test_a_suspended_tenant_lets_nobody_in_and_ends_what_is_open(alder, alder_admin, ann, signed_in):
    client, mail = signed_in(alder_admin), Client()
    try_to_sign_in(mail, "ann@alder.example")
    alder.suspended_at = timezone.now()
    alder.save()
    assert try_to_sign_in(Client(), alder_admin.email).status_code == 422
    assert try_to_sign_in(Client(), "ann@alder.example").status_code == 422
    assert client.get(f"/t/{alder.pk}/").status_code == 404
    assert "_auth_user_id" in mail.session
    assert mail.get("/").headers["Location"].startswith("/sign-in/")


def test_a_handed_out_password_must_be_changed_before_anything_else(alder_admin, alder, signed_in):
    User.objects.filter(pk=alder_admin.pk).update(must_change_password=True)
    client = signed_in(alder_admin)
    assert client.get(f"/t/{alder.pk}/")["Location"] == "/password/change/"
    new = "a much better sentence"
    response = client.post("/password/change/", {"old": PASSWORD, "new": new, "again": new})
    assert response.status_code == 302
    assert client.get(f"/t/{alder.pk}/").status_code == 200


def test_a_changed_password_ends_every_other_session(alder_admin, alder, signed_in):
    here, elsewhere = signed_in(alder_admin), signed_in(alder_admin)
    new = "a much better sentence"
    here.post("/password/change/", {"old": PASSWORD, "new": new, "again": new})
    assert here.get(f"/t/{alder.pk}/").status_code == 200
    assert elsewhere.get(f"/t/{alder.pk}/").status_code == 302


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"old": "not mine", "new": "a much better sentence", "again": "a much better sentence"}, "old"),
        ({"old": PASSWORD, "new": "short", "again": "short"}, "new"),
        ({"old": PASSWORD, "new": "a much better sentence", "again": "another sentence"}, "again"),
        ({"old": PASSWORD, "new": PASSWORD, "again": PASSWORD}, "new"),
    ],
)
def test_a_change_that_cannot_be_says_why_at_its_field(alder_admin, signed_in, typed, field):
    response = signed_in(alder_admin).post("/password/change/", typed)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]


def reset_secret(mailoutbox) -> str:
    return mailoutbox[-1].body.split("/password/reset/")[1].split("/")[0]


def ask_and_read(member, mailoutbox) -> str:
    Client().post("/password/forgot/", {"email": member.email}, headers={"host": "127.0.0.1"})
    assert send_link(PasswordReset.objects.latest("pk").pk)
    return reset_secret(mailoutbox)


def test_a_link_sets_a_new_password_once(alder_admin, mailoutbox):
    secret = ask_and_read(alder_admin, mailoutbox)
    assert "http://127.0.0.1:8000/password/reset/" in mailoutbox[-1].body
    client, new = Client(), "a much better sentence"
    assert client.get(f"/password/reset/{secret}/")["Location"] == "/password/reset/"
    assert client.post("/password/reset/", {"new": new, "again": new})["Location"] == "/sign-in/"
    assert try_to_sign_in(Client(), alder_admin.email, new).status_code == 302
    again = Client()
    again.get(f"/password/reset/{secret}/")
    assert again.post("/password/reset/", {"new": new, "again": new}).status_code == 410


def test_a_newer_link_voids_the_older_one(alder_admin, mailoutbox):
    first = ask_and_read(alder_admin, mailoutbox)
    ask_and_read(alder_admin, mailoutbox)
    client = Client()
    client.get(f"/password/reset/{first}/")
    assert client.get("/password/reset/").status_code == 410


def test_asking_for_an_unknown_address_looks_the_same_and_mails_nothing(alder_admin, mailoutbox):
    known = Client().post("/password/forgot/", {"email": alder_admin.email})
    unknown = Client().post("/password/forgot/", {"email": "nobody@mail.example"})
    assert known.status_code == unknown.status_code == 200
    assert not [mail for mail in mailoutbox if "nobody" in mail.to[0]]
