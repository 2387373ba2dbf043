"""Asks Dovecot's own doveadm service, and reads the answer: an exit code or a 200 alone says nothing."""

import base64
import http.client
import json
from typing import Any

TIMEOUT_SECONDS = 8
HTTP_OK = 200
# doveadm(1) exit codes: 68 is EX_NOHOST, "nobody to kick".
NOTHING_FOUND = 68


class DoveadmError(Exception):
    """Dovecot could not be asked, or did not do it. Holds no secret."""


class Doveadm:
    """`command` runs on the service that listens at `port` of the loopback interface."""

    def __init__(self, port: int, password: str) -> None:
        self.port = port
        self.credentials = base64.b64encode(f"doveadm:{password}".encode()).decode()

    def flush_sign_ins(self, users: list[str]) -> None:
        """Forget the cached sign-ins of these addresses."""
        self.command("authCacheFlush", user=users)

    def kick(self, mask: str) -> None:
        """End the open sessions of an address; `*@domain` is everybody of a domain."""
        self.command("kick", mask=[mask])

    def command(self, name: str, **parameters: Any) -> list[dict[str, Any]]:
        """The rows that the command answers. Raises `DoveadmError`."""
        body = json.dumps([[name, parameters, "1"]])
        headers = {"Authorization": f"Basic {self.credentials}", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request("POST", "/doveadm/v1", body, headers)
            response = connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise DoveadmError(f"doveadm does not answer: {error}") from error
        finally:
            connection.close()
        if response.status != HTTP_OK:
            raise DoveadmError(f"doveadm answers {response.status} to {name}")
        return _rows(name, text)


def _rows(name: str, text: bytes) -> list[dict[str, Any]]:
    try:
        [[kind, payload, _tag]] = json.loads(text)
    except (ValueError, TypeError) as error:
        raise DoveadmError(f"doveadm's answer to {name} cannot be read") from error
    if kind == "doveadmResponse" and isinstance(payload, list):
        return payload
    if kind == "error" and isinstance(payload, dict) and payload.get("exitCode") == NOTHING_FOUND:
        return []
    raise DoveadmError(f"doveadm refuses {name}: {str(payload)[:200]}")
