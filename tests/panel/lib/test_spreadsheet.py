"""No cell of an export is run by the spreadsheet that opens it, and every cell comes back as it was."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panel.lib.spreadsheet import csv_file, plain

FORMULAS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1",
    "＋1",
    "－1",
    "＠A1",
    '=cmd|" /C calc"!A0',
)


def read(rows: list[list[object]]) -> list[list[str]]:
    body = b"".join(csv_file("x", ["Head"], rows)).decode("utf-8-sig")  # type: ignore[arg-type]  # bytes in tests
    return list(csv.reader(io.StringIO(body, newline="")))


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_that_could_be_a_formula_gets_a_quote(text: str) -> None:
    assert plain(text) == f"'{text}"
    assert read([[text]])[1] == [f"'{text}"]


@pytest.mark.parametrize(
    ("value", "cell"), [(None, ""), (0, "0"), (25, "25"), ("a=b", "a=b"), ("O'Neil", "O'Neil")]
)
def test_other_cells_stay_as_they_are(value: object, cell: str) -> None:
    assert plain(value) == cell


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), min_size=1, max_size=4))
def test_no_text_breaks_out_of_its_cell(texts: list[str]) -> None:
    assert read([list(texts)])[1] == [plain(text) for text in texts]
