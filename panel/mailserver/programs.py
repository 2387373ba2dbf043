"""The programs of the mail side, as a supervisor starts them: in the foreground, ended by SIGTERM."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass

from django.conf import settings

from panel.environment import environment
from panel.mailserver.layout import Layout


@dataclass(frozen=True)
class Program:
    """`as_root` says whether it keeps root's rights, which it then drops itself where it can."""

    name: str
    argv: list[str]
    as_root: bool = False


def mail_programs(layout: Layout) -> list[Program]:
    """Postfix, Dovecot and the keeper that does for the worker what needs root; empty where one of the
    servers is not installed."""
    postfix, dovecot = _find("postfix"), _find("dovecot")
    if postfix is None or dovecot is None:
        return []
    manage = str(settings.BASE_DIR / "manage.py")
    postsrsd = find_postsrsd()
    return [
        *([_srs(layout, postsrsd)] if postsrsd else []),
        Program("dovecot", [dovecot, "-F", "-c", str(layout.dovecot / "dovecot.conf")], as_root=True),
        Program("postfix", [postfix, "-c", str(layout.postfix), "start-fg"], as_root=True),
        Program("keeper", [sys.executable, manage, "mail_keeper"], as_root=True),
    ]


def find_postsrsd() -> str | None:
    """The program of the 1.x line, which Debian 12 and 13 have; 2.x speaks another protocol (socketmap)."""
    program = _find("postsrsd")
    if program is None:
        return None
    told = subprocess.run([program, "-v"], capture_output=True, text=True, check=False)
    return program if (told.stdout + told.stderr).strip().startswith("1.") else None


def _srs(layout: Layout, program: str) -> Program:
    """It opens its secret and ports, then becomes the user of its package."""
    secret = layout.secret_file("srs")
    argv = [program, "-4", "-l", "127.0.0.1", "-d", environment.mail_host, "-s", str(secret)]
    argv += ["-f", str(layout.port("srs_forward")), "-r", str(layout.port("srs_reverse"))]
    return Program("postsrsd", [*argv, "-u", "postsrsd"] if os.geteuid() == 0 else argv, as_root=True)


def _find(name: str) -> str | None:
    return shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
