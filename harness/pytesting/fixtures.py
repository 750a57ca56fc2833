"""Fixtures for tests that a team writes around its detections."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from harness.backends.base import Session
from harness.client.answers import Row
from harness.client.rest import SplunkClient
from harness.errors import HarnessError, SearchError
from harness.pytesting.collection import Collection
from harness.runner.replaying import TestData, load, send


@dataclass(frozen=True, slots=True)
class Splunk:
    """A clean Splunk with the content's macros and lookups. ``session`` has its clients for REST and for data."""

    session: Session

    @property
    def client(self) -> SplunkClient:
        return self.session.client

    def search(self, spl: str, *, earliest: str | None = None, latest: str | None = None) -> list[Row]:
        """All rows of a search, over all time unless said otherwise. Raises what the search raises."""
        __tracebackhide__ = True
        try:
            outcome = self.client.search(spl, earliest=earliest, latest=latest)
        except HarnessError as error:
            raise _in_the_test(error) from None
        errors = [message.text for message in outcome.messages if message.type in {"FATAL", "ERROR"}]
        if errors:
            raise SearchError("\n".join(errors))
        return outcome.rows


@pytest.fixture
def splunk(request: pytest.FixtureRequest) -> Iterator[Splunk]:
    """A Splunk for this test alone."""
    with _collection(request).pack_of(request.path.parent).session() as session:
        yield Splunk(session)


@pytest.fixture
def replay(request: pytest.FixtureRequest, splunk: Splunk) -> Callable[..., int]:
    """``replay(data, source=..., sourcetype=..., index=..., host=...)`` sends a dataset, found as a detection's tests
    find theirs, into ``splunk``; the number of events that were indexed comes back."""
    locator = _collection(request).pack_of(request.path.parent).locator

    def send_it(data: str, *, source: str, sourcetype: str, index: str = "", host: str = "") -> int:
        __tracebackhide__ = True
        described = TestData(data, source, sourcetype, index, host)
        try:
            return sum(record.events for record in send(load([described], locator, request.path), splunk.session))
        except HarnessError as error:
            raise _in_the_test(error) from None

    return send_it


def _in_the_test(error: HarnessError) -> HarnessError:
    """An error that says all by itself: a report of the test is to end with the test's own line."""
    return error.with_traceback(None)


def _collection(request: pytest.FixtureRequest) -> Collection:
    plugin = request.config.pluginmanager.get_plugin("harness-collection")
    assert isinstance(plugin, Collection)
    return plugin
