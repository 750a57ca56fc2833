"""Failed comparisons in the helpers show both sides, and no setting of the machine is seen."""

import pytest

from harness.knowledge.locations import ENVIRONMENT

pytest.register_assert_rewrite("tests.conformance.embedded")


@pytest.fixture(autouse=True)
def no_database_of_locations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENVIRONMENT, raising=False)
