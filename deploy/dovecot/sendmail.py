# ruff: noqa: INP001 -- a program beside the configuration, not a module of ours
"""What Dovecot runs as sendmail for sieve scripts: `sendmail.py DOOR [-i] [-f SENDER] [--] RECIPIENT…`.

DOOR is a file with `host port user secret`. The message is read from standard input and handed to
our own Postfix; its answer decides: 0 done, 75 try again (EX_TEMPFAIL), 69 refused (EX_UNAVAILABLE).
Needs nothing but Python, for it runs as the owner of the mail.
"""

import smtplib
import sys
from pathlib import Path

EX_OK, EX_USAGE, EX_UNAVAILABLE, EX_TEMPFAIL = 0, 64, 69, 75
FIRST_PERMANENT = 500
TIMEOUT_SECONDS = 20


def parse(arguments: list[str]) -> tuple[str, list[str]]:
    """Sender and recipients; other options of sendmail(1) do nothing here."""
    sender, recipients, rest = "", [], list(arguments)
    while rest:
        word = rest.pop(0)
        if word == "--":
            recipients += rest
            break
        if word == "-f":
            sender = rest.pop(0) if rest else ""
        elif word.startswith("-f"):
            sender = word[2:]
        elif not word.startswith("-"):
            recipients.append(word)
    return sender.strip("<>"), recipients


def main(arguments: list[str]) -> int:
    if not arguments:
        return EX_USAGE
    sender, recipients = parse(arguments[1:])
    message = sys.stdin.buffer.read()
    try:
        host, port, user, secret = Path(arguments[0]).read_text(encoding="ascii").split()
        with smtplib.SMTP(host, int(port), timeout=TIMEOUT_SECONDS) as client:
            client.login(user, secret)
            refused = client.sendmail(sender, recipients, message)
    except smtplib.SMTPRecipientsRefused as error:
        refused = error.recipients
    except smtplib.SMTPResponseException as error:
        return EX_UNAVAILABLE if error.smtp_code >= FIRST_PERMANENT else EX_TEMPFAIL
    except (smtplib.SMTPException, OSError, ValueError):
        return EX_TEMPFAIL
    if not refused:
        return EX_OK
    is_permanent = all(code >= FIRST_PERMANENT for code, _ in refused.values())
    return EX_UNAVAILABLE if is_permanent else EX_TEMPFAIL


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
