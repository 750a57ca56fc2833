"""Failed comparisons in the runner of exchanges show both sides. Here, because other tests import it too."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.rest.exchanges")
