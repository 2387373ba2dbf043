"""Why somebody with the right password is not let in. A sign-in backend tells; the door passes it on.

It travels beside the answer of the backend, which stays None, so that the next backend is asked too: a
member and a mailbox user of one address are two principals.
"""

from django.http import HttpRequest

from panel.lib.errors import Refused

_ATTRIBUTE = "sign_in_shut_out"


def tell(request: HttpRequest | None, message: str) -> None:
    """Only after the right password: to everybody else an account looks like none."""
    if request is not None and told(request) is None:
        setattr(request, _ATTRIBUTE, Refused(message, "shut_out"))


def told(request: HttpRequest) -> Refused | None:
    return getattr(request, _ATTRIBUTE, None)
