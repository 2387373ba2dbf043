"""The form that all others extend."""

import unicodedata
from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from panel.lib.errors import Refused


def refuse_unseen_characters(text: str, *, multiline: bool = False) -> None:
    """Control characters, line ends and invisible ones: a name with a line end forges a header."""
    for character in text:
        if multiline and character in "\r\n\t":
            continue
        if (
            unicodedata.category(character) in {"Cc", "Cs", "Cn", "Zl", "Zp"}
            or character in "\u200b\u202a\u202b\u202d\u202e\ufeff"
        ):
            message = f"There is a character in it that cannot be seen (U+{ord(character):04X}). Type it again by hand."
            raise ValidationError(message, code="unseen_character")


# Far above any password, far below what would keep a hash busy.
MAX_TYPED_PASSWORD = 4096


def password_field(
    label: str, autocomplete: str, *, required: bool = True, help_text: str = ""
) -> forms.CharField:
    """Kept exactly as typed: a mail program sends what its user typed, and Dovecot compares bytes."""
    return forms.CharField(
        label=label,
        strip=False,
        required=required,
        max_length=MAX_TYPED_PASSWORD,
        help_text=help_text,
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
    )


class PanelForm(forms.Form):
    """A form whose texts hold no unseen characters, and that shows what an action refuses."""

    # What `attempt` met last.
    refusal: Refused | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            # A field that says something better of its own keeps it.
            if field.error_messages.get("required") == forms.Field.default_error_messages["required"]:
                field.error_messages["required"] = (
                    "Choose one of these."
                    if isinstance(field, forms.ChoiceField)
                    else "This cannot stay empty."
                )

    def attempt(self, act: Callable[[], Any]) -> Any:
        """The result of `act`, or None after putting its refusal at the field that it names, else on
        top of the form. An action used with it returns something true."""
        try:
            return act()
        except Refused as refused:
            self.refusal = refused
            field = refused.field if refused.field in self.fields else None
            self.add_error(field, ValidationError(refused.message, code=refused.code))
            return None

    def _clean_fields(self) -> None:
        super()._clean_fields()  # type: ignore[misc]  # not in the stubs
        for name, field in self.fields.items():
            value: Any = self.cleaned_data.get(name)
            if isinstance(value, str) and not isinstance(field.widget, forms.PasswordInput):
                try:
                    refuse_unseen_characters(value, multiline=isinstance(field.widget, forms.Textarea))
                except ValidationError as error:
                    self.add_error(name, error)
