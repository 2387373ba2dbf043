"""`python -m panel.mailserver.supervisor OPTIONS`: what `deploy/up` ends in."""

import os
import sys
from pathlib import Path

from panel.mailserver.supervisor.guard import end_leftovers
from panel.mailserver.supervisor.options import Options, read_options
from panel.mailserver.supervisor.state import NotPossible, State, panel_owner
from panel.remembered import read_remembered

CLONE = Path(__file__).resolve().parents[3]


def main() -> None:
    options = read_options(sys.argv[1:], CLONE)
    try:
        lock, variables = prepare(options)
    except NotPossible as reason:
        sys.exit(f"posthouse: {reason}")
    except OSError as error:
        sys.exit(f"posthouse: cannot write {error.filename or options.state}: {error.strerror}")
    # Only now can Django's settings be read: they need the folder and its secrets.
    os.environ.update(variables)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "panel.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 -- see above

    execute_from_command_line(["manage.py", "up", "--lock", str(lock), *(["--demo"] if options.demo else [])])


def prepare(options: Options) -> tuple[int, dict[str, str]]:
    """Hold the folder, end what a killed start left in it and bring it up to date. Returns the lock and
    the variables for all parts. Raises `NotPossible` and `OSError`."""
    state = State(options.state, panel_owner())
    lock = state.lock()
    variables = options.variables(os.environ, read_remembered(state.root))
    if count := end_leftovers(state.root):
        sys.stderr.write(f"posthouse: ended {count} processes that a killed start had left.\n")
    state.prepare(os.environ.get("POSTHOUSE_MAIL_HOST", "localhost"))
    return lock, variables


if __name__ == "__main__":
    main()
