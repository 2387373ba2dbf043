"""What people type about the vacation reply."""

from typing import Any

from django import forms

from mailboxes.actions.vacations import EMPTY, Reply
from mailboxes.vacations import MAX_MESSAGE, MAX_SUBJECT, time_zones
from panel.lib.forms import PanelForm


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        # What an <input type="date"> takes and sends, in every language.
        super().__init__(format="%Y-%m-%d")


class VacationForm(PanelForm):
    is_on = forms.BooleanField(label="Reply while away", required=False)
    first_day = forms.DateField(label="First day away", widget=DayInput, input_formats=["%Y-%m-%d"])
    last_day = forms.DateField(
        label="Last day away", required=False, widget=DayInput, input_formats=["%Y-%m-%d"]
    )
    time_zone = forms.ChoiceField(label="Time zone", help_text="The days begin and end at midnight there.")
    subject = forms.CharField(max_length=MAX_SUBJECT, error_messages={"required": EMPTY.format("a subject")})
    message = forms.CharField(
        error_messages={"required": EMPTY.format("a message")},
        # A browser sends every line end as two characters, which count as one.
        max_length=2 * MAX_MESSAGE,
        widget=forms.Textarea(attrs={"rows": 7}),
        help_text="Plain text. Say when you are back, and who helps until then.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # One that is off may wait without its text.
        if self.is_bound and "is_on" not in self.data:
            self.fields["subject"].required = self.fields["message"].required = False
        kept = self.initial.get("time_zone", "")
        # A zone that an update of the tz database took away still shows.
        zones = time_zones() if kept in time_zones() or not kept else (kept, *time_zones())
        self.fields["time_zone"].choices = [(zone, zone.replace("_", " ")) for zone in zones]  # type: ignore[attr-defined]  # declared on the field alone

    def reply(self) -> Reply:
        return Reply(**self.cleaned_data)
