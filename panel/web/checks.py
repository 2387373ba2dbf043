"""Mistakes of a deployment: `manage.py check --deploy` is the doctor (docs/operations.md)."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004 -- Django's name for it

from panel.environment import environment

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@register(deploy=True)
def one_hash_library(**_kwargs: Any) -> list[CheckMessage]:
    """With libpass and the old passlib both installed, the order of installation decides which one runs."""
    if not _is_installed("passlib") and _is_installed("libpass"):
        return []
    return [
        Error(
            "The hashes of mailbox passwords need libpass, and passlib must not be installed beside it.",
            hint="pip uninstall passlib libpass, then install deploy/requirements.lock again.",
            id="posthouse.E001",
        )
    ]


@register(deploy=True)
def secrets_are_private(**_kwargs: Any) -> list[CheckMessage]:
    folder: Path = settings.STATE_DIR / "secrets"
    open_ones = [path for path in (folder, *sorted(folder.iterdir())) if path.stat().st_mode & 0o077]
    if not open_ones:
        return []
    return [
        Error(
            f"Others can read {open_ones[0]}.",
            hint=f"chmod 0700 {folder}; chmod 0600 {folder}/*",
            id="posthouse.E002",
        )
    ]


@register(deploy=True)
def the_panel_is_reached_over_tls(**_kwargs: Any) -> list[CheckMessage]:
    address = urlsplit(settings.PANEL_URL)
    if address.scheme == "https" or address.hostname in LOOPBACK:
        return []
    return [
        Warning(
            f"People reach the panel at {settings.PANEL_URL}, and passwords go over the network in clear.",
            hint="Put a web server with TLS in front and set POSTHOUSE_PANEL_URL to its https address.",
            id="posthouse.W001",
        )
    ]


@register(deploy=True)
def the_mail_host_has_a_full_name(**_kwargs: Any) -> list[CheckMessage]:
    if "." in environment.mail_host.strip("."):
        return []
    return [
        Warning(
            f"Postfix greets as “{environment.mail_host}”, which many mail servers refuse (RFC 5321 4.1.1.1).",
            hint="Set POSTHOUSE_MAIL_HOST to the full name that the MX records point to.",
            id="posthouse.W002",
        )
    ]


def _is_installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
