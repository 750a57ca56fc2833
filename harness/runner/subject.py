"""A detection as the runner sees it: what is searched, what must come back, and what its alert must leave behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.content.expected import Expectation
from harness.content.models import Drilldown, KnownFailure, RiskObject, ThreatObject
from harness.runner.record import DetectionRecord, Level
from harness.runner.replaying import TestData
from harness.runner.schedule import Schedule
from harness.runner.window import Window


@dataclass(frozen=True, slots=True)
class Alert:
    """What a scheduled run leaves for each result row: a risk event per risk object, and a notable.

    ``message`` is the risk message with its ``$field$`` tokens, ``title`` the notable's. ``annotations`` are fields
    that every event carries, with their values.
    """

    risk: bool = False
    notable: bool = False
    message: str = ""
    risk_objects: tuple[RiskObject, ...] = ()
    threat_objects: tuple[ThreatObject, ...] = ()
    title: str = ""
    annotations: tuple[tuple[str, tuple[str, ...]], ...] = ()
    drilldowns: tuple[Drilldown, ...] = ()

    def message_of(self, item: RiskObject) -> str:
        return item.message or self.message

    def messages(self) -> list[str]:
        """Every message that some risk event has, each once."""
        return list(dict.fromkeys([self.message, *(item.message for item in self.risk_objects if item.message)]))


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """The stanza that a content pack's app has for the detection. ``settings`` lack the search and the name."""

    name: str
    schedule: Schedule
    settings: Mapping[str, str] = field(default_factory=dict)
    throttle_fields: tuple[str, ...] = ()
    throttle_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Subject:
    """``header`` is the detection's part of the run record, without results. ``path`` is its file."""

    header: DetectionRecord
    path: Path
    search: str
    alert: Alert
    saved_search: SavedSearch

    @property
    def name(self) -> str:
        return self.header.name


@dataclass(frozen=True, slots=True)
class Baseline:
    """A search that is run before the detection's, over ``data`` of its own or, without any, over the test's."""

    name: str
    search: str
    data: tuple[TestData, ...] = ()
    window: Window = field(default_factory=Window)


@dataclass(frozen=True, slots=True)
class PlannedTest:
    """One test to run; with ``skip`` it is not run, and ``skip`` says why; with ``unreadable`` it cannot be.

    The search runs over ``window``, whose relative times count from the end of the data. It rests on the risk that the
    detections of ``risk_from`` leave.
    """

    subject: Subject
    level: Level
    name: str
    data: tuple[TestData, ...] = ()
    expect: Expectation = field(default_factory=Expectation)
    skip: str = ""
    unreadable: str = ""
    window: Window = field(default_factory=Window)
    baselines: tuple[Baseline, ...] = ()
    risk_from: tuple[Subject, ...] = ()
    known_failure: KnownFailure | None = None

    @property
    def needs_backend(self) -> bool:
        return self.level is not Level.VALIDATION and not self.skip and not self.unreadable

    def all_data(self) -> list[TestData]:
        """That of its baselines too."""
        return [*self.data, *(data for baseline in self.baselines for data in baseline.data)]
