"""What people see when something is wrong, with the database away too."""

from typing import Any, NoReturn

import pytest
from django.db import OperationalError, connection
from django.http import HttpRequest
from django.test import Client, RequestFactory

from panel.web import errors


@pytest.fixture
def request_without_a_database() -> HttpRequest:
    """No session, no user; and a test without the `db` fixture fails when it asks the database."""
    request = RequestFactory().get("/t/1/")
    request.COOKIES["theme"] = "dark"
    return request


@pytest.mark.parametrize(
    ("handler", "status"),
    [
        (errors.bad_request, 400),
        (errors.permission_denied, 403),
        (errors.page_not_found, 404),
    ],
)
def test_an_error_page_needs_no_database(
    handler: Any, status: int, request_without_a_database: HttpRequest
) -> None:
    response = handler(request_without_a_database, Exception())
    assert response.status_code == status
    assert 'data-theme="dark"' in response.content.decode()


def test_the_page_for_our_own_mistakes_needs_no_database(
    request_without_a_database: HttpRequest,
) -> None:
    response = errors.server_error(request_without_a_database)
    assert response.status_code == 500
    assert "Something broke on our side" in response.content.decode()


def test_health_is_503_while_the_database_is_away(db: None) -> None:
    def is_away(*_args: Any) -> NoReturn:
        raise OperationalError("could not connect to 192.0.2.1")

    with connection.execute_wrapper(is_away):
        response = Client().get("/healthz")
    assert (response.status_code, response.content) == (503, b"unavailable\n")
