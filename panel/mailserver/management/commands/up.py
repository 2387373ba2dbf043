"""`manage.py up`: bring the state folder to the present version and run all parts until told to end."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connections

from panel.environment import environment
from panel.mailserver.layout import STANDARD_PORTS, Layout
from panel.mailserver.programs import Program, mail_programs
from panel.mailserver.supervisor.guard import MARK, Guard
from panel.mailserver.supervisor.manager import Supervisor
from panel.mailserver.supervisor.parts import Broker, Part, find_broker, panel_parts, what_is_wrong_with
from panel.mailserver.supervisor.state import NotPossible, State, panel_owner
from panel.remembered import PORT, remember, without_password

LISTENING = ("smtp", "submission", "submissions", "imap", "imaps", "pop3", "pop3s", "sieve")


class Command(BaseCommand):
    help = (
        "Migrate, make the first operator if there is none, and run the panel, the worker and the mail "
        "servers until SIGINT or SIGTERM. deploy/up starts this with everything that it needs."
    )
    # They are run below, once the tables are there.
    requires_system_checks: list[str] = []  # noqa: RUF012 -- Django's shape

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--lock", type=int, required=True, help="descriptor that holds the state folder")
        parser.add_argument("--demo", action="store_true", help="fill an empty installation with an example")

    def handle(self, *_args: Any, lock: int, demo: bool, **_options: Any) -> None:
        layout = Layout(environment.state_dir.resolve(), environment.mail_port_offset)
        port = int(os.environ[PORT])
        try:
            state = State(layout.state, panel_owner())
            mail = mail_programs(layout) if state.owner.uid is not None else []
            _refuse_taken_ports(port, layout if mail else None)
            broker = find_broker(state, environment.broker_url)
            self._bring_up_to_date(with_mail=bool(mail), demo=demo)
            # What root wrote just now becomes the panel's.
            state.prepare(environment.mail_host)
            remember(state.root, os.environ)
        except NotPossible as reason:
            raise CommandError(str(reason)) from reason
        except OSError as error:
            raise CommandError(f"Cannot write {error.filename or state.root}: {error.strerror}") from error
        except DatabaseError as error:
            named = without_password(environment.database_url.get_secret_value())
            raise CommandError(f"The database ({named}) cannot be used: {str(error).strip()}") from error
        connections.close_all()
        guard = Guard(state.root, lock)
        # Every part inherits the environment, and none needs to know these.
        os.environ.pop("POSTHOUSE_OPERATOR_PASSWORD", None)
        os.environ.pop("POSTHOUSE_OPERATOR_EMAIL", None)
        os.environ |= {
            "POSTHOUSE_BROKER_URL": broker.url,
            "HOME": str(state.run / "panel"),
            MARK: str(state.root),
        }
        self.stdout.flush()
        parts = _parts(state, port, broker, mail, layout)
        with guard:
            supervisor = Supervisor(parts, Path(settings.BASE_DIR), guard.pid, lock)
            code = supervisor.run(lambda: _greeting(port, broker, layout, has_mail=bool(mail)))
        os.close(lock)
        sys.exit(code)

    def _bring_up_to_date(self, *, with_mail: bool, demo: bool) -> None:
        for alias in settings.DATABASES:
            call_command("migrate", database=alias, verbosity=0, interactive=False)
        # Raises `SystemCheckError` (a sentence each) for what would break at the first page.
        self.check()
        call_command("collectstatic", verbosity=0, interactive=False)
        call_command("ensure_operator", stdout=self.stdout)
        if demo:
            call_command("demo", stdout=self.stdout)
        if with_mail:
            if connections["default"].vendor == "postgresql":
                call_command("mail_roles", verbosity=0, stdout=self.stdout)
            call_command("render_mail_config", verbosity=0, stdout=self.stdout)


def _parts(state: State, port: int, broker: Broker, mail: Iterable[Program], layout: Layout) -> list[Part]:
    parts = [broker.part] if broker.part else []
    parts += [_mail_part(state, program, layout) for program in mail]
    return parts + panel_parts(state, port)


def _mail_part(state: State, program: Program, layout: Layout) -> Part:
    log = {"postfix": "postfix.log", "dovecot": "dovecot.log"}.get(program.name)
    return Part(
        program.name,
        tuple(program.argv),
        uid=None if program.as_root else state.owner.uid,
        gid=None if program.as_root else state.owner.gid,
        log=layout.state / "log" / log if log else None,
        # `postfix start-fg` is a script that waits for the daemon, which has a session of its own.
        end_all_below=program.name == "postfix",
    )


def _refuse_taken_ports(port: int, layout: Layout | None) -> None:
    wanted = [("127.0.0.1", port, "the panel", "Choose another one with --port.")]
    if layout is not None:
        wanted += [
            (
                environment.mail_listen if service in LISTENING else "127.0.0.1",
                layout.port(service),
                service,
                "Choose other ports with --mail-port-offset.",
            )
            for service in STANDARD_PORTS
        ]
    numbers = [number for _, number, *_ in wanted]
    for host, number, service, advice in wanted:
        if numbers.count(number) > 1:
            raise NotPossible(f"Port {number} ({service}) is wanted for two things. {advice}")
        if wrong := what_is_wrong_with(host, number):
            raise NotPossible(f"Port {number} ({service}) on {host} {wrong}. {advice}")


def _greeting(port: int, broker: Broker, layout: Layout, *, has_mail: bool) -> str:
    lines = [
        "",
        f"Posthouse is up: {settings.PANEL_URL} (listening on 127.0.0.1:{port})",
        f"State: {layout.state}   Tasks: {broker.told}",
    ]
    if has_mail:
        lines += _first_message(layout)
    else:
        lines.append("The mail servers are left out: they need root and the packages of Postfix and Dovecot.")
    lines += ["Ctrl-C ends all of it.", ""]
    return "\n".join(lines)


def _first_message(layout: Layout) -> list[str]:
    relay = {"queue": "stays in the queue (--relay HOST|direct sends it)", "direct": "goes out by MX"}
    return [
        f"Mail to outside {relay.get(environment.relay, f'goes to {environment.relay}')}.",
        "Once there are a proved domain and two mailboxes, say ann@ and bob@ of it, ann writes to bob:",
        f"    swaks --server 127.0.0.1:{layout.port('submission')} --tls --auth PLAIN --auth-user ann@DOMAIN \\",
        "        --auth-password … --from ann@DOMAIN --to bob@DOMAIN",
        "and bob reads it:",
        f"    curl --insecure --user bob@DOMAIN 'imaps://127.0.0.1:{layout.port('imaps')}/INBOX;MAILINDEX=1'",
    ]
