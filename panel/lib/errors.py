"""The one way in which an action says no."""

from typing import Self


class Refused(Exception):  # noqa: N818 -- a refusal is an answer to a person, not an error of the program
    """What a person asked for cannot be done.

    `message` is one or two whole sentences that the person may read: what is, and what to do.
    `code` is stable and snake_case, for programs and tests. `field` names the form field it is
    about, or is empty.
    """

    def __init__(self, message: str, code: str, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.field = field

    def at(self, field: str) -> Self:
        """The same refusal, about `field`."""
        return type(self)(self.message, self.code, field)
