"""The little of ManageSieve (RFC 5804) that a test needs."""

import base64
import socket

from tests.factories import PASSWORD
from tests.mailstack import MailStack
from tests.panel.mailserver.clients import TLS


def put_script(stack: MailStack, user: str, script: str) -> None:
    """Upload and activate a script. Fails where the server says anything but OK."""
    with socket.create_connection(("127.0.0.1", stack.port(4190)), 20) as plain:
        with plain.makefile("rb", buffering=0) as file:
            _read(file)
            plain.sendall(b"STARTTLS\r\n")
            _read(file)
        with TLS.wrap_socket(plain) as connection, connection.makefile("rb", buffering=0) as file:
            _read(file)
            token = base64.b64encode(f"\0{user}\0{PASSWORD}".encode()).decode()
            for line in (
                f'AUTHENTICATE "PLAIN" "{token}"',
                f'PUTSCRIPT "test" {{{len(script)}+}}\r\n{script}',
                'SETACTIVE "test"',
            ):
                connection.sendall(line.encode() + b"\r\n")
                _read(file)


def _read(file) -> None:  # type: ignore[no-untyped-def]
    while line := file.readline():
        if line.startswith(b"OK"):
            return
        if line.startswith((b"NO", b"BYE")):
            # Its words may come as a literal, on the lines behind.
            raise AssertionError(line + file.read(1000))
