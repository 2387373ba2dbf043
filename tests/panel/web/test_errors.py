"""What people see when something is wrong, with the database away too."""

from io import BytesIO
from typing import Any, NoReturn

import pytest
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from panel.web import errors
from panel.web.middleware import MAX_BODY_BYTES, BodyLimitMiddleware


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


def test_a_body_larger_than_any_form_is_refused_unread(request_without_a_database: HttpRequest) -> None:
    """Whoever reads it puts a file of any size on the disk, before anybody is asked who they are."""

    def read(_request: HttpRequest) -> HttpResponse:
        return HttpResponse("read")

    limited = BodyLimitMiddleware(read)
    for length, status in (
        ("", 200),
        ("no number", 200),
        (str(MAX_BODY_BYTES), 200),
        (str(MAX_BODY_BYTES + 1), 413),
        ("9" * 5000, 413),
    ):
        request_without_a_database.META["CONTENT_LENGTH"] = length
        assert limited(request_without_a_database).status_code == status


def test_no_file_of_an_upload_reaches_the_disk(client: Client, db: None) -> None:
    upload = BytesIO(b"z" * (MAX_BODY_BYTES + 1))
    response = client.post("/sign-in/", {"email": upload})
    assert response.status_code == 413
    assert "too large" in response.content.decode()


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
