"""What a task says when it fails."""

import logging

import pytest
from django.db import OperationalError

from panel.celery import app


def fail_with(error: Exception) -> str:
    """The state in which a task ends that raises `error`."""

    @app.task(name=f"tests.fails.{type(error).__name__}", shared=False)  # type: ignore[misc]  # Celery has no types
    def fails() -> None:
        raise error

    return str(fails.apply().state)


def test_a_database_that_is_away_costs_one_line_and_no_traceback(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert fail_with(OperationalError("connection refused\nIs the server running?")) == "FAILURE"
    (told,) = [record for record in caplog.records if record.name == "panel.celery"]
    assert told.getMessage() == "tests.fails.OperationalError waits for the database: connection refused"
    assert told.exc_info is None


def test_a_mistake_of_ours_is_told_as_one(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert fail_with(ValueError("a mistake")) == "FAILURE"
    assert [record for record in caplog.records if record.name == "panel.celery"] == []
