"""The programs of the mail side, as a supervisor starts them: in the foreground, ended by SIGTERM."""

import shutil
import sys
from dataclasses import dataclass

from django.conf import settings

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
    return [
        Program("dovecot", [dovecot, "-F", "-c", str(layout.dovecot / "dovecot.conf")], as_root=True),
        Program("postfix", [postfix, "-c", str(layout.postfix), "start-fg"], as_root=True),
        Program("keeper", [sys.executable, manage, "mail_keeper"], as_root=True),
    ]


def _find(name: str) -> str | None:
    return shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
