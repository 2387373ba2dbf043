from collections.abc import Iterator

import pytest

from tests.deploy.installation import Installation


@pytest.fixture
def installation() -> Iterator[Installation]:
    one = Installation()
    try:
        yield one
    finally:
        one.close()
