"""Pages of a list by key instead of by number: the last page costs what the first one costs."""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)

MAX_CURSOR = 1024


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows of a list in its order, and the cursors of the pages beside it (empty at an end)."""

    items: list[Row]
    next_cursor: str
    previous_cursor: str

    @property
    def first(self) -> Row | None:
        return self.items[0] if self.items else None

    @property
    def last(self) -> Row | None:
        return self.items[-1] if self.items else None


def paginate(queryset: QuerySet[Row], *, order: Sequence[str], cursor: str = "", size: int = 50) -> Page[Row]:
    """The page of `queryset` at `cursor`, in one query.

    `order` names fields or relations' fields (`address__address`), the last one unique; all rise, or
    with a leading `-` all fall. A cursor that is not ours is taken as the first page: it comes from a
    URL that anybody may edit, and it only ever narrows what `queryset` already allows.
    """
    falling = order[0].startswith("-")
    fields = [name.lstrip("-") for name in order]
    backwards, values = _read_cursor(cursor, len(fields))
    if values is not None:
        try:
            rows = _slice(
                queryset,
                fields,
                values,
                falling=falling,
                backwards=backwards,
                size=size,
            )
        except (ValueError, TypeError, OverflowError):
            values = None
    if values is None:
        backwards = False
        rows = list(queryset.order_by(*order)[: size + 1])
    has_more = len(rows) > size
    items = rows[:size]
    if backwards:
        items.reverse()
    has_previous, has_next = (has_more, True) if backwards else (values is not None, has_more)
    return Page(
        items=items,
        next_cursor=_cursor(items[-1], fields, backwards=False) if items and has_next else "",
        previous_cursor=_cursor(items[0], fields, backwards=True) if items and has_previous else "",
    )


def walk(queryset: QuerySet[Row], *, order: Sequence[str], size: int = 1000) -> Iterator[list[Row]]:
    """Every page of a list, one query each: memory stays that of a page, and no transaction stays open."""
    page = paginate(queryset, order=order, size=size)
    while page.items:
        yield page.items
        if not page.next_cursor:
            return
        page = paginate(queryset, order=order, cursor=page.next_cursor, size=size)


def prefix(field: str, text: str) -> Q:
    """Rows whose lower-case `field` begins with `text`, as a range that an index serves. `%` and `_`
    are plain characters here, unlike in LIKE."""
    return Q(**{f"{field}__gte": text, f"{field}__lt": text + "\U0010ffff"}) if text else Q()


def _slice(  # noqa: PLR0913 -- one call, each part named
    queryset: QuerySet[Row],
    fields: list[str],
    values: list[Any],
    *,
    falling: bool,
    backwards: bool,
    size: int,
) -> list[Row]:
    """Rows beyond `values`. "At or beyond the first key, but not the rows before the second" lets the
    index on the first key do the work on SQLite and PostgreSQL; the OR form scans on both."""
    down = falling != backwards
    lookup, not_beyond = ("lte", "gte") if down else ("gte", "lte")
    beyond = queryset.filter(**{f"{fields[0]}__{lookup}": values[0]})
    if len(fields) == 1:
        beyond = beyond.exclude(**{fields[0]: values[0]})
    else:
        beyond = beyond.exclude(**{fields[0]: values[0], f"{fields[1]}__{not_beyond}": values[1]})
    sign = "-" if down else ""
    return list(beyond.order_by(*(sign + name for name in fields))[: size + 1])


def _cursor(row: Row, fields: list[str], *, backwards: bool) -> str:
    values = [_value(row, name) for name in fields]
    return base64.urlsafe_b64encode(json.dumps([int(backwards), *values]).encode()).decode().rstrip("=")


def _value(row: Any, name: str) -> Any:
    for part in name.split("__"):
        row = getattr(row, part)
    return row


def _read_cursor(cursor: str, count: int) -> tuple[bool, list[Any] | None]:
    if not cursor or len(cursor) > MAX_CURSOR:
        return False, None
    try:
        decoded = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError):
        return False, None
    well_formed = (
        isinstance(decoded, list)
        and len(decoded) == count + 1
        and decoded[0] in (0, 1)
        and all(_is_key(value) for value in decoded[1:])
    )
    return (bool(decoded[0]), decoded[1:]) if well_formed else (False, None)


def _is_key(value: object) -> bool:
    """Whether a value read from a cursor may be compared with a column on every database."""
    if isinstance(value, int):
        return abs(value) < 2**63
    return isinstance(value, str) and "\x00" not in value
