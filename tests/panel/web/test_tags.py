"""What the template tags say."""

from datetime import UTC, datetime, timedelta

import pytest
from django import forms
from django.template import engines
from django.utils import timezone

from panel.web.templatetags.posthouse import (
    ago,
    bytes_words,
    icon,
    initials,
    u_address,
    usage,
)

MIB = 1024**2
GIB = 1024**3


def render(source: str, **context: object) -> str:
    return engines["django"].from_string(source).render(context)


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (None, "not measured yet"),
        (0, "0 bytes"),
        (1023, "1,023 bytes"),
        (1024, "1 kB"),
        (1536, "1.5 kB"),
        (GIB - 1, "1 GB"),
        (int(18.4 * GIB), "18.4 GB"),
        (250 * GIB, "250 GB"),
        (3 * 1024 * GIB, "3 TB"),
    ],
)
def test_bytes_are_said_with_at_most_three_figures(amount: int | None, words: str) -> None:
    assert bytes_words(amount) == words


@pytest.mark.parametrize(
    ("used", "limit", "words"),
    [
        (15 * GIB, 40 * GIB, "15 of 40 GB"),
        (512 * MIB, 2 * GIB, "512 MB of 2 GB"),
        (0, 50 * GIB, "0 of 50 GB"),
        (5 * GIB, None, "5 GB, no limit"),
        (None, GIB, "1 GB, not measured yet"),
        (None, None, "not measured yet, no limit"),
    ],
)
def test_a_small_meter_says_in_words_what_it_draws(used: int | None, limit: int | None, words: str) -> None:
    assert limit is None or f'aria-label="{words}"' in usage(used, limit)
    assert f"<span>{words}</span>" in usage(used, limit)


@pytest.mark.parametrize(
    ("used", "unit", "state"),
    [
        (84, "bytes", ""),
        (85, "bytes", "warn"),
        (95, "bytes", "bad"),
        (200, "bytes", "bad"),
        (100, "count", "warn"),
    ],
)
def test_a_meter_warns_from_85_per_cent_and_only_storage_turns_bad(used: int, unit: str, state: str) -> None:
    drawn = usage(used, 100, unit=unit)
    assert ("data-s" in drawn) is bool(state)
    assert not state or f'data-s="{state}"' in drawn


def test_a_meter_draws_nothing_beyond_its_track() -> None:
    assert 'width="100%"' in usage(300, 100, unit="count")
    assert 'width="100%"' in usage(1, 0, unit="count")
    assert "<svg" not in usage(300, None, unit="count")


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(minutes=2, seconds=5), "2 min ago"),
        (timedelta(hours=3, minutes=5), "3 h ago"),
        (-timedelta(minutes=11, seconds=5), "in 11 min"),
    ],
)
def test_times_are_said_as_distances_up_to_a_day(distance: timedelta, words: str) -> None:
    assert f">{words}</time>" in ago(timezone.now() - distance)


def test_times_are_dates_after_a_day_and_never_without_one() -> None:
    assert ago(datetime(2026, 3, 9, 8, 5, 1, tzinfo=UTC)) == (
        '<time datetime="2026-03-09T08:05:01+00:00" title="09 March 2026, 08:05:01 UTC">9 March 2026</time>'
    )
    assert ago(1773043501) == ago(datetime(2026, 3, 9, 8, 5, 1, tzinfo=UTC))
    assert ago(None) == "never"


def test_names_are_shown_in_the_letters_of_their_owner() -> None:
    assert u_address("ann@xn--mller-kva.example") == "ann@müller.example"
    assert u_address("xn--mller-kva.example") == "müller.example"


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Mara Lindqvist", "ML"),
        ("ola@example.com", "O"),
        ("a.b.c@x.example", "AC"),
        ("", "?"),
    ],
)
def test_a_monogram_has_one_or_two_letters(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_a_large_meter_of_what_nobody_measured_says_so_beside_its_limit() -> None:
    assert '<b class="">not measured yet</b>, 1 GB' in usage(None, GIB, label="Used")


def test_an_icon_cannot_smuggle_markup() -> None:
    assert "<script>" not in icon("<script>", state='"><script>')


class Form(forms.Form):
    name = forms.CharField(label="Display name", help_text="As others see it")
    note = forms.CharField(widget=forms.Textarea, required=False)
    kind = forms.ChoiceField(choices=[("a", "A")])
    is_on = forms.BooleanField(label="Forward", required=False)
    protocols = forms.MultipleChoiceField(choices=[("imap", "IMAP")], widget=forms.CheckboxSelectMultiple)
    secret = forms.CharField(widget=forms.PasswordInput)


def field(name: str, data: dict[str, str] | None = None, extra: str = "") -> str:
    return render(
        f'{{% include "_field.html" with field=field {extra} %}}',
        field=Form(data)[name],
    )


def test_each_control_has_the_class_of_the_design() -> None:
    assert 'class="input"' in field("name")
    assert 'class="textarea"' in field("note")
    assert 'class="select"' in field("kind")
    assert 'class="check"' in field("is_on")
    assert 'class="switch"' in field("is_on", extra="switch=True")
    assert 'class="input mono"' in field("name", extra='css="mono"')


def test_a_field_names_its_error_and_its_help_to_screen_readers() -> None:
    shown = field("name", {"name": ""})
    assert 'aria-describedby="id_name_error id_name_helptext"' in shown
    assert 'aria-invalid="true"' in shown
    assert 'id="id_name_error"' in shown
    assert 'id="id_name_helptext"' in shown


def test_a_field_that_may_be_empty_says_so() -> None:
    assert "optional" in field("note")
    assert "optional" not in field("name")


def test_a_wrong_password_is_not_shown_again() -> None:
    assert "hunter2hunter2" not in field("secret", {"secret": "hunter2hunter2"})


def test_the_note_on_top_links_each_field_that_needs_a_fix() -> None:
    shown = render(
        '{% include "_form_errors.html" %}',
        form=Form({"secret": "x", "kind": "a", "protocols": ["imap"]}),
    )
    assert "one thing needs a fix" in shown
    assert '<a href="#id_name">Display name</a>' in shown
    assert render('{% include "_form_errors.html" %}', form=Form()).strip() == ""


def test_text_from_outside_stays_text() -> None:
    shown = render(
        '{% include "_empty.html" %}{% include "_badge.html" %}',
        title="<b>",
        text="<i>",
        state="ok",
        label="<u>",
    )
    assert not {"<b>", "<i>", "<u>"} & {shown[at : at + 3] for at in range(len(shown))}
