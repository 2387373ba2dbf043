"""The configuration of Postfix and Dovecot, made from the templates in `deploy/`."""

import hashlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from panel.environment import Environment
from panel.mailserver.contract import HELD_DOMAIN
from panel.mailserver.layout import STANDARD_PORTS, Layout
from panel.mailserver.questions import map_query
from panel.mailserver.roles import login_of
from panel.mailserver.supervisor.state import MAIL_GROUP, MAIL_UID

TEMPLATES = settings.BASE_DIR / "deploy"
MAPS = ("domains", "mailboxes", "aliases", "senders", "suspended", "strangers", "ready")
# smtpd_command_filter (regexp_table(5)) of the two ways that lead back to smtpd over a socket.
_LHLO = "/^LHLO (.*)/ EHLO $1\n"
_HELD = f"/^RCPT TO:<([^=<>@]+)=([^<>]*)@{re.escape(HELD_DOMAIN)}>(.*)/ RCPT TO:<$2@$1>$3\n"
_PLACEHOLDER = re.compile(r"@\{(\w+)\}")


@dataclass(frozen=True)
class Versions:
    """`postfix` and `dovecot` as (major, minor)."""

    postfix: tuple[int, int]
    dovecot: tuple[int, int]


def installed_versions() -> Versions:
    """What is on this machine. Raises `FileNotFoundError` where a server is missing."""
    postfix = subprocess.run(
        ["/usr/sbin/postconf", "-h", "-d", "mail_version"], capture_output=True, text=True, check=True
    )
    dovecot = subprocess.run(["/usr/sbin/dovecot", "--version"], capture_output=True, text=True, check=True)
    return Versions(parse_version(postfix.stdout), parse_version(dovecot.stdout))


def parse_version(text: str) -> tuple[int, int]:
    """`3.7.11` to (3, 7). Raises `ValueError` for anything else."""
    match = re.match(r"\s*(\d+)\.(\d+)", text)
    if match is None:
        raise ValueError(f"not a version: {text!r}")
    return int(match[1]), int(match[2])


def render(environment: Environment, layout: Layout, versions: Versions, *, has_srs: bool) -> dict[str, str]:
    """All files by their path below the configuration folder; `has_srs` says that postsrsd runs."""
    values = _values(environment, layout, versions, has_srs=has_srs)
    dovecot = "2.3" if versions.dovecot < (2, 4) else "2.4"
    sources = {"postfix/main.cf": "postfix/main.cf", "postfix/master.cf": "postfix/master.cf"}
    names = ("dovecot.conf", "sql.conf", "dict.conf", "sieve.conf") if dovecot == "2.3" else ("dovecot.conf",)
    sources |= {f"dovecot/{name}": f"dovecot/{dovecot}/{name}" for name in names}
    files = {
        target: fill((TEMPLATES / source).read_text(encoding="utf-8"), values)
        for target, source in sources.items()
    }
    files["postfix/srs_addresses"] = _srs_addresses(environment)
    files["postfix/lhlo"] = _LHLO
    files["postfix/held"] = _LHLO + _HELD
    files["postfix/submitted"] = _submitted(environment)
    for name in MAPS:
        files[f"postfix/{name}.cf"] = _map_file(environment, layout, versions, name)
    files["dovecot/panel.passwd"] = _own_entry(layout, "panel") + _own_entry(layout, "scripts")
    files["scripts/door"] = (
        f"127.0.0.1 {layout.port('scripts')} posthouse-scripts {layout.secret('scripts_smtp')}\n"
    )
    return files


def fill(template: str, values: Mapping[str, Any]) -> str:
    """`template` with every `@{name}` replaced. A value with a line end would be a line of its own in a
    configuration file, so only those that are made here for that (`*_block`, `relay`) may have one.

    Raises `KeyError` for an unknown name and `ValueError` for a line end.
    """

    def value_of(match: re.Match[str]) -> str:
        name = match[1]
        value = str(values[name])
        if ("\n" in value or "\r" in value) and not (name.endswith("_block") or name == "relay"):
            raise ValueError(f"a line end in {name}")
        return value

    return _PLACEHOLDER.sub(value_of, template)


