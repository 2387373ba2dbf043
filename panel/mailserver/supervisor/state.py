"""The state folder: who owns what, and the secrets that are made once."""

import fcntl
import grp
import os
import pwd
import re
import secrets
import shutil
import stat
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from panel.mailserver.supervisor.guard import ENDING

# Neither has an entry in /etc/passwd: nobody signs in as them, and no other package uses them.
PANEL_UID = 6001
MAIL_UID = MAIL_GID = 5000
MAIL_GROUP = "maildb"
# A unix socket's path has at most 107 bytes (sun_path of unix(7)).
LONGEST_SOCKET_PATH = 107
# How long one that was told to end may take.
LONGEST_END_SECONDS = 40
LEAST_FREE_BYTES = 64 * 1024**2
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._+-]+")


class NotPossible(Exception):  # noqa: N818 -- a reason that a person reads, not an error of the program
    """The installation cannot start; the text says why and what to do."""


@dataclass(frozen=True)
class Owner:
    """Whom the panel's processes run as. None in both: as whoever started it."""

    uid: int | None = None
    gid: int | None = None

    def may_read(self, folder: Path) -> bool:
        """Whether a process of this owner may enter `folder` and all folders above it."""
        if self.uid is None:
            return os.access(folder, os.X_OK)
        return all(place.stat().st_mode & stat.S_IXOTH for place in (folder, *folder.parents))


def panel_owner() -> Owner:
    """As root the panel runs as a user without rights, in the group that reads the database with
    Postfix and Dovecot. Raises `NotPossible` where `deploy/up` has not made that group."""
    if os.geteuid() != 0:
        return Owner()
    try:
        return Owner(PANEL_UID, grp.getgrnam(MAIL_GROUP).gr_gid)
    except KeyError:
        message = f"The group {MAIL_GROUP} is missing. Start with deploy/up, which makes it."
        raise NotPossible(message) from None


