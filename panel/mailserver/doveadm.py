"""Asks Dovecot's own doveadm service, and reads the answer: that something answered alone says nothing.

It speaks the protocol that doveadm itself uses between machines, one command a connection. The HTTP one
is no choice: in Dovecot 2.4.1 every `authCacheFlush` kills the service (an assertion on the type of its
parameter `user`), and a second command on one connection gets its answer after its status.
"""

import base64
import socket
from typing import BinaryIO

TIMEOUT_SECONDS = 8
# Minor version 0: later ones mix the log into the answer.
GREETING = "VERSION\tdoveadm-server\t1\t0\n"
DONE, FAILED, NOBODY = "+", "-", "-NOTFOUND"


class DoveadmError(Exception):
    """Dovecot could not be asked, or did not do it. Holds no secret."""


class Doveadm:
    """`command` runs on the service that listens at `port` of the loopback interface."""

    def __init__(self, port: int, password: str) -> None:
        self.port = port
        self.credentials = base64.b64encode(f"\0doveadm\0{password}".encode()).decode()

    def flush_sign_ins(self, users: list[str]) -> None:
        """Forget the cached sign-ins of these addresses."""
        answer = self.command("auth cache flush", *users)
        # It tells how many entries it has dropped; with anything else it did not reach the cache.
        if not answer.isdecimal():
            raise DoveadmError(f"doveadm did not flush: {answer[:200]!r}")

    def kick(self, mask: str) -> None:
        """End the open sessions of an address; `*@domain` is everybody of a domain."""
        self.command("kick", mask)

    def command(self, name: str, *arguments: str) -> str:
        """What the command answers: fields with a tab between them. Raises `DoveadmError`."""
        words = ("", "", name, *arguments)
        if any(character in word for word in words for character in "\t\r\n\0\1"):
            raise DoveadmError(f"{name} is not asked with a control character")
        try:
            with (
                socket.create_connection(("127.0.0.1", self.port), TIMEOUT_SECONDS) as connection,
                connection.makefile("rb") as file,
            ):
                connection.sendall(f"{GREETING}PLAIN\t{self.credentials}\n".encode())
                _wait_for_welcome(file)
                connection.sendall("\t".join(words).encode() + b"\n")
                answer, status = _line(file), _line(file)
        except OSError as error:
            raise DoveadmError(f"doveadm does not answer: {error}") from error
        # 2.3 says that it found nobody to kick, 2.4 that it kicked none.
        if status not in {DONE, NOBODY}:
            raise DoveadmError(f"doveadm refuses {name}: {status[:200]}")
        return answer.rstrip("\t")


def _wait_for_welcome(file: BinaryIO) -> None:
    """First it says that a password is wanted, then that this one will do."""
    if _line(file) != FAILED or _line(file) != DONE:
        raise DoveadmError("doveadm refuses its password")


def _line(file: BinaryIO) -> str:
    line = file.readline(1 << 20)
    if not line.endswith(b"\n"):
        raise DoveadmError("doveadm does not answer: the connection ended")
    return line[:-1].decode("utf-8", "replace")
