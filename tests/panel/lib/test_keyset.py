"""Lists are paged by key: nothing is shown twice, nothing is left out, and a cursor is only a place."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.models import Domain
from panel.lib.keyset import paginate, prefix
from tests.factories import make_domain

pytestmark = pytest.mark.django_db

ORDER = ("name", "id")


@pytest.fixture
def seven(alder, cedar):
    """Seven domains by name; `d.example` is claimed twice."""
    for name in "abcdefg":
        make_domain(f"{name}.example", alder, proved=False)
    make_domain("d.example", cedar, proved=False)
    return [domain.pk for domain in Domain.objects.order_by(*ORDER)]


def walk(order, size):
    """All primary keys, page by page forward, then the first page reached backward."""
    page = paginate(Domain.objects.all(), order=order, size=size)
    seen = [row.pk for row in page.items]
    while page.next_cursor:
        page = paginate(Domain.objects.all(), order=order, cursor=page.next_cursor, size=size)
        seen += [row.pk for row in page.items]
    back = [row.pk for row in page.items]
    while page.previous_cursor:
        page = paginate(Domain.objects.all(), order=order, cursor=page.previous_cursor, size=size)
        back = [row.pk for row in page.items] + back
    return seen, back


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 8, 50])
def test_walking_forward_and_back_shows_every_row_once(seven, size):
    forward, backward = walk(ORDER, size)
    assert forward == seven
    assert backward == seven


def test_a_falling_order_shows_the_newest_first(seven):
    forward, backward = walk(("-id",), 3)
    assert forward == backward == sorted(seven, reverse=True)


def test_a_page_costs_one_query(seven, django_assert_num_queries):
    first = paginate(Domain.objects.all(), order=ORDER, size=3)
    with django_assert_num_queries(1):
        paginate(Domain.objects.all(), order=ORDER, cursor=first.next_cursor, size=3)


def test_an_empty_list_has_no_ends(operator):
    page = paginate(Domain.objects.all(), order=ORDER)
    assert (page.items, page.first, page.last, page.next_cursor, page.previous_cursor) == (
        [],
        None,
        None,
        "",
        "",
    )


def cursor_of(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "zzz",
        "p=abc",
        "%00",
        "é",
        cursor_of([0]),
        cursor_of([0, "d.example", "not a number"]),
        cursor_of([0, "d.example", 10**30]),
        cursor_of([0, {"a": 1}, 3]),
        cursor_of([7, "d.example", 3]),
        cursor_of([0, "d\x00", 3]),
        cursor_of({"a": 1}),
        "A" * 5000,
    ],
)
def test_a_forged_cursor_is_the_first_page_and_never_an_error(seven, cursor):
    page = paginate(Domain.objects.all(), order=ORDER, cursor=cursor, size=3)
    assert [row.pk for row in page.items] == seven[:3]


def test_a_forged_cursor_never_widens_the_list(seven, cedar):
    page = paginate(Domain.objects.filter(tenant=cedar), order=ORDER, cursor=cursor_of([0, "", 0]))
    assert [row.tenant_id for row in page.items] == [cedar.pk]


@given(st.text(max_size=60))
def test_no_text_in_place_of_a_cursor_is_an_error(text):
    assert paginate(Domain.objects.none(), order=ORDER, cursor=text).items == []


@pytest.mark.parametrize("text", ["%", "_", "a%", "%.example", "a_example", "\\"])
def test_per_cent_and_underscore_find_only_themselves(seven, text):
    assert list(Domain.objects.filter(prefix("name", text))) == []


def test_a_prefix_finds_what_begins_with_it(seven):
    assert [domain.name for domain in Domain.objects.filter(prefix("name", "a.ex"))] == ["a.example"]
    assert Domain.objects.filter(prefix("name", "")).count() == 8
