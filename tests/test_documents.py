"""What the documents name is there, and what people must know stands in them."""

import re
from pathlib import Path

import pytest

from panel.environment import Environment

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [*ROOT.glob("*.md"), *sorted((ROOT / "docs").glob("*.md"))]
by_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


@by_document
def test_links_lead_somewhere(document: Path):
    links = re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


@by_document
def test_files_that_are_named_exist(document: Path):
    words = re.findall(
        r"`((?:tests|docs|deploy|panel|domains|mailboxes|templates)/[\w./-]+)`",
        document.read_text(encoding="utf-8"),
    )
    assert [word for word in words if not (ROOT / word).exists()] == []


def test_every_variable_is_explained():
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    assert [name for name in Environment.model_fields if f"`POSTHOUSE_{name.upper()}`" not in text] == []


def test_every_check_is_explained():
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    ids = re.findall(r"posthouse\.[EW]\d+", (ROOT / "panel/web/checks.py").read_text(encoding="utf-8"))
    assert ids
    assert [one for one in ids if f"`{one}`" not in text] == []


def test_every_option_of_the_start_is_in_its_help():
    options = (ROOT / "panel/mailserver/supervisor/options.py").read_text(encoding="utf-8")
    shown = (ROOT / "deploy/up").read_text(encoding="utf-8").partition("HELP'")[2].partition("\nHELP")[0]
    assert [word for word in re.findall(r'"(--[a-z-]+)"', options) if word not in shown] == []
