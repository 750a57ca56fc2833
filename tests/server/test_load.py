"""Fifty clients search and send at once: nothing fails, nothing is lost, and memory stays where it is."""

from __future__ import annotations

import os

import pytest

from tests.server.load import run

SECONDS = float(os.environ.get("LOAD_SECONDS", "12"))
"""LOAD_SECONDS=60 is the full measure; a test run has less time."""


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.filterwarnings("ignore:Unverified HTTPS")
def test_fifty_clients() -> None:
    found = run(SECONDS, clients=50)
    assert not found.errors, str(found) + "\n" + "\n".join(found.errors[:5])
    assert found.events_sent > 1000
    assert found.searches > 25
    assert (found.events_found, found.distinct_found) == (found.events_sent, found.events_sent)
    before, after = found.calm
    assert after < before * 1.1, str(found)
