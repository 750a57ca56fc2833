"""Failed comparisons in the helpers show both sides."""

import pytest

pytest.register_assert_rewrite("tests.conformance.embedded")
