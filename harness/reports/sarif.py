"""SARIF 2.1.0, for code scanning: a finding for each test that did not pass, at the detection's file.

Paths are as the record has them, relative to the content root.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from harness.reports import words
from harness.runner.record import DetectionRecord, RunRecord, Status, TestRecord
from harness.validation.findings import sarif_document, uri_of

_LEVELS = {Status.FAIL: "error", Status.ERROR: "warning"}


def render(record: RunRecord) -> str:
    found = [
        (detection, result)
        for detection in record.detections
        for result in detection.results
        if result.status in _LEVELS
    ]
    rules = list(dict.fromkeys(result.level for _, result in found))
    document = sarif_document(
        [{"id": level.value, "shortDescription": {"text": f"{words.LEVEL[level]} tests pass."}} for level in rules],
        [_finding(detection, result, rules.index(result.level)) for detection, result in found],
    )
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _finding(detection: DetectionRecord, result: TestRecord, position: int) -> dict[str, Any]:
    # Which test it is, not why it fails: the same failure stays the same finding in the next run.
    fingerprint = hashlib.sha256(f"{result.level.value}\n{detection.file}\n{result.test}".encode()).hexdigest()
    location = {"artifactLocation": {"uri": uri_of(detection.file)}, "region": {"startLine": 1}}
    title = f"{detection.name}, {words.test_type(detection, result)}"
    return {
        "ruleId": result.level.value,
        "ruleIndex": position,
        "level": _LEVELS[result.status],
        "message": {"text": f"{title}: {result.reason or words.STATUS[result.status]}"},
        "locations": [{"physicalLocation": location}],
        "partialFingerprints": {"test/v1": fingerprint},
    }
