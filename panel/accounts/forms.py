"""What people type at the door."""

from django import forms

from panel.accounts.validators import PasswordPolicy
from panel.lib.forms import PanelForm

MAX_TYPED = 4096


def _password(label: str, autocomplete: str, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        strip=False,
        max_length=MAX_TYPED,
        help_text=help_text,
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
    )


class SignInForm(PanelForm):
    email = forms.CharField(
        label="E-mail address",
        max_length=1000,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "username",
                "inputmode": "email",
                "autocapitalize": "none",
                "spellcheck": "false",
            }
        ),
    )
    password = _password("Password", "current-password")


class ForgotForm(PanelForm):
    email = forms.CharField(
        label="E-mail address",
        max_length=1000,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "inputmode": "email", "autocapitalize": "none"}
        ),
    )


class NewPasswordForm(PanelForm):
    new = _password("New password", "new-password", PasswordPolicy().get_help_text())
    again = _password("The new password again", "new-password")

    def clean_again(self) -> str:
        again: str = self.cleaned_data["again"]
        if again != self.cleaned_data.get("new"):
            raise forms.ValidationError(
                "The two are not the same. Type the new password twice.", code="again"
            )
        return again


class ChangePasswordForm(NewPasswordForm):
    old = _password("Present password", "current-password")
    field_order = ("old", "new", "again")
