"""Asks Pigeonhole's own compiler whether a script is right, where it is installed."""

import logging
import subprocess
import tempfile
from functools import cache
from pathlib import Path

logger = logging.getLogger(__name__)

PROGRAM = "/usr/bin/sievec"
TIMEOUT_SECONDS = 10
# What it must be told before it compiles anything: Dovecot 2.3 knows no version lines, 2.4 demands them.
CONFIGURATIONS = ("", "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n")


def complaint(script: str) -> str:
    """What the compiler says against `script`; empty where it is content, or is not there to be asked."""
    configuration = _configuration()
    if configuration is None:
        return ""
    try:
        return _compile(script, configuration)
    except (OSError, subprocess.TimeoutExpired):
        logger.exception("%s did not answer; the script was not looked at", PROGRAM)
        return ""


@cache
def _configuration() -> str | None:
    """The first configuration under which it compiles a script that is right."""
    if not Path(PROGRAM).exists():
        return None
    try:
        return next((text for text in CONFIGURATIONS if not _compile("keep;", text)), None)
    except (OSError, subprocess.TimeoutExpired):
        return None


def _compile(script: str, configuration: str) -> str:
    with tempfile.TemporaryDirectory(prefix="sieve-") as folder:
        paths = [Path(folder, name) for name in ("conf", "script.sieve", "script.svbin")]
        paths[0].write_text(configuration, encoding="utf-8")
        paths[1].write_text(script, encoding="utf-8")
        done = subprocess.run(
            [PROGRAM, "-c", *map(str, paths)],
            # The panel's user has no name of its own in /etc/passwd, and it asks for one.
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "USER": "posthouse", "HOME": folder},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        if done.returncode:
            return done.stderr.replace(folder, "").strip() or f"it ended with {done.returncode}"
        return "" if paths[2].exists() else "it made no binary"
