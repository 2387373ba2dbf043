"""Forms keep what was typed, refuse what cannot be seen, and show what an action refuses."""

import pytest
from django import forms

from panel.lib.errors import Refused
from panel.lib.forms import PanelForm


class NoteForm(PanelForm):
    name = forms.CharField()
    text = forms.CharField(widget=forms.Textarea, required=False)
    password = forms.CharField(widget=forms.PasswordInput, required=False, strip=False)


@pytest.mark.parametrize("character", ["\n", "\r", "\x00", "\x1b", "\u2028", "\u202e", "\u200b", "\ufeff"])
def test_an_unseen_character_is_refused_at_its_field(character):
    form = NoteForm({"name": f"An{character}n"})
    assert not form.is_valid()
    assert list(form.errors) == ["name"]


def test_a_text_of_several_lines_may_have_line_ends_and_nothing_else():
    assert NoteForm({"name": "Ann", "text": "one\r\ntwo"}).is_valid()
    assert not NoteForm({"name": "Ann", "text": "one\x07two"}).is_valid()


def test_a_refusal_appears_at_its_field_with_its_code():
    form = NoteForm({"name": "Ann"})
    assert form.is_valid()

    def act():
        raise Refused("Ann is taken.", "name_taken", "name")

    assert form.attempt(act) is None
    assert form.errors.as_data()["name"][0].code == "name_taken"
    assert form["name"].value() == "Ann"


def test_a_refusal_about_no_field_appears_on_top():
    form = NoteForm({"name": "Ann"})
    assert form.is_valid()

    def act():
        raise Refused("The limit is reached.", "cap_reached", "elsewhere")

    form.attempt(act)
    assert form.non_field_errors() == ["The limit is reached."]


def test_the_result_of_an_act_comes_back():
    form = NoteForm({"name": "Ann"})
    assert form.is_valid()
    assert form.attempt(lambda: 42) == 42


class ThreeFields(PanelForm):
    name = forms.CharField()
    kind = forms.ChoiceField(choices=[("a", "A")])
    reason = forms.CharField(error_messages={"required": "Type the reason."})


def test_an_empty_field_says_so_in_our_words_and_a_field_keeps_its_own():
    form = ThreeFields({})
    assert {name: list(errors) for name, errors in form.errors.items()} == {
        "name": ["This cannot stay empty."],
        "kind": ["Choose one of these."],
        "reason": ["Type the reason."],
    }
    assert forms.CharField().error_messages["required"] == "This field is required."
