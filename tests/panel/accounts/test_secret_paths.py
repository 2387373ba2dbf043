"""The secret of a link stands in no log, not even when its request fails."""

import logging
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from panel.accounts.secret_paths import SecretPathFilter, without_secrets

SECRET = secrets.token_urlsafe(32)


@pytest.mark.parametrize("around", ["{}", "{}/", "GET {}/ HTTP/1.1", "http://127.0.0.1:8000{}/?a=b"])
def test_attack_57_the_secret_is_cut_out_of_any_text(around):
    shown = without_secrets(around.format(f"/password/reset/{SECRET}"))
    assert shown == around.format("/password/reset/***")


@pytest.mark.parametrize("text", ["/password/reset/", "/password/reset/ and more", "/t/1/domains/", ""])
def test_a_text_without_a_secret_stays(text):
    assert without_secrets(text) == text


def test_attack_57_a_record_loses_the_secret_from_its_arguments():
    record = logging.LogRecord("x", 30, "", 0, "%s: %s", ("Gone", f"/password/reset/{SECRET}/"), None)
    assert SecretPathFilter().filter(record)
    assert record.getMessage() == "Gone: /password/reset/***/"


def test_attack_57_neither_the_log_nor_the_access_log_of_the_web_server_holds_the_secret(tmp_path):
    """Against a database without tables and without static files, so that the request fails, its error page
    too, and everybody who can log the path does."""
    for name in ("secrets", "db"):
        (tmp_path / name).mkdir()
    (tmp_path / "secrets" / "django").write_text(secrets.token_urlsafe(48))
    ours = {
        "POSTHOUSE_STATE_DIR": str(tmp_path),
        "GUNICORN_CMD_ARGS": "--access-logfile - --no-control-socket",
    }
    environment = {name: text for name, text in os.environ.items() if not name.startswith("POSTHOUSE_")}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/password/reset/{SECRET}/"
        with (tmp_path / "log").open("wb") as log:
            server = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "panel.wsgi", f"--bind=fd://{listener.fileno()}"],
                env=environment | ours,
                pass_fds=[listener.fileno()],
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            # The socket listens already: the request waits in it until the server is there.
            with pytest.raises(urllib.error.HTTPError) as failed:
                urllib.request.urlopen(urllib.request.Request(url, headers={"Referer": url}), timeout=60)  # noqa: S310 -- our own server
            assert failed.value.code == 500
            failed.value.close()
            deadline = time.monotonic() + 20
            while "GET /password" not in (tmp_path / "log").read_text() and time.monotonic() < deadline:
                time.sleep(0.05)
        finally:
            server.terminate()
            server.wait(20)
    text = (tmp_path / "log").read_text()
    assert "GET /password/reset/***/ HTTP/1.1" in text
    assert "could not be followed" in text
    assert SECRET not in text
