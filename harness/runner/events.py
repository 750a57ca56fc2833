"""What happens during a run, as it happens. The runner yields these and prints nothing; whoever shows, listens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from harness.runner.record import Attempt, ContributorRecord, DatasetRecord, Level, RunRecord, TestRecord


@dataclass(frozen=True, slots=True)
class TestId:
    """Which test: the detection's file and name, the level, and the test's own name."""

    __test__ = False  # not a pytest class

    file: str
    detection: str
    level: Level
    test: str


@dataclass(frozen=True, slots=True)
class RunStarted:
    """``record`` is the run's, with its detections but no results yet. ``tests`` are to be judged, skipped ones
    included; ``known`` of them were finished before, by a run that this one goes on with."""

    record: RunRecord
    tests: tuple[TestId, ...]
    known: int = 0


@dataclass(frozen=True, slots=True)
class TestStarted:
    __test__ = False  # not a pytest class

    test: TestId


@dataclass(frozen=True, slots=True)
class DatasetReplayed:
    test: TestId
    dataset: DatasetRecord


@dataclass(frozen=True, slots=True)
class RiskLeft:
    """A detection ran by its schedule, for a test that rests on the risk that it leaves."""

    test: TestId
    contributor: ContributorRecord


@dataclass(frozen=True, slots=True)
class SearchFinished:
    """``seconds`` is how long the search took, its rows read included."""

    test: TestId
    rows: int
    seconds: float


@dataclass(frozen=True, slots=True)
class TestRepeated:
    """A test did not pass, as ``attempt`` tells, and is begun again."""

    __test__ = False  # not a pytest class

    test: TestId
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class TestFinished:
    __test__ = False  # not a pytest class

    test: TestId
    result: TestRecord


@dataclass(frozen=True, slots=True)
class RunFinished:
    record: RunRecord


Event: TypeAlias = (
    RunStarted | TestStarted | DatasetReplayed | RiskLeft | SearchFinished | TestRepeated | TestFinished | RunFinished
)
