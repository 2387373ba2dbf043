"""How a vacation reply stands today, in words."""

from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from mailboxes.actions.vacations import Reply
from mailboxes.vacations import today_in


@dataclass(frozen=True)
class Standing:
    """How the reply stands: `state` and `label` of a badge, and a sentence."""

    state: str
    label: str
    sentence: str


def standing_of(reply: Reply) -> Standing:
    if not reply.is_on:
        return Standing("off", "Off", "Off")
    today = today_in(reply.time_zone, timezone.now())
    last = day_words(reply.last_day) if reply.last_day else ""
    if reply.last_day and reply.last_day < today:
        return Standing("off", "Over", f"It ended with {day_words(reply.last_day)}")
    if reply.first_day > today:
        return Standing(
            "wait", "Waits", f"From {day_words(reply.first_day)}" + (f" until {last}" if last else "")
        )
    return Standing("ok", "On", f"Until {last or 'you switch it off'}")


def day_words(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B}" + ("" if day.year == timezone.now().year else f" {day.year}")
