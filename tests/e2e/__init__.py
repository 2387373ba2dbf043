"""The story of a whole installation; its helpers say what they met when they fail."""

import pytest

pytest.register_assert_rewrite("tests.e2e.house", "tests.e2e.mail", "tests.e2e.person")
