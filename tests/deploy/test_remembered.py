"""What a start was told, the next one knows."""

import stat
from pathlib import Path

import pytest

from panel.mailserver.supervisor.options import Options
from panel.mailserver.supervisor.state import NotPossible
from panel.remembered import read_remembered, remember

URL = "postgres://panel:lantern@db.example:5433/house"


def told(
    database: str | None = None,
    *,
    port: int | None = None,
    given: dict[str, str] | None = None,
    remembered: dict[str, str] | None = None,
) -> dict[str, str]:
    return Options(Path("/srv/state"), port, database, None, None).variables(given or {}, remembered or {})


def test_what_is_remembered_can_be_read_by_nobody_else(tmp_path: Path):
    remember(tmp_path, {"POSTHOUSE_DATABASE_URL": URL, "POSTHOUSE_PORT": "8100", "HOME": "/root"})
    assert stat.S_IMODE((tmp_path / "options").stat().st_mode) == 0o600
    assert read_remembered(tmp_path) == {"POSTHOUSE_DATABASE_URL": URL, "POSTHOUSE_PORT": "8100"}


def test_a_folder_without_a_start_remembers_nothing(tmp_path: Path):
    assert read_remembered(tmp_path) == {}


def test_an_option_goes_before_a_variable_and_that_before_what_is_remembered():
    remembered = {"POSTHOUSE_PORT": "8100"}
    assert told()["POSTHOUSE_PORT"] == "8000"
    assert told(remembered=remembered)["POSTHOUSE_PORT"] == "8100"
    assert told(remembered=remembered, given={"POSTHOUSE_PORT": "8200"})["POSTHOUSE_PORT"] == "8200"
    assert (
        told(port=8300, remembered=remembered, given={"POSTHOUSE_PORT": "8200"})["POSTHOUSE_PORT"] == "8300"
    )
    assert told(remembered=remembered)["POSTHOUSE_PANEL_URL"] == "http://127.0.0.1:8100"


def test_a_plain_start_keeps_the_remembered_database():
    assert told(remembered={"POSTHOUSE_DATABASE_URL": URL})["POSTHOUSE_DATABASE_URL"] == URL


@pytest.mark.parametrize("by_option", [True, False])
def test_a_new_password_for_the_same_database_is_taken(by_option: bool):  # noqa: FBT001 -- a case of a table
    new = URL.replace("lantern", "lighthouse")
    remembered = {"POSTHOUSE_DATABASE_URL": URL}
    if by_option:
        variables = told(new, remembered=remembered)
    else:
        variables = told(given={"POSTHOUSE_DATABASE_URL": new}, remembered=remembered)
    assert variables["POSTHOUSE_DATABASE_URL"] == new


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("", URL),
        (URL, URL.replace("house", "other")),
        (URL, URL.replace("5433", "5434")),
        (URL, URL.replace("db.example", "elsewhere.example")),
    ],
)
def test_another_database_for_the_same_folder_is_refused_without_showing_a_password(before: str, now: str):
    with pytest.raises(NotPossible, match="choose another folder with --state") as refusal:
        told(now, remembered={"POSTHOUSE_DATABASE_URL": before})
    assert "lantern" not in str(refusal.value)
