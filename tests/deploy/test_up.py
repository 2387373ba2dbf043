"""`deploy/up` as a person starts it."""

import grp
import os
import re
import signal
import stat
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from tests.deploy.installation import ROOT, Installation

EMAIL, PASSWORD = "ops@harbour.example", "lanterns over quiet water"

# One after the other: each is a whole mail system.
pytestmark = pytest.mark.xdist_group("deploy")
needs_root = pytest.mark.usefixtures("as_root")


@pytest.fixture
def as_root() -> None:
    """The suite runs as root (deploy/test says so), and so the mail servers can run."""
    assert os.geteuid() == 0, "start these tests as root"


def test_the_help_tells_every_option_and_installs_nothing():
    told = subprocess.run(
        [ROOT / "deploy/up", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin"},
    )
    for word in (
        "--state",
        "--database",
        "--port",
        "--mail-port-offset",
        "--relay",
        "POSTHOUSE_OPERATOR_EMAIL",
        "maildb",
    ):
        assert word in told.stdout
    assert told.stderr == ""


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--port", "70000"], "is not a port number"),
        (["--mail-port-offset", "-1"], "is not an offset"),
        (["--database", "mysql://x"], "postgres://USER"),
        (["--relay", "a b"], "the relay is a host"),
        (["--stat", "x"], "unrecognized arguments"),
    ],
)
def test_nonsense_is_refused_in_words(installation: Installation, options: list[str], sentence: str):
    installation.start(*options)
    assert installation.wait_for_end() == 2
    assert sentence in installation.output()


@needs_root
def test_a_first_start_a_second_one_and_an_end_that_leaves_no_process(installation: Installation):
    installation.start()
    installation.wait_until_up()
    output = installation.output()
    shown = re.search(r"shown only now: (\S+)", output)
    assert shown is not None
    assert f"http://127.0.0.1:{installation.port}" in output
    assert "swaks" in output
    assert "imaps://" in output
    with urllib.request.urlopen(f"http://127.0.0.1:{installation.port}/sign-in/", timeout=10) as page:
        assert page.status == 200
    assert installation.uids_of("web") == {6001}
    assert installation.uids_of("worker") == {6001}
    pids = installation.descendants()
    assert installation.end(signal.SIGTERM) == 0
    assert installation.alive(pids) == []

    began = time.monotonic()
    installation.start()
    installation.wait_until_up()
    assert time.monotonic() - began < 20
    assert "shown only now" not in installation.output()
    assert shown[1] not in installation.everything_written()
    pids = installation.descendants()
    assert installation.end(signal.SIGINT) == 0
    assert installation.alive(pids) == []


@needs_root
def test_the_state_folder_has_the_modes_that_its_readers_need(installation: Installation):
    installation.start()
    installation.wait_until_up()
    state, group = installation.state, grp.getgrnam("maildb").gr_gid

    def seen(path: Path) -> tuple[int, int, int]:
        found = path.stat()
        return stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid

    assert seen(state / "secrets") == (0o700, 6001, group)
    for secret in (state / "secrets").iterdir():
        assert seen(secret) == (0o600, 6001, group), secret
    assert seen(state / "db") == (0o2770, 6001, group)
    for file in (state / "db").iterdir():
        assert seen(file) == (0o660, 6001, group), file
    assert seen(state / "mail") == (0o700, 5000, 5000)
    assert seen(state / "tls/key.pem")[:2] == (0o600, 0)


@needs_root
@pytest.mark.parametrize("name", ["worker", "postfix", "broker"])
def test_a_part_that_dies_ends_all_and_its_last_lines_are_shown(installation: Installation, name: str):
    installation.start()
    installation.wait_until_up()
    pids = installation.descendants()
    os.kill(installation.pid_of("/postfix/sbin/master" if name == "postfix" else name), signal.SIGKILL)
    assert installation.wait_for_end() == 1
    assert f"posthouse: {name} ended" in installation.output()
    assert "Its last lines:" in installation.output()
    assert installation.alive(pids) == []


@needs_root
def test_the_first_operator_may_be_named_by_variables(installation: Installation):
    given = {"POSTHOUSE_OPERATOR_EMAIL": EMAIL, "POSTHOUSE_OPERATOR_PASSWORD": PASSWORD}
    installation.start(**given)
    installation.wait_until_up()
    assert f"signs in as {EMAIL}" in installation.output()
    assert "shown only now" not in installation.output()
    assert PASSWORD not in installation.everything_written()
    for pid in installation.descendants():
        assert PASSWORD.encode() not in Path(f"/proc/{pid}/environ").read_bytes()


@needs_root
def test_a_poor_password_for_the_first_operator_is_refused_before_anything_starts(installation: Installation):
    installation.start(POSTHOUSE_OPERATOR_EMAIL=EMAIL, POSTHOUSE_OPERATOR_PASSWORD="secret")
    assert installation.wait_for_end() == 1
    assert "POSTHOUSE_OPERATOR_PASSWORD" in installation.output()


@needs_root
def test_without_root_the_panel_alone_runs_and_says_so(installation: Installation):
    os.chown(installation.state, 65534, 65534)
    installation.start(uid=65534)
    installation.wait_until_up()
    output = installation.output()
    assert "not root" in output
    assert "The mail servers are left out" in output
    assert installation.uids_of("web") == {65534}
    pids = installation.descendants()
    assert installation.end(signal.SIGTERM) == 0
    assert installation.alive(pids) == []
