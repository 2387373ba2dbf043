"""Who acts in most tests of aliases: the admin of the tenant that has them."""

import pytest


@pytest.fixture
def admin(access_of, alder_admin, alder, alder_domain):
    return access_of(alder_admin, alder)
