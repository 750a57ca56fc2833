"""From a content, a revision and run records to the cases that the rules are asked about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from harness.gate.policy import Policy
from harness.gate.rules import Case, Evidence
from harness.runner.dependencies import ChangedDetection, Dependencies
from harness.runner.record import Level, RunRecord, TestRecord


def build_cases(
    dependencies: Dependencies,
    changed: Iterable[ChangedDetection],
    records: Sequence[RunRecord],
    policy: Policy,
    today: date,
) -> list[Case]:
    """A case per changed detection, with the newest evidence of each backend."""
    cases = []
    for each in changed:
        digest = dependencies.evidence(each.after) if each.after is not None else ""
        evidence = _evidence(each.file, digest, records)
        cases.append(Case(each.file, each.before, each.after, policy, today, evidence))
    return cases


def _evidence(file: str, digest: str, records: Sequence[RunRecord]) -> dict[str, Evidence]:
    """By backend. Of records over this very content the results of a later one win, test by test, so that levels may
    be run apart and a run repeated; where all are over other content, the newest stands for them."""
    found: dict[str, Evidence] = {}
    merged: dict[str, dict[tuple[Level, str], TestRecord]] = {}
    for record in sorted(records, key=lambda record: record.started):
        for detection in record.detections:
            if detection.file != file:
                continue
            kind = record.backend.kind
            current = bool(digest) and detection.evidence == digest
            if not current and kind in found and found[kind].current:
                continue
            results = merged.setdefault(kind, {}) if current else {}
            results.update({(result.level, result.test): result for result in detection.results})
            found[kind] = Evidence(
                backend=kind,
                version=record.backend.version,
                started=record.started,
                digest=detection.evidence,
                current=current,
                results=tuple(results.values()),
            )
    return found
