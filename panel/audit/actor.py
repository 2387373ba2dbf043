"""Who acts: the part of a request, a command or a job that an audit entry needs."""

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    MEMBER = "member"
    MAILBOX = "mailbox"
    COMMAND = "command"
    SYSTEM = "system"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True)
class Actor:
    """`label` is what a person reads in the trail; `address` is the client's IP address or None."""

    kind: ActorKind
    label: str
    id: int | None = None
    address: str | None = None
    request_id: str = ""


SYSTEM = Actor(ActorKind.SYSTEM, "Posthouse")
COMMAND = Actor(ActorKind.COMMAND, "Command line")
