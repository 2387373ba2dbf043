"""Rules that every template keeps."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template import engines

ROOT = Path(settings.BASE_DIR) / "templates"
TEMPLATES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.html"))
PAGES = [name for name in TEMPLATES if not name.startswith("email/")]

INLINE = re.compile(
    r"""\sstyle\s*=|<style|<script(?![^>]*\ssrc=)|\son[a-z]+\s*=\s*["']|javascript:|\shx-on""",
    re.IGNORECASE,
)


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_compiles(name: str) -> None:
    engines["django"].get_template(name)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_holds_no_inline_style_or_script(name: str) -> None:
    """The content security policy would refuse it; then the page would look or work otherwise."""
    assert INLINE.findall((ROOT / name).read_text()) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_form_that_changes_something_carries_its_token(name: str) -> None:
    text = (ROOT / name).read_text()
    forms = re.findall(r"<form\b[^>]*method=.post.[^>]*>.*?</form>", text, re.IGNORECASE | re.DOTALL)
    assert [form for form in forms if "csrf_token" not in form] == []


@pytest.mark.parametrize("name", PAGES)
def test_a_template_marks_nothing_as_safe(name: str) -> None:
    """Names, comments and DNS answers come from outside: they are always escaped."""
    text = (ROOT / name).read_text()
    assert re.findall(r"\|\s*safe\b|autoescape off", text) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_names_only_icons_of_the_sprite(name: str) -> None:
    sprite = set(
        re.findall(
            r'id="i-([a-z0-9-]+)"',
            (Path(settings.BASE_DIR) / "panel/static/icons.svg").read_text(),
        )
    )
    named = set(re.findall(r"""\{%\s*icon\s+["']([a-z0-9-]+)["']""", (ROOT / name).read_text()))
    assert named - sprite == set()
