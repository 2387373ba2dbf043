"""`manage.py render_mail_config`: write the configuration of Postfix and Dovecot."""

import grp
import os
import pwd
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from panel.environment import environment
from panel.mailserver.layout import Layout
from panel.mailserver.programs import find_postsrsd
from panel.mailserver.rendering import Versions, installed_versions, parse_version, render, write
from panel.mailserver.supervisor.state import MAIL_GID, panel_owner


class Command(BaseCommand):
    help = (
        "Write the configuration of Postfix and Dovecot into a folder (the state folder's config by default)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", nargs="?", type=Path)
        parser.add_argument("--postfix", metavar="VERSION", help="such as 3.7; the installed one by default")
        parser.add_argument("--dovecot", metavar="VERSION", help="such as 2.3; the installed one by default")

    def handle(self, *_args: Any, **options: Any) -> None:
        layout = Layout(environment.state_dir.resolve(), environment.mail_port_offset)
        if options["postfix"] and options["dovecot"]:
            versions = Versions(parse_version(options["postfix"]), parse_version(options["dovecot"]))
        else:
            versions = installed_versions()
        folder = options["folder"] or layout.config
        _make_folders(layout)
        # They hold passwords. smtpd reads its maps as root before it drops that, proxymap after.
        owners = {
            "postfix": (0, _group("postfix"), 0o640),
            "dovecot": (0, _group("dovecot"), 0o640),
            # Sieve scripts run as the owner of the mail.
            "scripts": (0, MAIL_GID, 0o640),
        }
        has_srs = find_postsrsd() is not None
        write(render(environment, layout, versions, has_srs=has_srs), folder, owners)
        self.stdout.write(f"Wrote the mail configuration to {folder}")


def _make_folders(layout: Layout) -> None:
    """What Postfix and Dovecot need below the state folder besides their configuration."""
    for name in (
        "config",
        "postfix",
        "postfix/queue",
        "postfix/data",
        "dovecot",
        "dovecot/run",
        "dovecot/state",
    ):
        (layout.state / name).mkdir(mode=0o755, exist_ok=True)
    layout.requests.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0:
        owner = panel_owner()
        os.chown(layout.requests, owner.uid or 0, owner.gid or 0)
        try:
            postfix = pwd.getpwnam("postfix")
        except KeyError:
            return
        data = layout.state / "postfix" / "data"
        os.chown(data, postfix.pw_uid, postfix.pw_gid)
        data.chmod(0o700)


def _group(name: str) -> int:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return os.getgid()
