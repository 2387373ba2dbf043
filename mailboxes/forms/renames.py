"""What people choose where a mailbox or a domain gets another name."""

from typing import Any

from django import forms

from domains.models import Domain
from mailboxes.models import Mailbox
from panel.lib.addresses import display_domain
from panel.lib.forms import PanelForm

KEEP, REMOVE = "keep", "remove"


class RenameForm(PanelForm):
    local_part = forms.CharField(
        label="New address",
        max_length=64,
        widget=forms.TextInput(
            attrs={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}
        ),
    )
    keep_old = forms.BooleanField(required=False)

    def __init__(self, mailbox: Mailbox, grace_days: int, data: Any = None) -> None:
        super().__init__(data, initial={"local_part": mailbox.address.local_part, "keep_old": True})
        self.fields["keep_old"].label = "Keep the old address as an alias"
        self.fields["keep_old"].help_text = (
            "Mail to it goes on arriving here; it counts as an alias. Otherwise senders are told that it does"
            f" not exist, and the name stays reserved for {grace_days} days."
        )


class MainNameForm(PanelForm):
    old_name = forms.ChoiceField(widget=forms.RadioSelect, initial=KEEP)

    def __init__(self, main: Domain, *, may_remove: bool, data: Any = None) -> None:
        super().__init__(data)
        old, field = display_domain(main.name), self.fields["old_name"]
        field.label = f"What happens to {old}"
        choices = [(KEEP, f"It stays as an alias domain: mail to anyone@{old} goes on arriving")]
        if may_remove:
            choices.append((REMOVE, "It is removed: mail to it is refused, and it can be brought back"))
        field.choices = choices  # type: ignore[attr-defined]  # a choice field

    def keeps_old(self) -> bool:
        return bool(self.cleaned_data["old_name"] == KEEP)
