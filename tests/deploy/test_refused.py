"""Starts that cannot go well end with one sentence that says why, before any part runs."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.installation import ROOT, Installation, free_offset

pytestmark = pytest.mark.xdist_group("deploy")


def refusal(installation: Installation) -> str:
    """What the start said, having ended with 1 and left neither a part nor a traceback."""
    assert installation.wait_for_end() == 1
    assert installation.descendants() == []
    assert "Traceback" not in installation.output()
    assert "broker" not in installation.output()
    return installation.output()


def test_a_second_start_from_the_same_folder_is_refused(installation: Installation):
    installation.start()
    installation.wait_until_up()
    second = Installation(installation.state)
    second.start()
    assert "runs already" in refusal(second)


def test_of_two_first_starts_at_once_one_runs_and_the_other_is_refused(installation: Installation):
    second = Installation(installation.state)
    installation.start()
    second.start()
    both = [installation, second]
    deadline = time.monotonic() + 120
    while not any(one.process and one.process.poll() is not None for one in both):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    refused = next(one for one in both if one.process and one.process.poll() is not None)
    runs = second if refused is installation else installation
    assert "runs already" in refusal(refused)
    runs.wait_until_up()
    second.close()


def test_a_folder_that_others_cannot_enter_is_refused(installation: Installation):
    installation.state.chmod(0o700)
    (installation.state / "inner").mkdir()
    inner = Installation(installation.state / "inner")
    inner.start()
    assert "Other users cannot enter" in refusal(inner)


def test_a_folder_whose_name_postfix_cannot_hold_is_refused(installation: Installation):
    odd = Installation(installation.state / "my mail")
    odd.start()
    assert "has a space or another character" in refusal(odd)


def test_a_taken_port_is_named_with_the_option_that_changes_it(installation: Installation):
    with socket.create_server(("127.0.0.1", installation.port)):
        installation.start()
        assert f"Port {installation.port} (the panel) on 127.0.0.1 is taken" in refusal(installation)
        assert "--port" in installation.output()
    offset = free_offset()
    with socket.create_server(("127.0.0.1", 143 + offset)):
        installation.start("--mail-port-offset", str(offset))
        assert f"Port {143 + offset} (imap) on 127.0.0.1 is taken" in refusal(installation)
        assert "--mail-port-offset" in installation.output()


def test_one_port_for_two_things_is_refused(installation: Installation):
    offset = free_offset()
    installation.start("--mail-port-offset", str(offset), "--port", str(587 + offset))
    assert "is wanted for two things" in refusal(installation)


@pytest.fixture
def small_disk(installation: Installation) -> Iterator[Path]:
    place = installation.state / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=755", "tmpfs", place], check=True)
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_full_disk_is_told_as_such(small_disk: Path):
    full = Installation(small_disk / "state")
    full.start()
    assert "The disk is full: 7 MB are free" in refusal(full) or "8 MB are free" in full.output()
    full.close()


def test_a_disk_that_cannot_be_written_is_told_as_such(small_disk: Path):
    (small_disk / "state").mkdir()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    fixed = Installation(small_disk / "state")
    fixed.start()
    assert "cannot write" in refusal(fixed)
    assert "Read-only file system" in fixed.output()
    fixed.close()


def test_a_database_that_cannot_be_reached_is_told_without_its_password(installation: Installation):
    installation.start("--database", "postgres://panel:lantern@127.0.0.1:9/house")
    assert "The database (PostgreSQL 127.0.0.1:9/house) cannot be used" in refusal(installation)
    assert "lantern" not in installation.output()
    # It was a slip of the pen, not an installation.
    assert not (installation.state / "options").exists()


def test_a_clone_in_a_folder_with_a_space_runs_the_panel_for_a_user_who_is_not_root(
    installation: Installation,
):
    clone = installation.state / "my house"
    clone.mkdir()
    for name in ("manage.py", "panel", "domains", "mailboxes", "templates", "deploy"):
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy2
        copy(source, clone / name)
    (clone / ".venv").symlink_to(ROOT / ".venv")
    subprocess.run(["chown", "-R", "--no-dereference", "65534:65534", installation.state], check=True)
    installation.program = clone
    installation.state = clone / "var"
    installation.start(uid=65534)
    installation.wait_until_up()
    assert "The mail servers are left out" in installation.output()
