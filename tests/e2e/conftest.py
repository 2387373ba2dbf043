"""The house in which the story happens, once for each database, and its people at their browsers."""

import os
from collections.abc import Callable, Generator, Iterator

import pytest
from playwright.sync_api import Browser

from tests.dns import Zone
from tests.e2e.house import House, running_house
from tests.e2e.person import Person


# PostgreSQL first: pytest sorts by position, and the chapter that only it has belongs to the same run.
@pytest.fixture(scope="module", params=["postgresql", "sqlite"])
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    assert os.geteuid() == 0, "start these tests as root: they run Postfix and Dovecot"
    with running_house(request.param, Zone("alder.example"), Zone("finch.example")) as house:
        yield house


@pytest.fixture(scope="module")
def people(chromium: Browser, house: House) -> Iterator[Callable[[str], Person]]:
    """Each keeps their browser, with their cookies, for the whole story."""
    known: dict[str, Person] = {}

    def find(email: str) -> Person:
        if email not in known:
            known[email] = Person(chromium, house, email)
        return known[email]

    yield find
    for person in known.values():
        person.page.context.close()


@pytest.fixture(autouse=True)
def _the_story_goes_on(house: House) -> None:
    """A step stands on those before it."""
    if house.ended_at:
        pytest.fail(f"not reached: the story ended at {house.ended_at}", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    house = getattr(item, "funcargs", {}).get("house")
    if report.failed and isinstance(house, House) and not house.ended_at:
        house.ended_at = item.name
        report.sections.append(("What the parts said", house.logs()))
    return report
