"""Keeps the secret of a link out of every log: it stands in the path of the one request that brings it in.

The page behind the link moves it into the session and leads on at once. What remains is whatever writes
down the paths of requests: Django's own log (an error while the link is followed) and gunicorn's access
log, which is off in what we ship and can be switched on from outside.
"""

import logging
import re
from collections.abc import Callable, Iterable
from typing import Any

logger = logging.getLogger(__name__)

_SECRET = re.compile(r"(/password/reset/)[^/\s?#'\"]+")
# What gunicorn's access log is made from.
_LOGGED = ("RAW_URI", "REQUEST_URI", "PATH_INFO", "HTTP_REFERER")

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def without_secrets(text: str) -> str:
    return _SECRET.sub(r"\1***", text)


class SecretPathFilter(logging.Filter):
    """Takes the secret out of a record, whoever wrote it."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if _SECRET.search(message):
            record.msg, record.args = without_secrets(message), ()
        return True


def keep_secrets_out(application: Application) -> Application:
    """Wrap a WSGI application: once it has answered, the server finds no secret in the environment that it
    logs from. An error that even the error page cannot show ends here, for the server would log the request
    as it came in."""

    def wrapped(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            return application(environ, start_response)
        except Exception:
            if not _SECRET.search(environ.get("PATH_INFO", "")):
                raise
            logger.exception("A link to a new password could not be followed.")
            start_response("500 Internal Server Error", [("Content-Type", "text/plain")])
            return [b"This did not work, and nothing was changed. Try the link again in a minute.\n"]
        finally:
            for name in _LOGGED:
                if _SECRET.search(environ.get(name, "")):
                    environ[name] = without_secrets(environ[name])

    return wrapped
