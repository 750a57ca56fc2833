"""What the runner asks of a backend, whatever stands behind it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from harness.client.answers import App
from harness.client.hec import HecClient
from harness.client.rest import SplunkClient


@dataclass(frozen=True, slots=True)
class BackendInfo:
    """``kind`` is ``embedded``, ``docker`` or ``remote``; ``version`` is Splunk's."""

    kind: str
    version: str
    apps: tuple[App, ...]


@dataclass(frozen=True, slots=True)
class ScheduledRun:
    """``sids`` of the jobs that the saved search got for one moment of its schedule; ``how`` tells who ran it."""

    sids: tuple[str, ...]
    how: str


class Session(Protocol):
    """A Splunk that holds nothing of any other test, for one test. What the test leaves is gone when it closes."""

    client: SplunkClient
    hec: HecClient
    index: str
    """Where data goes whose test names no index."""
    host: str
    """The host that data is sent with whose test names none."""
    alone: bool
    """Nothing but this test's data is in it. Where it is false, a search may find what others put there."""

    used: set[str]
    """The indexes that were asked for by name."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the Splunk said about data and rules, each with its place; nothing where it cannot be asked."""

    def use_index(self, name: str) -> None:
        """Make sure that data can be sent to an index of this name."""

    def saved_search_name(self, name: str) -> str:
        """The name to save a search under so that it takes no other search's place."""

    def approach(self, moment: float) -> None:
        """Set the clock to shortly before a moment at which something is scheduled, where the backend owns it."""

    def run_scheduled(self, name: str, moment: float) -> ScheduledRun:
        """Let the saved search ``name`` run as a scheduler runs it at ``moment`` (epoch seconds), actions included."""


class Backend(Protocol):
    kind: str
    cheap: bool
    """Searches cost next to nothing: rows after each command are measured for every test, not only for a failed one."""

    def start(self) -> BackendInfo:
        """Bring it up or reach it. Raises :class:`~harness.errors.BackendError`."""

    def session(self) -> AbstractContextManager[Session]:
        """A clean Splunk for one test."""

    def stop(self) -> None:
        """Give back everything; safe to call twice, or without a start."""


@runtime_checkable
class Mendable(Protocol):
    """A backend that may be lost while tests run on it."""

    def mend(self) -> str:
        """Empty if it is well. Else how it was lost, once it can be used again. Raises BackendError if it cannot."""
