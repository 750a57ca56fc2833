"""One record out of several: the shards of one run, or a run and its repetition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from harness.errors import UsageError
from harness.runner.record import DetectionRecord, Level, RunRecord, TestRecord, summarise


@dataclass(slots=True)
class _Merged:
    record: DetectionRecord
    results: dict[tuple[Level, str], TestRecord] = field(default_factory=dict)


def merge(records: Sequence[RunRecord]) -> RunRecord:
    """All detections and tests of all records; of a test in several records the one of the run that started last.

    The records must be of one backend, and a detection the same file in all of them: else they tell nothing together.
    """
    first, *rest = sorted(records, key=lambda record: record.started)
    for other in rest:
        if other.backend != first.backend:
            raise UsageError(
                "the records are of different backends: "
                f"{first.backend.kind} {first.backend.version} and {other.backend.kind} {other.backend.version}",
                hint="report on them one by one",
            )
    merged: dict[str, _Merged] = {}
    for record in [first, *rest]:
        for detection in record.detections:
            entry = merged.setdefault(detection.file, _Merged(detection))
            if detection.sha256 != entry.record.sha256:
                raise UsageError(f"{detection.file} changed between the records", hint="test it again")
            entry.results |= {(result.level, result.test): result for result in detection.results}
    detections = tuple(
        replace(entry.record, results=tuple(entry.results.values())) for _, entry in sorted(merged.items())
    )
    return replace(
        first,
        duration_s=sum(record.duration_s for record in records),
        summary=summarise(detections),
        detections=detections,
    )
