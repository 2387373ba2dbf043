"""`python -m panel.mailserver.supervisor OPTIONS`: what `deploy/up` ends in."""

import os
import sys
from pathlib import Path

from panel.mailserver.supervisor.options import read_options
from panel.mailserver.supervisor.state import NotPossible, State, panel_owner

CLONE = Path(__file__).resolve().parents[3]


def main() -> None:
    options = read_options(sys.argv[1:], CLONE)
    try:
        state = State(options.state, panel_owner())
        state.prepare(os.environ.get("POSTHOUSE_MAIL_HOST", "localhost"))
    except NotPossible as reason:
        sys.exit(f"posthouse: {reason}")
    # Only now can Django's settings be read: they need the folder and its secrets.
    os.environ.update(options.variables(os.environ))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "panel.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 -- see above

    execute_from_command_line(["manage.py", "up"])


if __name__ == "__main__":
    main()
