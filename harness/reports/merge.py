"""One record out of several: the shards of one run, or a run and its repetition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from harness.errors import UsageError
from harness.runner.record import DetectionRecord, Level, RunRecord, TestRecord, summarise


@dataclass(slots=True)
class _Merged:
    record: DetectionRecord
    results: dict[tuple[Level, str, int], TestRecord] = field(default_factory=dict)

    def add(self, results: Sequence[TestRecord]) -> None:
        """Two tests of one name are told apart by their order."""
        seen: Counter[tuple[Level, str]] = Counter()
        for result in results:
            name = (result.level, result.test)
            self.results[*name, seen[name]] = result
            seen[name] += 1


def merge(records: Sequence[RunRecord]) -> RunRecord:
    """All detections and tests of all records; of a test in several records the one of the run that started last.

    The records must be of one backend, and a detection the same file in all of them: else they tell nothing together.
    """
    # A record in which nothing was run names no version of the backend that it would have used.
    first, *rest = sorted(records, key=lambda record: (not record.backend.version, record.started))
    for other in rest:
        if other.backend.kind != first.backend.kind or (other.backend.version and other.backend != first.backend):
            raise UsageError(
                "the records are of different backends: "
                f"{first.backend.kind} {first.backend.version} and {other.backend.kind} {other.backend.version}",
                hint="report on them one by one",
            )
    _check_shards(records)
    merged: dict[str, _Merged] = {}
    for record in sorted(records, key=lambda record: record.started):
        for detection in record.detections:
            entry = merged.setdefault(detection.file, _Merged(detection))
            if detection.sha256 != entry.record.sha256:
                raise UsageError(f"{detection.file} changed between the records", hint="test it again")
            if detection.evidence != entry.record.evidence:
                raise UsageError(
                    f"what {detection.file} uses (a macro, a lookup, a dataset, a setting) changed between the records",
                    hint="test it again",
                )
            entry.add(detection.results)
    detections = tuple(
        replace(entry.record, results=tuple(entry.results.values())) for _, entry in sorted(merged.items())
    )
    return replace(
        first,
        started=min(record.started for record in records),
        duration_s=sum(record.duration_s for record in records),
        summary=summarise(detections),
        detections=detections,
        shard="",
    )


def _check_shards(records: Sequence[RunRecord]) -> None:
    """Shards must be of one run and all be there: without one of them, what it would have found is missing."""
    shards = [record for record in records if record.shard]
    if not shards:
        return
    counts = sorted({int(record.shard.partition("/")[2]) for record in shards})
    if len(counts) > 1:
        raise UsageError(
            f"the records are shards of different runs: of {' and of '.join(map(str, counts))}",
            hint="report on the shards of one run together",
        )
    missing = {f"{index}/{counts[0]}" for index in range(1, counts[0] + 1)} - {record.shard for record in shards}
    if missing:
        raise UsageError(
            f"not all of the run is here: without shard {', '.join(sorted(missing))}", hint="add the missing records"
        )
    owners: dict[str, str] = {}
    for record in shards:
        for detection in record.detections:
            owner = owners.setdefault(detection.file, record.shard)
            if owner != record.shard:
                raise UsageError(
                    f"{detection.file} is in the shards {owner} and {record.shard}: they are not of one run",
                    hint="shards must be made of the same content, with the same --durations",
                )
