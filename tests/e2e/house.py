"""A whole Posthouse as `deploy/up` starts it, and the part of the world that it needs: a name server and,
for the second run of the story, a PostgreSQL."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.deploy.installation import Installation
from tests.dns import HOST, Nsd, Zone, nsd
from tests.postgres import PostgreSQL

DATABASE_USER, DATABASE_PASSWORD = "posthouse", "quiet harbour at dawn"
# As a Debian administrator has it: everyone who comes over TCP shows a password, but for the test itself.
ACCESS_RULES = "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"


@dataclass
class House:
    """`database` is None on SQLite. `ended_at` is the step at which the story went wrong."""

    name: str
    installation: Installation
    name_server: Nsd
    database: PostgreSQL | None
    # What the cast learns on the way: passwords by address.
    passwords: dict[str, str] = field(default_factory=dict)
    ended_at: str = ""

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.installation.port}"

    def port(self, standard: int) -> int:
        """Where a standard port of mail is here."""
        return standard + self.installation.offset

    def publish(self, domain: str, name: str, value: str) -> None:
        """Put a TXT record into the public DNS of a domain."""
        self.name_server.publish(self.name_server.zones[domain].txt(name, value))

    def printed(self, pattern: str) -> str:
        """What `deploy/up` said to whoever started it."""
        found = re.search(pattern, self.installation.output())
        assert found, self.installation.output()
        return found[1]

    def logs(self) -> str:
        """The end of what the parts said, for whoever reads a failure."""
        files = [self.installation.log, *sorted(self.installation.state.glob("log/*.log"))]
        return "\n".join(f"--- {file.name}\n{_end_of(file)}" for file in files if file.is_file())


@contextmanager
def running_house(name: str, *zones: Zone) -> Iterator[House]:
    """`name` is the database, "sqlite" or "postgresql"."""
    with ExitStack() as stack:
        name_server = stack.enter_context(nsd(*zones))
        database = stack.enter_context(_postgresql()) if name == "postgresql" else None
        installation = Installation()
        stack.callback(installation.close)
        house = House(name, installation, name_server, database)
        installation.start(
            *(["--database", _url(database)] if database else []),
            POSTHOUSE_RESOLVERS=f"{HOST}:{name_server.port}",
            POSTHOUSE_AUTHORITATIVE_PORT=str(name_server.port),
            POSTHOUSE_ALLOW_PRIVATE_DNS="true",
        )
        installation.wait_until_up()
        yield house


@contextmanager
def _postgresql() -> Iterator[PostgreSQL]:
    """With the role and the database that docs/operations.md asks for."""
    with PostgreSQL() as server:
        (server.folder / "data" / "pg_hba.conf").write_text(ACCESS_RULES)
        server.psql("SELECT pg_reload_conf()")
        server.psql(f"CREATE ROLE {DATABASE_USER} LOGIN CREATEROLE PASSWORD '{DATABASE_PASSWORD}'")
        server.psql(f"CREATE DATABASE {DATABASE_USER} OWNER {DATABASE_USER}")
        yield server


def _url(server: PostgreSQL) -> str:
    password = DATABASE_PASSWORD.replace(" ", "%20")
    return f"postgres://{DATABASE_USER}:{password}@127.0.0.1:{server.port}/{DATABASE_USER}"


def _end_of(file: Path, characters: int = 4000) -> str:
    return file.read_text(errors="replace")[-characters:]
