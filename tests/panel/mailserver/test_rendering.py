"""The rendered files are Postfix's and Dovecot's own syntax, and nothing can add a line to them."""

import stat
import subprocess
from pathlib import Path

import pytest

from panel.environment import Environment
from panel.mailserver.layout import Layout
from panel.mailserver.rendering import Versions, fill, parse_version, render
from tests.mailstack import MailStack

OLD, NEW = Versions((3, 7), (2, 3)), Versions((3, 10), (2, 4))


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    (tmp_path / "secrets").mkdir(mode=0o700)
    return Layout(tmp_path, 2000)


@pytest.mark.parametrize("versions", [OLD, NEW])
def test_every_placeholder_is_filled(layout: Layout, versions: Versions) -> None:
    files = render(Environment(), layout, versions, has_srs=True)
    assert [name for name, text in files.items() if "@{" in text] == []
    assert "2587 inet" in files["postfix/master.cf"]


def test_each_version_has_its_own_dialect(layout: Layout) -> None:
    old, new = (render(Environment(), layout, versions, has_srs=False) for versions in (OLD, NEW))
    assert "dovecot/sql.conf" in old
    assert "dovecot/sql.conf" not in new
    assert "dovecot_config_version = 2.4.0" in new["dovecot/dovecot.conf"]


def test_a_line_end_in_a_value_is_refused() -> None:
    with pytest.raises(ValueError, match="line end"):
        fill("myhostname = @{mail_host}\n", {"mail_host": "x\nmynetworks = 0.0.0.0/0"})


@pytest.mark.parametrize("relay", ["host\nmynetworks=0/0", "host name", "$myhostname", ""])
def test_a_relay_that_is_no_host_is_refused(layout: Layout, relay: str) -> None:
    with pytest.raises(ValueError, match="POSTHOUSE_RELAY"):
        render(Environment(relay=relay), layout, OLD, has_srs=False)


def test_a_relay_host_and_direct_delivery_are_said_to_postfix(layout: Layout) -> None:
    assert "relayhost = [smart.example]:587" in main_of(layout, "[smart.example]:587")
    assert "defer_transports = smtp, relay" in main_of(layout, "queue")
    assert "defer_transports" not in main_of(layout, "direct")


def test_versions_are_read_and_nonsense_refused() -> None:
    assert parse_version("2.3.19.1 (9b53102964)\n") == (2, 3)
    with pytest.raises(ValueError, match="not a version"):
        parse_version("unknown")


def test_the_servers_accept_their_files_and_strangers_cannot_read_them(stack: MailStack) -> None:
    config = stack.state / "config"
    checked = subprocess.run(
        ["postconf", "-c", str(config / "postfix"), "-n"], capture_output=True, text=True, check=True
    )
    # postconf warns of a parameter that nothing uses.
    assert "warning" not in checked.stderr
    subprocess.run(
        ["doveconf", "-c", str(config / "dovecot/dovecot.conf"), "-n"], capture_output=True, check=True
    )
    for file in config.glob("*/*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o640, file


def main_of(layout: Layout, relay: str) -> str:
    return render(Environment(relay=relay), layout, OLD, has_srs=False)["postfix/main.cf"]
