"""Lists as CSV files (RFC 4180) that are safe to open in a spreadsheet."""

import csv
from collections.abc import Iterable, Iterator, Sequence

from django.http import StreamingHttpResponse

# A cell that begins so may be run as a formula (OWASP, CSV injection); the wide forms are folded to these.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Without it, Excel takes UTF-8 for something else.
_BYTE_ORDER_MARK = "\ufeff"


class _Echo:
    """A file that gives back what is written, as `csv.writer` asks for one."""

    def write(self, text: str) -> str:
        return text


def csv_file(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> StreamingHttpResponse:
    """The answer that a browser saves as `name`.csv. Rows are read while they are sent."""
    return StreamingHttpResponse(
        _lines(header, rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def plain(value: object) -> str:
    """`value` as a cell that no spreadsheet runs: a text that could be a formula gets a leading quote."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield _BYTE_ORDER_MARK + str(writer.writerow(header))
    for row in rows:
        yield str(writer.writerow([plain(value) for value in row]))
