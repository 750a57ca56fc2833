"""The events of a run, a JSON object a line: written while it goes, or out of its record; and read back as a record.

``events.schema.json`` beside this file says what a line may hold, docs/events.md what it means.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec
from msgspec.structs import replace

from harness.errors import FilePlace, UsageError
from harness.runner import events
from harness.runner.events import Event, TestId
from harness.runner.record import (
    SCHEMA,
    Attempt,
    BackendRecord,
    ContributorRecord,
    DatasetRecord,
    DetectionRecord,
    Level,
    RunRecord,
    Summary,
    TestRecord,
    Tool,
)

SCHEMA_FILE: Final = Path(__file__).with_name("events.schema.json")


class Line(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="event", forbid_unknown_fields=True, omit_defaults=True
):
    """``at`` is when it happened, ISO 8601 in UTC; absent in what is written out of a record, which does not know."""

    at: str = ""


class RunStarted(Line, frozen=True, kw_only=True, tag="run-started"):
    """``tests`` is how many there are, ``known`` how many of them an earlier run has finished."""

    schema: int
    tool: Tool
    backend: BackendRecord
    started: str
    shard: str
    tests: int
    known: int


class PlannedTest(msgspec.Struct, frozen=True):
    level: Level
    test: str


class DetectionPlanned(Line, frozen=True, kw_only=True, tag="detection-planned"):
    """``detection`` is as in the record, without results."""

    detection: DetectionRecord
    tests: tuple[PlannedTest, ...]


class OfTest(Line, frozen=True, kw_only=True):
    """``file`` tells two detections of one name apart."""

    file: str
    detection: str
    level: Level
    test: str


class TestStarted(OfTest, frozen=True, kw_only=True, tag="test-started"):
    __test__ = False  # not a pytest class


class DatasetReplayed(OfTest, frozen=True, kw_only=True, tag="dataset-replayed"):
    dataset: DatasetRecord


class RiskLeft(OfTest, frozen=True, kw_only=True, tag="risk-left"):
    contributor: ContributorRecord


class SearchFinished(OfTest, frozen=True, kw_only=True, tag="search-finished"):
    rows: int
    seconds: float


class TestRepeated(OfTest, frozen=True, kw_only=True, tag="test-repeated"):
    __test__ = False  # not a pytest class

    attempt: Attempt


class TestFinished(OfTest, frozen=True, kw_only=True, tag="test-finished"):
    __test__ = False  # not a pytest class

    result: TestRecord


class RunFinished(Line, frozen=True, kw_only=True, tag="run-finished"):
    started: str
    duration_s: float
    summary: Summary


AnyLine: TypeAlias = (
    RunStarted
    | DetectionPlanned
    | TestStarted
    | DatasetReplayed
    | RiskLeft
    | SearchFinished
    | TestRepeated
    | TestFinished
    | RunFinished
)


# --- writing ----------------------------------------------------------------------------------------------------------


def written(running: Iterator[Event], path: Path) -> Iterator[Event]:
    """The same events, each in the file before it is handed on. Raises UsageError where it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("wb")
    except OSError as error:
        raise UsageError(f"the report cannot be written: {error.strerror}", where=FilePlace(path)) from error
    with file:
        for event in running:
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            file.writelines(_encoded(replace(line, at=now)) for line in lines_of(event))
            file.flush()
            yield event


def render(record: RunRecord) -> str:
    """What a run with that record would have told, but for when."""
    return "".join(_encoded(line).decode() for event in _told(record) for line in lines_of(event))


def lines_of(event: Event) -> Iterator[AnyLine]:
    """An event as lines: a start has one for each detection besides."""
    if isinstance(event, events.RunStarted):
        yield from _start(event)
    elif isinstance(event, events.RunFinished):
        record = event.record
        yield RunFinished(started=record.started, duration_s=record.duration_s, summary=record.summary)
    else:
        which: dict[str, Any] = {name: getattr(event.test, name) for name in ("file", "detection", "level", "test")}
        if isinstance(event, events.TestStarted):
            yield TestStarted(**which)
        elif isinstance(event, events.DatasetReplayed):
            yield DatasetReplayed(**which, dataset=event.dataset)
        elif isinstance(event, events.RiskLeft):
            yield RiskLeft(**which, contributor=event.contributor)
        elif isinstance(event, events.SearchFinished):
            yield SearchFinished(**which, rows=event.rows, seconds=round(event.seconds, 3))
        elif isinstance(event, events.TestRepeated):
            yield TestRepeated(**which, attempt=event.attempt)
        else:
            yield TestFinished(**which, result=event.result)


