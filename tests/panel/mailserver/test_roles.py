"""The mail servers' passwords for PostgreSQL change under load, and roles of two installations never meet."""

import smtplib
import threading
import time
from collections.abc import Iterator

import psycopg
import pytest

from panel.mailserver.roles import group_role
from tests.mailstack import MailStack
from tests.panel.mailserver.clients import has_arrived, imap, receive, submit

ANN, BOB = "ann@alder.example", "bob@alder.example"
RULE = "host all +posthouse_postfix,+posthouse_dovecot 127.0.0.1/32 scram-sha-256\n"


def test_the_names_of_the_roles_come_from_the_database() -> None:
    assert group_role("postfix", "posthouse") == "posthouse_postfix"
    assert group_role("dovecot", "mail2") == "mail2_dovecot"
    odd = [group_role("postfix", name) for name in ("a-b", "a_b", 'a"b', "A-B", "x" * 63, "x" * 62, "täst")]
    assert len(set(odd)) == len(odd)
    assert all(len(f"{name}_a") <= 63 and name.isascii() and name.islower() for name in odd)
    assert all(character not in name for name in odd for character in "\"'- ;")


@pytest.fixture
def with_passwords(stack: MailStack) -> Iterator[MailStack]:
    """The database asks the mail servers for their passwords."""
    if stack.server is None:
        yield stack
        return
    rules = stack.server.folder / "data" / "pg_hba.conf"
    before = rules.read_text()
    rules.write_text(RULE + before)
    stack.server.psql("SELECT pg_reload_conf()")
    yield stack
    rules.write_text(before)
    stack.server.psql("SELECT pg_reload_conf()")


def login_of(stack: MailStack) -> tuple[str, str]:
    """Role and password in Postfix's files."""
    lines = (stack.state / "config/postfix/domains.cf").read_text().splitlines()
    values = dict(line.split(" = ", 1) for line in lines)
    return values["user"], values["password"]


def can_sign_in(stack: MailStack, role: str, password: str) -> bool:
    assert stack.server is not None
    try:
        psycopg.connect(
            host="127.0.0.1", port=stack.server.port, dbname="posthouse", user=role, password=password
        ).close()
    except psycopg.OperationalError:
        return False
    return True


def test_a_rotation_under_load_refuses_no_mail_and_ends_the_old_password(with_passwords: MailStack) -> None:
    stack = with_passwords
    if stack.server is None:
        assert "SQLite has no roles" in stack.manage("mail_roles", "--rotate")
        return
    old, seen, over = login_of(stack), [], threading.Event()

    def load() -> None:
        while not over.is_set():
            try:
                receive(stack, "friend@outside.example", BOB)
                with imap(stack, ANN):
                    seen.append("")
            except (smtplib.SMTPException, OSError) as error:
                seen.append(repr(error))
            time.sleep(0.05)

    thread = threading.Thread(target=load)
    thread.start()
    try:
        stack.manage("mail_roles", "--rotate", "--overlap", "3")
        new = login_of(stack)
        assert {old[0], new[0]} == {"posthouse_postfix_a", "posthouse_postfix_b"}
        assert can_sign_in(stack, *new)
        assert new[1] not in stack.logs()
        time.sleep(4)
        assert not can_sign_in(stack, *old)
    finally:
        over.set()
        thread.join(30)
    assert [error for error in seen if error] == []
    assert len(seen) > 5
    # And back, as the password after this one does; what is typed twice is done twice.
    stack.manage("mail_roles", "--rotate", "--overlap", "0")
    stack.manage("mail_roles")
    assert login_of(stack)[0] == old[0]
    assert login_of(stack)[1] != old[1]
    assert not can_sign_in(stack, *new)
    assert has_arrived(stack, BOB, submit(stack, ANN, BOB))
    # The servers themselves went over: their look-ups come from the role that signs in now.
    users = set(stack.server.psql("SELECT usename FROM pg_stat_activity").stdout.split())
    assert {"posthouse_postfix_a", "posthouse_dovecot_a"} <= users


def test_a_role_that_cannot_sign_in_stops_the_rotation_before_anything_changed(
    with_passwords: MailStack,
) -> None:
    stack = with_passwords
    if stack.server is None:
        return
    role, password = login_of(stack)
    other = role[:-1] + ("b" if role.endswith("a") else "a")
    stack.server.psql(f"ALTER ROLE {other} NOLOGIN")
    try:
        with pytest.raises(RuntimeError, match="nothing was changed"):
            stack.manage("mail_roles", "--rotate")
    finally:
        stack.server.psql(f"ALTER ROLE {other} LOGIN")
    assert login_of(stack) == (role, password)
    assert can_sign_in(stack, role, password)
    assert has_arrived(stack, BOB, receive(stack, "friend@outside.example", BOB))


def test_two_installations_in_one_cluster_have_roles_of_their_own(stack: MailStack) -> None:
    if stack.server is None:
        return
    second = MailStack(stack.server.create("second-one"))
    try:
        second.prepare()
        roles = stack.server.psql("SELECT rolname FROM pg_roles WHERE rolname LIKE '%dovecot%'").stdout
        assert len(roles.split()) == 6
        assert (second.state / "config/postfix/domains.cf").read_text().count("posthouse_postfix") == 0
    finally:
        second.close()
    assert has_arrived(stack, BOB, submit(stack, ANN, BOB))
