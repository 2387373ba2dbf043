"""What the pages of every list cost in a large installation, beside a page without rows.

    python -m tests.bench.pages [--data FOLDER] [--divide N] [--on sqlite|postgresql]

The lists are found by walking the routes: a page that shows a `keyset.Page` is one. Each is asked for as
the operator, a reseller with a quarter of the clients, clients large and small, and a domain manager see it.
"""

import argparse
import base64
import json
import logging
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.bench.home import VENDORS, home, parser, say
from tests.bench.report import Row, machine, show
from tests.mailstack import ROOT

MAX_QUERIES, MAX_LAST, MAX_TIME = 12, 1.3, 6.0
# How a list is searched where it is not by `?q=` and the beginning of what it shows.
SEARCHES: Mapping[str, Sequence[Mapping[str, str]]] = {
    "tenants:audit": (
        {"who": "p1"},
        {"who": "p123@"},
        {"act": "mailbox."},
        {"about": "somebody12"},
        {"about": "nobody"},
    ),
    "mailboxes:history": (),
}


@dataclass
class Visit:
    """One page of a list: its address, and what was measured."""

    sort: str
    url: str
    queries: int = 0
    times: list[float] = field(default_factory=list)

    @property
    def milliseconds(self) -> float:
        return statistics.median(self.times) * 1000


def main() -> int:
    made = parser(__doc__.splitlines()[0])
    made.add_argument("--on", choices=VENDORS, action="append", help="this database alone")
    # What the program calls itself with, one process for each database.
    made.add_argument("--here", choices=VENDORS, help=argparse.SUPPRESS)
    options = made.parse_args()
    if options.here:
        return _measure(options)
    say(machine())
    codes = []
    for vendor in options.on or VENDORS:
        with home(options, vendor) as found:
            command = [sys.executable, "-m", "tests.bench.pages", "--here", vendor, *sys.argv[1:]]
            codes.append(subprocess.run(command, cwd=ROOT, env=found.environment, check=False).returncode)
    return max(codes)


def _measure(options: argparse.Namespace) -> int:
    import django  # noqa: PLC0415 -- only the process of one database may load the settings

    django.setup()
    # The walk through the routes asks some of them in a way that they refuse.
    logging.getLogger("django.request").setLevel(logging.ERROR)
    from tests.bench.browser import Browser, lists, viewpoints  # noqa: PLC0415 -- needs Django

    rows = []
    for viewpoint in viewpoints(options.divide):
        browser = Browser(viewpoint.user_id)
        empty = Visit("empty", viewpoint.empty_url)
        for name, url, page in lists(browser, viewpoint):
            visits = list(_visits(name, url, page, browser))
            _take_times(browser, [empty, *visits], options.rounds)
            rows.append(_row(name, viewpoint.name, empty, visits))
            # It takes its time; whoever waits sees how far it is.
            say(" | ".join((*rows[-1].cells, rows[-1].goal)))
            empty = Visit("empty", viewpoint.empty_url)
    heads = (
        "list",
        "seen by",
        "queries",
        "empty, ms",
        "first",
        "middle",
        "last",
        "slowest",
        "last / first",
        "slowest / empty",
    )
    return 0 if show(f"Lists on {options.here}", heads, rows) else 1


def _visits(name: str, url: str, page: Any, browser: Any) -> Iterator[Visit]:
    yield Visit("first", url)
    if page.next_cursor:
        beginning = _cursor(page.next_cursor)[1:]
        last_url = f"{url}?{urlencode({'page': _end(beginning)})}"
        last = browser.page(last_url)
        middle_url = f"{url}?{urlencode({'page': _between(beginning, _cursor(last.previous_cursor)[1:])})}"
        yield Visit("middle", middle_url)
        yield Visit("last", last_url)
        page = browser.page(middle_url)
    searches = SEARCHES.get(name)
    if searches is None and page.items:
        text = browser.typed_for(page.items[len(page.items) // 2])
        searches = [{"q": text[:3]}, {"q": text}, {"q": "zzz"}]
    for search in searches or ():
        yield Visit(f"?{urlencode(search)}", f"{url}?{urlencode(search)}")
    for state in browser.states(url):
        yield Visit(f"?state={state}", f"{url}?{urlencode({'state': state})}")


def _take_times(browser: Any, visits: Sequence[Visit], rounds: int) -> None:
    for visit in visits:
        visit.queries = browser.queries(visit.url)
    for _ in range(rounds):
        for visit in visits:
            visit.times.append(browser.seconds(visit.url))


def _row(name: str, viewpoint: str, empty: Visit, visits: Sequence[Visit]) -> Row:
    by_sort = {visit.sort: visit for visit in visits}
    slowest = max(visits, key=lambda visit: visit.milliseconds)
    last_by_first = by_sort.get("last", visits[0]).milliseconds / visits[0].milliseconds
    by_empty = slowest.milliseconds / empty.milliseconds
    counts = sorted({visit.queries for visit in visits if "=" not in visit.sort})
    most = max(visit.queries for visit in visits)
    reasons = {
        f"more than {MAX_QUERIES} queries": most > MAX_QUERIES,
        "queries differ": len(counts) > 1,
        f"last > {MAX_LAST:g} first": last_by_first > MAX_LAST,
        f"slowest > {MAX_TIME:g} empty": by_empty > MAX_TIME,
    }
    missed = [reason for reason, is_missed in reasons.items() if is_missed]
    times = [
        f"{by_sort[sort].milliseconds:.1f}" if sort in by_sort else "" for sort in ("first", "middle", "last")
    ]
    cells = (
        name, viewpoint, "/".join(map(str, counts)) + (f" (filtered {most})" if most > counts[-1] else ""),
        f"{empty.milliseconds:.1f}", *times, f"{slowest.milliseconds:.1f} ({slowest.sort})",
        f"{last_by_first:.2f}", f"{by_empty:.2f}",
    )  # fmt: skip
    return Row(cells, "; ".join(missed) or "met", is_missed=bool(missed))


def _cursor(text: str) -> list[Any]:
    values: list[Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return values


def _written(values: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _end(beginning: list[Any]) -> str:
    """Backwards from behind everything: names rise, and a list by number alone falls."""
    if len(beginning) == 1 and isinstance(beginning[0], int):
        return _written([1, 0])
    return _written([1, *("\U0010fffe" if isinstance(value, str) else 2**62 for value in beginning)])


def _between(low: list[Any], high: list[Any]) -> str:
    """About the middle between two places of a list."""
    return _written([0, *(_mean(first, last) for first, last in zip(low, high, strict=True))])


def _mean(first: Any, last: Any) -> Any:
    if isinstance(first, int):
        return (first + last) // 2
    shared = os.path.commonprefix([first, last])  # noqa: RUF071 -- character by character is what is meant
    one, other = (text[len(shared) : len(shared) + 1] or "a" for text in (first, last))
    return f"{shared}{chr((ord(one) + ord(other)) // 2)}"


if __name__ == "__main__":
    sys.exit(main())