def _start(event: events.RunStarted) -> Iterator[AnyLine]:
    record = event.record
    yield RunStarted(
        schema=SCHEMA,
        tool=record.tool,
        backend=record.backend,
        started=record.started,
        shard=record.shard,
        tests=len(event.tests),
        known=event.known,
    )
    planned: dict[str, list[PlannedTest]] = {}
    for test in event.tests:
        planned.setdefault(test.file, []).append(PlannedTest(test.level, test.test))
    for detection in record.detections:
        yield DetectionPlanned(detection=detection, tests=tuple(planned.get(detection.file, ())))


def _told(record: RunRecord) -> Iterator[Event]:
    results = [
        (TestId(detection.file, detection.name, result.level, result.test), result)
        for detection in record.detections
        for result in detection.results
    ]
    headers = tuple(replace(detection, results=()) for detection in record.detections)
    yield events.RunStarted(replace(record, detections=headers), tuple(test for test, _ in results))
    for test, result in results:
        yield events.TestStarted(test)
        for attempt in result.attempts:
            yield events.TestRepeated(test, attempt)
        for dataset in result.datasets:
            yield events.DatasetReplayed(test, dataset)
        for contributor in result.risk_from:
            yield events.RiskLeft(test, contributor)
        yield events.TestFinished(test, result)
    yield events.RunFinished(record)


def _encoded(line: AnyLine) -> bytes:
    return msgspec.json.encode(line) + b"\n"


# --- reading ----------------------------------------------------------------------------------------------------------


def is_ndjson(text: bytes) -> bool:
    return text.startswith(b'{"event":')


def read(text: bytes, path: Path) -> RunRecord:
    """The record of the run that wrote these lines. Raises UsageError for what is none, or a run that did not end."""
    first: RunStarted | None = None
    planned: dict[str, DetectionPlanned] = {}
    results: dict[str, list[TestRecord]] = {}
    *whole, _cut_off = text.split(b"\n")
    for number, encoded in enumerate(whole, start=1):
        line = _decoded(encoded, FilePlace(path, number))
        if isinstance(line, RunStarted):
            first = line
        elif isinstance(line, DetectionPlanned):
            planned[line.detection.file] = line
        elif isinstance(line, TestFinished):
            results.setdefault(line.file, []).append(line.result)
        elif isinstance(line, RunFinished) and first is not None:
            detections = tuple(
                replace(each.detection, results=_in_order(each, results[file]))
                for file, each in planned.items()
                if file in results
            )
            return RunRecord(
                tool=first.tool,
                backend=first.backend,
                started=first.started,
                duration_s=line.duration_s,
                summary=line.summary,
                detections=detections,
                shard=first.shard,
            )
    raise UsageError(
        "the run that wrote this did not come to its end",
        where=FilePlace(path),
        hint="harness test --resume goes on with it",
    )


def _decoded(encoded: bytes, where: FilePlace) -> AnyLine:
    try:
        line: AnyLine = msgspec.json.decode(encoded, type=AnyLine)
    except msgspec.DecodeError as error:
        raise UsageError(f"not an event of a run: {error}", where=where) from error
    if isinstance(line, RunStarted) and line.schema != SCHEMA:
        raise UsageError(f"events of schema {line.schema}; this version reads schema {SCHEMA}", where=where)
    return line


def _in_order(planned: DetectionPlanned, found: list[TestRecord]) -> tuple[TestRecord, ...]:
    """As they were planned, whichever came first; of one name, as they came."""
    seen: Counter[PlannedTest] = Counter()
    places: dict[tuple[PlannedTest, int], int] = {}
    for position, test in enumerate(planned.tests):
        places[test, seen[test]] = position
        seen[test] += 1
    seen.clear()
    ordered: list[tuple[int, TestRecord]] = []
    for result in found:
        test = PlannedTest(result.level, result.test)
        ordered.append((places[test, seen[test]], result))
        seen[test] += 1
    return tuple(result for _, result in sorted(ordered, key=lambda each: each[0]))


# --- the schema -------------------------------------------------------------------------------------------------------


def schema_text() -> bytes:
    """The JSON Schema of a line."""
    schema = msgspec.json.schema(AnyLine)
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Event of a run", **schema}
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def write_schema() -> None:
    """Write the file anew, after a change here."""
    SCHEMA_FILE.write_bytes(schema_text())
