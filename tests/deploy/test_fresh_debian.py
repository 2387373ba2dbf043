"""What `tests/debian/run` says before it builds anything; its work itself is for a machine to spare."""

import os
import subprocess

import pytest

from tests.deploy.installation import ROOT

RUN = ROOT / "tests/debian/run"


def run(*arguments: str, uid: int | None = None) -> tuple[int, str, str]:
    done = subprocess.run(
        [RUN, *arguments], capture_output=True, text=True, check=False, timeout=60, user=uid, group=uid
    )
    return done.returncode, done.stdout, done.stderr


def test_it_tells_what_it_does_and_every_option() -> None:
    code, told, complaint = run("--help")
    assert (code, complaint) == (0, "")
    for word in (
        "bookworm",
        "trixie",
        "--mirror",
        "--root",
        "--minutes",
        "--commit",
        "--full",
        "--up",
        "debootstrap",
    ):
        assert word in told


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["sid"], "what is sid?"),
        (["--root"], "--root needs a value"),
        (["--minutes", "soon"], "--minutes takes a number"),
        (["--root", "/"], "not over this machine's own system"),
    ],
)
def test_nonsense_is_refused_before_anything_is_built(arguments: list[str], sentence: str) -> None:
    assert os.geteuid() == 0, "start these tests as root"
    code, told, complaint = run(*arguments)
    assert (code, told) == (1, "")
    assert sentence in complaint


def test_without_root_it_says_that_it_needs_it() -> None:
    assert run("trixie", uid=65534)[0::2] == (
        1,
        "tests/debian/run: start it as root: a chroot and its mounts need that\n",
    )
