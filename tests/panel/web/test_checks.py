from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from pytest_django import Settings

from panel.environment import environment
from panel.web import checks


@pytest.fixture
def state(tmp_path: Path, settings: Settings) -> Path:
    (tmp_path / "secrets").mkdir(mode=0o700)
    (tmp_path / "secrets" / "django").touch(mode=0o600)
    settings.STATE_DIR = tmp_path
    return tmp_path


def ids(found: list[checks.CheckMessage]) -> list[str | None]:
    return [message.id for message in found]


def test_the_environment_of_the_lock_passes():
    assert ids(checks.one_hash_library()) == []


def test_passlib_beside_libpass_is_an_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(checks, "_is_installed", lambda _name: True)
    assert ids(checks.one_hash_library()) == ["posthouse.E001"]


def test_private_secrets_pass(state: Path):
    assert ids(checks.secrets_are_private()) == []


@pytest.mark.parametrize("name", ["secrets", "secrets/django"])
def test_a_secret_that_others_can_read_is_an_error(state: Path, name: str):
    (state / name).chmod(0o750)
    assert ids(checks.secrets_are_private()) == ["posthouse.E002"]


@pytest.mark.parametrize(
    "url", ["https://panel.example.net", "http://127.0.0.1:8000", "http://localhost:8000"]
)
def test_https_and_this_machine_alone_pass(settings: Settings, url: str):
    settings.PANEL_URL = url
    assert ids(checks.the_panel_is_reached_over_tls()) == []


def test_a_panel_that_others_reach_in_clear_is_a_warning(settings: Settings):
    settings.PANEL_URL = "http://panel.example.net"
    assert ids(checks.the_panel_is_reached_over_tls()) == ["posthouse.W001"]


@pytest.mark.parametrize(("name", "found"), [("mx.example.net", []), ("localhost", ["posthouse.W002"])])
def test_only_a_full_name_may_greet(monkeypatch: pytest.MonkeyPatch, name: str, found: list[str]):
    monkeypatch.setattr(environment, "mail_host", name)
    assert ids(checks.the_mail_host_has_a_full_name()) == found


def test_check_deploy_runs_them(state: Path):
    (state / "secrets").chmod(0o755)
    with pytest.raises(SystemCheckError, match=r"posthouse\.E002"):
        call_command("check", deploy=True, stderr=StringIO(), stdout=StringIO())
