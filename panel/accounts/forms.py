"""What people type at the door."""

from django import forms

from panel.accounts.validators import PasswordPolicy
from panel.lib.forms import PanelForm, password_field


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
    password = password_field("Password", "current-password")


class ForgotForm(PanelForm):
    email = forms.CharField(
        label="E-mail address",
        max_length=1000,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "inputmode": "email", "autocapitalize": "none"}
        ),
    )


class NewPasswordForm(PanelForm):
    new = password_field("New password", "new-password", help_text=PasswordPolicy().get_help_text())
    again = password_field("The new password again", "new-password")

    def clean_again(self) -> str:
        again: str = self.cleaned_data["again"]
        if again != self.cleaned_data.get("new"):
            raise forms.ValidationError(
                "The two are not the same. Type the new password twice.", code="again"
            )
        return again


class ChangePasswordForm(NewPasswordForm):
    old = password_field("Present password", "current-password")
    field_order = ("old", "new", "again")
