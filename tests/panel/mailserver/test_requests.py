"""What the worker may ask of root: three things, and no spelling makes a fourth."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panel.mailserver.keeper import remove_mail
from panel.mailserver.requests import (
    NotDoneError,
    ReleaseHeld,
    Reload,
    RemoveFiles,
    ask,
    files_name,
    held_name,
    parse,
    reload_name,
)


def test_a_name_says_all() -> None:
    assert parse(reload_name(7)) == Reload()
    assert parse(held_name(7)) == ReleaseHeld()
    assert parse(files_name("3/5", 7)) == RemoveFiles("3", "5")
    assert parse(files_name("3", 7)) == RemoveFiles("3", None)


@pytest.mark.parametrize("subject", ["", "../x", "3/..", "3/5/7", "/3", "3/", "a", "3\n", "３"])
def test_a_subject_that_is_no_mail_folder_is_refused(subject: str) -> None:
    with pytest.raises(ValueError, match="not a mail folder"):
        files_name(subject, 1)


@given(st.text(max_size=60))
def test_any_other_name_is_nothing(name: str) -> None:
    request = parse(name)
    if isinstance(request, RemoveFiles):
        assert request.domain_id.isdigit()
    else:
        assert request is None or isinstance(request, Reload | ReleaseHeld)


def test_mail_is_removed_and_what_lies_beside_it_stays(tmp_path: Path) -> None:
    for place in ("3/5/Maildir", "3/6", "4"):
        (tmp_path / place).mkdir(parents=True)
    remove_mail(tmp_path, RemoveFiles("3", "5"))
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == ["3", "3/6", "4"]
    remove_mail(tmp_path, RemoveFiles("3", None))
    remove_mail(tmp_path, RemoveFiles("3", "5"))
    assert [path.name for path in tmp_path.iterdir()] == ["4"]


def test_a_link_leads_nowhere(tmp_path: Path) -> None:
    outside, mail = tmp_path / "outside", tmp_path / "mail"
    (outside / "5").mkdir(parents=True)
    mail.mkdir()
    (mail / "3").symlink_to(outside)
    with pytest.raises(OSError, match=r".+"):
        remove_mail(mail, RemoveFiles("3", "5"))
    with pytest.raises(OSError, match=r".+"):
        remove_mail(mail, RemoveFiles("3", None))
    assert (outside / "5").is_dir()


def test_a_keeper_that_does_not_answer_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    with pytest.raises(NotDoneError):
        ask(tmp_path, "reload.1", wait_seconds=0.1)
    # The request stays: the keeper does it when it is back.
    assert (tmp_path / "reload.1").exists()
