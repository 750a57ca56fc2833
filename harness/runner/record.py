"""The run record: what was tested, against what, and what came out. Every report is a function of it.

Schema 1 is public: JSON written by :func:`encode` reads back by :func:`decode` to an equal record.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

import msgspec

from harness.errors import FilePlace, UsageError

SCHEMA = 1
MAX_ROWS = 100
"""A record keeps at most this many result rows of a test."""

Cell: TypeAlias = str | list[str]


class Level(StrEnum):
    VALIDATION = "validation"
    UNIT = "unit"
    INTEGRATION = "integration"


class Status(StrEnum):
    """PASS; FAIL: the detection is wrong; ERROR: we cannot tell; SKIP: declared not to be tested, with the reason."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    ERROR = "error"
    SKIP = "skip"


class Tool(msgspec.Struct, frozen=True, omit_defaults=True):
    """``fidelity`` is the hash of the summary that ``harness version --fidelity`` prints; records of before lack it."""

    name: str
    version: str
    fidelity: str = ""


class AppRecord(msgspec.Struct, frozen=True):
    name: str
    version: str


class BackendRecord(msgspec.Struct, frozen=True):
    kind: str
    version: str
    apps: tuple[AppRecord, ...] = ()


class Summary(
    msgspec.Struct, frozen=True, rename={"passed": "pass", "failed": "fail", "errors": "error", "skipped": "skip"}
):
    """How many tests ended how."""

    passed: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0


class DatasetRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """``events`` is how many events the server indexed from it; ``sha256`` is of the file. ``moved_s`` are the seconds
    by which its events were moved in time (``retime``); absent for data that keeps its time."""

    data: str
    source: str
    sourcetype: str
    sha256: str
    events: int
    moved_s: int = 0


class ContributorRecord(msgspec.Struct, frozen=True):
    """A detection whose risk a test rests on: how many runs of its schedule found something, and the risk events that
    it left."""

    detection: str
    runs: int
    risk_events: int


class StageRecord(msgspec.Struct, frozen=True):
    """``rows`` that came out of the command of that name."""

    command: str
    rows: int


class Attempt(msgspec.Struct, frozen=True):
    """A run of a test that did not pass and was made again."""

    status: Status
    reason: str
    duration_s: float


class TestRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One test at one level. The first line of ``reason`` says why it did not pass.

    ``attempts`` are the runs of it before the one that is told here. One that passed after them is flaky.
    """

    __test__ = False  # not a pytest class

    level: Level
    test: str
    status: Status
    reason: str = ""
    datasets: tuple[DatasetRecord, ...] = ()
    search: str = ""
    result_count: int = 0
    rows: tuple[dict[str, Cell], ...] = ()
    stages: tuple[StageRecord, ...] = ()
    duration_s: float = 0.0
    attempts: tuple[Attempt, ...] = ()
    risk_from: tuple[ContributorRecord, ...] = ()

    @property
    def flaky(self) -> bool:
        return self.status is Status.PASS and bool(self.attempts)


class DetectionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """``file`` is relative to the content root; ``sha256`` is of that file; ``search`` is as written there.

    ``evidence`` is a digest of all that the verdicts rest on: that file, the macros, lookups and other files that it
    uses, and its datasets.
    """

    name: str
    id: str
    version: int
    type: str
    status: str
    file: str
    sha256: str
    search: str = ""
    data_source: tuple[str, ...] = ()
    mitre_attack: tuple[str, ...] = ()
    manual_test: str = ""
    evidence: str = ""
    results: tuple[TestRecord, ...] = ()


class RunRecord(msgspec.Struct, frozen=True, kw_only=True):
    """``started`` is ISO 8601 in UTC. ``shard`` is ``I/N`` for one of N parts of a run, else empty."""

    schema: int = SCHEMA
    tool: Tool
    backend: BackendRecord
    started: str
    duration_s: float
    summary: Summary
    detections: tuple[DetectionRecord, ...]
    shard: str = ""

    def results(self) -> list[TestRecord]:
        return [result for detection in self.detections for result in detection.results]


def summarise(detections: tuple[DetectionRecord, ...]) -> Summary:
    statuses = [result.status for detection in detections for result in detection.results]
    return Summary(
        passed=statuses.count(Status.PASS),
        failed=statuses.count(Status.FAIL),
        errors=statuses.count(Status.ERROR),
        skipped=statuses.count(Status.SKIP),
    )


def encode(record: RunRecord) -> bytes:
    return msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n"


def decode(text: bytes, *, path: Path | None = None) -> RunRecord:
    """Read a record, refusing one of another schema."""
    where = FilePlace(path) if path else None
    try:
        record = msgspec.json.decode(text, type=RunRecord)
    except msgspec.DecodeError as error:
        raise UsageError(f"not a run record: {error}", where=where) from error
    if record.schema != SCHEMA:
        raise UsageError(f"a run record of schema {record.schema}; this version reads schema {SCHEMA}", where=where)
    return record
