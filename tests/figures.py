"""Figures that a test measures, shown at the end of the run whether it passed or failed."""

from collections.abc import Callable

import pytest


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Show a line under "Figures". It reaches the end of the run from another process too."""
    return lambda line: record_property("figure", line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    lines = [value for report in reports for name, value in report.user_properties if name == "figure"]
    # A report is of one phase, and each carries what was recorded so far.
    for number, line in enumerate(dict.fromkeys(lines)):
        if number == 0:
            terminalreporter.section("Figures", sep="-")
        terminalreporter.write_line(str(line))
