"""What a supervisor leaves that was killed itself, and what a start after it makes of that."""

import os
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from panel.mailserver.supervisor.guard import MARK, end_leftovers
from tests.deploy.installation import Installation

pytestmark = pytest.mark.xdist_group("deploy")


def test_a_killed_supervisor_leaves_no_process_for_ten_seconds_and_a_plain_start_finds_it_all_again(
    installation: Installation,
):
    installation.start()
    installation.wait_until_up()
    pids = installation.descendants()
    assert installation.end(signal.SIGKILL) == -signal.SIGKILL
    deadline = time.monotonic() + 10
    while installation.alive(pids) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert installation.alive(pids) == []
    assert "the supervisor was killed" in installation.output()

    installation.start_plainly()
    installation.wait_until_up()
    assert is_answering(installation)
    assert installation.end(signal.SIGTERM) == 0


def test_a_start_ends_what_was_left_where_the_guard_was_killed_too_and_nothing_else(
    installation: Installation,
):
    installation.start()
    installation.wait_until_up()
    pids = installation.descendants()
    # A person who looks into the queue, with the installation's own folder in the environment.
    bystander = subprocess.Popen(
        ["sleep", "300"],
        cwd=installation.state / "postfix/queue",
        env={"POSTHOUSE_STATE_DIR": str(installation.state), "PATH": "/usr/bin:/bin"},
    )
    try:
        os.kill(installation.pid_of("guard"), signal.SIGKILL)
        assert installation.end(signal.SIGKILL) == -signal.SIGKILL
        left = installation.alive(pids)
        assert len(left) > 8

        installation.start_plainly()
        installation.wait_until_up()
        assert installation.alive(pids) == []
        assert "processes that a killed start had left" in installation.output()
        assert is_answering(installation)
        assert bystander.poll() is None
        assert installation.end(signal.SIGINT) == 0
    finally:
        bystander.kill()
        bystander.wait()


@pytest.fixture
def processes() -> Iterator[list[subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for one in started:
        with suppress(ProcessLookupError):
            one.kill()
        one.wait()


def start(processes: list[subprocess.Popen[bytes]], root: Path, *command: str) -> subprocess.Popen[bytes]:
    one = subprocess.Popen(command, cwd=root, env={MARK: str(root), "PATH": "/usr/bin:/bin"})
    processes.append(one)
    return one


def test_only_the_parts_of_this_folder_are_ended(tmp_path: Path, processes: list[subprocess.Popen[bytes]]):
    here, beside = tmp_path / "state", tmp_path / "state2"
    here.mkdir()
    beside.mkdir()
    ours = start(processes, here, "sleep", "300")
    others = start(processes, beside, "sleep", "300")
    unmarked = subprocess.Popen(["sleep", "300"], cwd=here, env={})
    processes.append(unmarked)
    assert end_leftovers(here) == 1
    assert ours.wait(5) == -signal.SIGTERM
    assert others.poll() is None
    assert unmarked.poll() is None


def test_a_server_that_wiped_its_environment_is_known_by_its_program_and_its_folder(
    tmp_path: Path, processes: list[subprocess.Popen[bytes]]
):
    program = tmp_path / "valkey-server"
    shutil.copy("/bin/sleep", program)
    state, elsewhere = tmp_path / "state", tmp_path / "elsewhere"
    state.mkdir()
    elsewhere.mkdir()
    ours, another = (
        subprocess.Popen([str(program), "300"], cwd=folder, env={}) for folder in (state, elsewhere)
    )
    processes += [ours, another]
    assert end_leftovers(state) == 1
    assert ours.wait(5) == -signal.SIGTERM
    assert another.poll() is None


def test_a_part_that_does_not_listen_is_killed(tmp_path: Path, processes: list[subprocess.Popen[bytes]]):
    deaf = start(processes, tmp_path, "sh", "-c", "trap '' TERM; echo; while :; do sleep 1; done")
    time.sleep(0.3)
    assert end_leftovers(tmp_path) >= 1
    assert deaf.wait(5) == -signal.SIGKILL


def is_answering(installation: Installation) -> bool:
    with urllib.request.urlopen(f"http://127.0.0.1:{installation.port}/sign-in/", timeout=10) as page:
        return bool(page.status == 200)
