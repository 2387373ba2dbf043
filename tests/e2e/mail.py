"""Mail programs: swaks sends, imaplib reads. Each says what the server answered."""

import contextlib
import imaplib
import re
import shlex
import ssl
import subprocess
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from tests.dns import HOST
from tests.e2e.house import House

# The certificate is of the installation's own making.
TLS = ssl._create_unverified_context()  # noqa: S323 -- see above
WAIT_SECONDS = 20


@dataclass(frozen=True)
class Sent:
    """`answer` is the first refusal, or the last answer to the message itself; `tag` its subject."""

    tag: str
    answer: str
    transcript: str

    @property
    def code(self) -> int:
        return int(self.answer[:3])


def swaks(house: House, *, to: str, sender: str, user: str = "", password: str = "", kb: int = 0) -> Sent:
    """Submit with STARTTLS as `sender`, or as `user`. Without `password` it comes from outside, to port 25."""
    tag = uuid.uuid4().hex
    command = ["swaks", "--server", f"{HOST}:{house.port(587 if password else 25)}", "--timeout", "60"]
    command += ["--to", to, "--from", sender, "--header", f"Subject: {tag}"]
    if password:
        command += ["--tls", "--auth", "PLAIN", "--auth-user", user or sender, "--auth-password", password]
    if kb:
        command += ["--body", "-"]
    lines = ("x" * 75 + "\n") * (kb * 1024 // 76)
    return _run(command, tag, lines)


def as_printed(house: House, line: str, *, domain: str, password: str) -> Sent:
    """The command that `deploy/up` printed, with the domain and the password filled in."""
    tag = uuid.uuid4().hex
    command = shlex.split(line.replace("\\\n", "").replace("DOMAIN", domain))
    filled = [password if word == "…" else word for word in command]
    return _run([*filled, "--header", f"Subject: {tag}"], tag)


def _run(command: list[str], tag: str, text: str = "") -> Sent:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=90)
    said = done.stdout + done.stderr
    # swaks marks refusals with asterisks, and answers over TLS with a tilde.
    refusals = re.findall(r"^<[-~]?\*+ +(\d{3} .*)$", said, re.MULTILINE)
    answers = re.findall(r"^<[-~]? +(\d{3} .*)$", said, re.MULTILINE)
    assert refusals or answers, said
    # The last answer of all is 221, to QUIT.
    return Sent(tag, refusals[0] if refusals else answers[-2], said)


@contextlib.contextmanager
def imap(house: House, user: str, password: str = "") -> Iterator[imaplib.IMAP4_SSL]:
    """Raises `imaplib.IMAP4.error` for a refused sign-in."""
    client = imaplib.IMAP4_SSL(HOST, house.port(993), ssl_context=TLS, timeout=30)
    try:
        client.login(user, password or house.passwords[user])
        yield client
    finally:
        client.shutdown()


def may_sign_in(house: House, user: str) -> bool:
    try:
        with imap(house, user):
            return True
    except imaplib.IMAP4.error as error:
        if "AUTHENTICATIONFAILED" not in str(error):
            raise
        return False


def read(house: House, user: str, text: str, *, seconds: float = WAIT_SECONDS) -> str:
    """The message in the inbox that has `text` in it, as soon as it is there."""
    deadline = time.monotonic() + seconds
    with imap(house, user) as client:
        while True:
            client.select()
            numbers = client.search(None, "TEXT", f'"{text}"')[1][0].split()
            if numbers:
                return client.fetch(numbers[-1].decode(), "(RFC822)")[1][0][1].decode()
            assert time.monotonic() < deadline, f"no “{text}” came to {user} in {seconds} s\n{house.logs()}"
            time.sleep(0.2)


def subjects(house: House, user: str) -> set[str]:
    """Of all messages in the inbox."""
    with imap(house, user) as client:
        client.select()
        answer = client.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]
        return {
            part[1].decode().removeprefix("Subject:").strip() for part in answer if isinstance(part, tuple)
        }


def wait_until(seconds: float, is_so: object, what: str) -> float:
    """Ask again and again; how long it took. Fails after `seconds`."""
    began = time.monotonic()
    while not is_so():
        passed = time.monotonic() - began
        assert passed < seconds, f"{what}: not after {seconds} s"
        time.sleep(0.2)
    return time.monotonic() - began
