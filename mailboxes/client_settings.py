"""What a mail program is set to. Pure, but for the settings of the installation."""

from dataclasses import dataclass

from panel.environment import environment


@dataclass(frozen=True)
class Door:
    """One way to the mailbox: its protocol, what it is for, the server, the port and how it is
    encrypted."""

    protocol: str
    title: str
    host: str
    port: int
    security: str
    note: str = ""


def doors(*, imap: bool, pop3: bool, smtp: bool, sieve: bool) -> list[Door]:
    """The doors that are open to a mailbox, the best one of each kind first."""
    every = [
        (imap, "imap", "Reading mail (IMAP)", 993, "SSL/TLS", "The best choice for phones and computers"),
        (pop3, "pop3", "Reading mail (POP3)", 995, "SSL/TLS", "For old programs that know no IMAP"),
        (smtp, "smtp", "Sending mail (SMTP)", 465, "SSL/TLS", "With the same address and password"),
        (smtp, "smtp", "Sending mail (SMTP)", 587, "STARTTLS", "Where a program does not know port 465"),
        (
            sieve,
            "sieve",
            "Rules (ManageSieve)",
            4190,
            "STARTTLS",
            "For programs that sort mail on the server",
        ),
    ]
    return [
        Door(protocol, title, environment.mail_host, port + environment.mail_port_offset, security, note)
        for is_open, protocol, title, port, security, note in every
        if is_open
    ]