def _values(environment: Environment, layout: Layout, versions: Versions, *, has_srs: bool) -> dict[str, Any]:
    is_new_dovecot = versions.dovecot >= (2, 4)
    return {
        "state": layout.state,
        "config": layout.config,
        "listen": environment.mail_listen,
        "mail_host": environment.mail_host,
        "panel_sender": panel_sender(environment),
        "held_domain": HELD_DOMAIN,
        "peername_lookup": "no" if environment.mail_listen.startswith("127.") else "yes",
        "map": _map_prefix(layout),
        "relay": _relay(environment.relay),
        "srs_block": _srs(layout)
        if has_srs
        else "# postsrsd is not installed: forwarded mail keeps its sender.",
        "mail_uid": MAIL_UID,
        "db_group": MAIL_GROUP if _vendor() == "sqlite" else "",
        "auth_failure_delay": "0" if environment.mail_listen.startswith("127.") else "2 secs",
        "sendmail_path": f"{sys.executable} -I {TEMPLATES}/dovecot/sendmail.py {layout.config}/scripts/door",
        "doveadm_password": layout.secret("doveadm"),
        **_sql_values(layout, is_new_dovecot=is_new_dovecot),
        **{f"port_{service}": layout.port(service) for service in STANDARD_PORTS},
    }


def panel_sender(environment: Environment) -> str:
    """The envelope sender of the panel's own notices."""
    return f"postmaster@{environment.mail_host}"


def _vendor() -> str:
    return "postgresql" if "postgresql" in settings.DATABASES["default"]["ENGINE"] else "sqlite"


def _map_prefix(layout: Layout) -> str:
    # proxymap shares its connections among all processes: 20 sessions hold 16 of them instead of 70.
    # For SQLite it would only cost.
    return f"proxy:pgsql:{layout.postfix}/" if _vendor() == "postgresql" else f"sqlite:{layout.postfix}/"


def _relay(relay: str) -> str:
    if relay == "queue":
        # Deferred, not failed: it goes out as soon as a relay is named, within the queue's lifetime.
        return "default_transport = smtp\ndefer_transports = smtp, relay"
    if relay == "direct":
        return "default_transport = smtp"
    if not re.fullmatch(r"[A-Za-z0-9.:\[\]-]+", relay):
        raise ValueError("POSTHOUSE_RELAY is queue, direct, or a host with an optional :port")
    return f"default_transport = smtp\nrelayhost = {relay}"


def _srs(layout: Layout) -> str:
    reverse = f"tcp:127.0.0.1:{layout.port('srs_reverse')}"
    return (
        f"sender_dependent_default_transport_maps = {_map_prefix(layout)}strangers.cf\n"
        # Only what looks like one of its addresses is shown to postsrsd: without it, other mail flows.
        f"recipient_canonical_maps = pipemap:{{regexp:{layout.postfix}/srs_addresses, {reverse}}}\n"
        "recipient_canonical_classes = envelope_recipient\n"
        "srs_destination_recipient_limit = 1"
    )


def _srs_addresses(environment: Environment) -> str:
    return f"/^(SRS[01][=+-].+@{re.escape(environment.mail_host)})$/ $1\n"


def _submitted(environment: Environment) -> str:
    """header_checks(5) for what people submit: our own first line without where it came from."""
    host = re.escape(environment.mail_host)
    return f"/^Received: from .*[[:space:]]by {host} \\(Postfix\\)(.*)$/ REPLACE Received: by {environment.mail_host} (Postfix)$1\n"


def _map_file(environment: Environment, layout: Layout, versions: Versions, name: str) -> str:
    word = "deferred" if environment.suspended_reply == "450" else "disabled"
    code = "450 4.2.1" if environment.suspended_reply == "450" else "550 5.2.1"
    query = map_query(
        _vendor(), name, f"{code} This mailbox is {word}: its domain is suspended", environment.mail_host
    )
    if _vendor() == "sqlite":
        return f"dbpath = {settings.DATABASES['default']['NAME']}\nquery = {query}\n"
    database = settings.DATABASES["default"]
    host = f"inet:{database['HOST'] or '127.0.0.1'}:{database['PORT'] or 5432}"
    # Up to 3.8 a host that failed is skipped for a minute; named twice, a stale connection costs nothing.
    hosts, more = (f"{host} {host}", "") if versions.postfix < (3, 9) else (host, "retry_interval = 2\n")
    login = login_of(layout, "postfix")
    return (
        f"hosts = {hosts}\n{more}user = {login.role}\npassword = {login.password}\n"
        f"dbname = {database['NAME']}\nquery = {query}\n"
    )