@dataclass(frozen=True)
class State:
    """Paths below the state folder."""

    root: Path
    owner: Owner

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def run(self) -> Path:
        return self.root / "run"

    def prepare(self, mail_host: str) -> None:
        """Make what is missing and set every mode anew; what is there keeps its content."""
        os.umask(0o022)
        self._folder("", 0o755, panels=False)
        if not self.owner.may_read(self.root):
            message = (
                f"Other users cannot enter {self.root} or a folder above it, and neither could Postfix, "
                "Dovecot and the panel. Choose another one with --state."
            )
            raise NotPossible(message)
        if self.owner.uid is not None and not PLAIN_PATH.fullmatch(str(self.root)):
            message = (
                f"The name “{self.root}” has a space or another character that cannot stand in the files of "
                "Postfix and Dovecot. Choose a folder with --state whose name has none but A-Z a-z 0-9 / . _ + -"
            )
            raise NotPossible(message)
        self._refuse_full_disk()
        self._folder("secrets", 0o700)
        self._folder("run", 0o755, panels=False)
        self._folder("run/panel", 0o700)
        self._folder("run/requests", 0o700)
        self._folder("log", 0o755, panels=False)
        self._folder("static", 0o755)
        self._folder("celery", 0o700)
        for name in ("queue", "control", "processed"):
            self._folder(f"celery/{name}", 0o700)
        self._folder("broker", 0o700)
        self._database_folder()
        self._folder("mail", 0o700, panels=False)
        if self.owner.uid is not None:
            os.chown(self.root / "mail", MAIL_UID, MAIL_GID)
        self._mail_server_folders()
        self.secret("django")
        self._certificate(mail_host)

    def _refuse_full_disk(self) -> None:
        free = shutil.disk_usage(self.root).free
        if free < LEAST_FREE_BYTES:
            message = (
                f"The disk is full: {free // 1024**2} MB are free for {self.root}, and "
                f"{LEAST_FREE_BYTES // 1024**2} are needed. Make room, or choose another folder with --state."
            )
            raise NotPossible(message)

    def secret(self, name: str) -> Path:
        """The file of a secret of 384 random bits, made at the first call and never overwritten."""
        path = self.secrets / name
        try:
            # O_EXCL: of two starts at once, one makes it, and a link that lies there is not followed.
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        except FileExistsError:
            path.chmod(0o600)
        else:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(48) + "\n")
        self._give(path)
        return path

    def lock(self) -> int:
        """Make the folder and hold it for this start; the lock goes with the process and its guard.
        Raises `NotPossible` while another one holds it, and waits for one that is ending."""
        os.umask(0o022)
        self._folder("", 0o755, panels=False)
        self._folder("run", 0o755, panels=False)
        descriptor = os.open(self.run / "up.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + LONGEST_END_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if os.pread(descriptor, len(ENDING), 0) == ENDING and time.monotonic() < deadline:
                    time.sleep(0.1)
                    continue
                os.close(descriptor)
                message = f"Posthouse runs already from {self.root}. Stop it first, or choose another folder with --state."
                raise NotPossible(message) from None
            os.ftruncate(descriptor, 0)
            return descriptor

    def socket(self, name: str) -> Path:
        """A path for a unix socket that only the panel opens. Raises `NotPossible` where it is too long."""
        path = self.run / "panel" / name
        if len(os.fsencode(path)) > LONGEST_SOCKET_PATH:
            message = f"{path} is too long for a unix socket. Choose a shorter folder with --state."
            raise NotPossible(message)
        return path

    def _folder(self, name: str, mode: int, *, panels: bool = True) -> Path:
        path = self.root / name
        path.mkdir(parents=not name, exist_ok=True)
        if not name and path.stat().st_uid != os.geteuid():
            message = f"{path} belongs to somebody else. Choose another folder with --state."
            raise NotPossible(message)
        if panels:
            self._give(path)
        path.chmod(mode)
        return path

    def _database_folder(self) -> None:
        """Whoever makes SQLite's -wal and -shm files, all three of panel, Postfix and Dovecot can use
        them: they get the mode of the database and the group of the folder."""
        folder = self._folder("db", 0o2770)
        for name in ("posthouse.sqlite3", "usage.sqlite3"):
            path = folder / name
            path.touch(mode=0o660)
            for file in (path, *folder.glob(f"{name}-*")):
                self._give(file)
                file.chmod(0o660)

    def _mail_server_folders(self) -> None:
        for name in ("config", "postfix", "postfix/queue", "dovecot", "dovecot/run", "dovecot/state"):
            self._folder(name, 0o755, panels=False)
        if self.owner.uid is None:
            return
        try:
            postfix = pwd.getpwnam("postfix")
        except KeyError:
            return
        data = self._folder("postfix/data", 0o700, panels=False)
        os.chown(data, postfix.pw_uid, postfix.pw_gid)

    def _certificate(self, mail_host: str) -> None:
        """A certificate of our own making, until the administrator puts a real one in its place."""
        folder = self._folder("tls", 0o755, panels=False)
        certificate, key = folder / "cert.pem", folder / "key.pem"
        if certificate.exists() and key.exists():
            return
        openssl = shutil.which("openssl")
        if openssl is None:
            if self.owner.uid is None:
                return  # The panel alone runs, and it needs none.
            message = "The program openssl is missing: install the package openssl."
            raise NotPossible(message)
        names = ",".join(dict.fromkeys([f"DNS:{mail_host}", "DNS:localhost", "IP:127.0.0.1"]))
        key_type = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
        subject = ("-subj", f"/CN={mail_host}", "-addext", f"subjectAltName={names}")
        files = ("-keyout", str(key), "-out", str(certificate))
        run_quietly([openssl, "req", "-x509", *key_type, "-days", "825", *subject, *files])
        key.chmod(0o600)

    def _give(self, path: Path) -> None:
        if self.owner.uid is not None and self.owner.gid is not None:
            os.chown(path, self.owner.uid, self.owner.gid, follow_symlinks=False)


def run_quietly(command: Sequence[str]) -> None:
    """Run a program; raises `NotPossible` with what it said if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        message = f"{command[0]} failed with exit code {done.returncode}:\n{done.stderr.strip()[-2000:]}"
        raise NotPossible(message)