def _own_entry(layout: Layout, name: str) -> str:
    """passwd-file(5) line for a sign-in of our own. The secret is long and random: SHA-512 suffices."""
    digest = hashlib.sha512(layout.secret(f"{name}_smtp").encode()).hexdigest()
    return f"posthouse-{name}:{{SHA512.HEX}}{digest}::::::nologin\n"


def _sql_values(layout: Layout, *, is_new_dovecot: bool) -> dict[str, str]:
    user = "%{user | lower}" if is_new_dovecot else "%Lu"
    door = "%{protocol}" if is_new_dovecot else "%Ls"
    quota = "quota_storage_size" if is_new_dovecot else "quota_rule"
    ids = f"{MAIL_UID} AS uid, {MAIL_UID} AS gid"
    mail = f"{layout.state}/mail/"
    if _vendor() == "postgresql":
        passdb = f"SELECT username AS \"user\", password FROM mail_passdb('{user}', '{door}')"
        userdb = f"SELECT username AS \"user\", home, {ids}, {quota} FROM mail_userdb('{user}', '{mail}')"
        iterate = 'SELECT u AS "user" FROM mail_users() AS u'
    else:
        passdb = (
            f"SELECT username AS \"user\", password FROM mail_sign_ins WHERE username = '{user}'"
            f" AND CASE '{door}' WHEN 'imap' THEN imap WHEN 'pop3' THEN pop3 WHEN 'smtp' THEN smtp"
            " WHEN 'sieve' THEN sieve ELSE 0 END"
        )
        userdb = (
            f"SELECT username AS \"user\", '{mail}' || home AS home, {ids}, {quota}"
            f" FROM mail_homes WHERE username = '{user}'"
        )
        iterate = 'SELECT username AS "user" FROM mail_homes'
    return {
        "passdb_query": passdb,
        "userdb_query": userdb,
        "iterate_query": iterate,
        **_connections(layout),
    }


def _connections(layout: Layout) -> dict[str, str]:
    if _vendor() == "sqlite":
        main, usage = (str(settings.DATABASES[alias]["NAME"]) for alias in ("default", "usage"))
        return {
            "sql_driver": "sqlite",
            "sql_connect": main,
            "usage_connect": usage,
            "sql_block": f"sql_driver = sqlite\nsqlite_path = {main}",
            "sql_readonly": "sqlite_readonly = yes",
            "usage_block": f"sqlite_path = {usage}",
        }
    database, login = settings.DATABASES["default"], login_of(layout, "dovecot")
    parts = {
        "host": database["HOST"] or "127.0.0.1",
        "port": database["PORT"] or 5432,
        "dbname": database["NAME"],
        "user": login.role,
        "password": login.password,
    }
    connect = " ".join(f"{key}={value}" for key, value in parts.items())
    inner = "\n".join(f"    {key} = {value}" for key, value in parts.items() if key != "host")
    return {
        "sql_driver": "pgsql",
        "sql_connect": connect,
        "usage_connect": connect,
        "sql_block": f"sql_driver = pgsql\npgsql {parts['host']} {{\n  parameters {{\n{inner}\n  }}\n}}",
        "sql_readonly": "",
        "usage_block": "",
    }


def write(files: Mapping[str, str], folder: Path, owners: Mapping[str, tuple[int, int, int]]) -> None:
    """Write `files` below `folder`, each by rename, so that a daemon never reads half of one.

    `owners` gives (uid, gid, mode) by the first part of the path; it is put on the file before its
    name is. A `.cf` that is younger than two seconds makes every Postfix program wait: its time is put
    back.
    """
    for name, text in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        uid, gid, mode = owners[name.partition("/")[0]]
        fresh = target.with_name(f".{target.name}.new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        if os.geteuid() == 0:
            os.chown(fresh, uid, gid)
        fresh.chmod(mode)
        past = time.time() - 10
        os.utime(fresh, (past, past))
        fresh.replace(target)
