"""``summary.yml`` as contentctl writes it, with all of its keys and a few more: what reads that file today goes on.

contentctl's tests are the unit and integration ones. ``validation`` stands beside them in a key of its own, but counts
for the detection: one that contentctl cannot validate is not tested by it at all.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import yaml

from harness.reports import words
from harness.runner.record import DetectionRecord, Level, RunRecord, Status, TestRecord

_UNKNOWN = "UKNOWN"  # contentctl's own spelling of a rate of nothing
_MESSAGES = {
    Status.PASS: "TEST PASSED",
    Status.FAIL: "TEST FAILED",
    Status.ERROR: "TEST ERROR",
    Status.SKIP: "TEST SKIPPED",
}
_FAILED = {Status.FAIL, Status.ERROR}


def render(record: RunRecord) -> str:
    return yaml.safe_dump(_document(record), sort_keys=False, allow_unicode=True, width=120)


def _document(record: RunRecord) -> dict[str, Any]:
    tested = [detection for detection in record.detections if _status(detection) is not Status.SKIP]
    skipped = [detection for detection in record.detections if _status(detection) is Status.SKIP]
    passed = sum(_status(detection) is Status.PASS for detection in tested)

    def having(status: str) -> int:
        return sum(detection.status == status for detection in record.detections)

    return {
        "summary": {
            "mode": "selected",
            "enable_integration_testing": any(result.level is Level.INTEGRATION for result in record.results()),
            "success": passed == len(tested),
            "total_detections": len(record.detections),
            "total_tested_detections": len(tested),
            "total_pass": passed,
            "total_fail": len(tested) - passed,
            "total_skipped": len(skipped),
            "total_untested": 0,
            "total_production": having("production"),
            "total_experimental": having("experimental"),
            "total_deprecated": having("deprecated"),
            "total_manual": sum(bool(detection.manual_test) for detection in record.detections),
            "success_rate": _percent(passed, len(tested)),
            "backend": record.backend.kind,
            "backend_version": record.backend.version,
            "started": record.started,
            "duration": round(record.duration_s, 2),
        },
        # Failures first, then by name; and what has tests before what has none.
        "tested_detections": sorted(map(_detection, tested), key=lambda each: (each["success"], each["name"])),
        "skipped_detections": sorted(map(_detection, skipped), key=lambda each: (not each["tests"], each["name"])),
        "untested_detections": [],
        "percent_complete": _percent(len(tested) + len(skipped), len(record.detections)),
    }


def _detection(detection: DetectionRecord) -> dict[str, Any]:
    status = _status(detection)
    return {
        "name": detection.name,
        "type": detection.type,
        "production_status": detection.status,
        "status": status.value,
        "source_category": PurePosixPath(detection.file).parent.name,
        "data_source": list(detection.data_source),
        "search": detection.search,
        "file_path": detection.file,
        "manual_test": detection.manual_test or None,
        "success": status is not Status.FAIL,
        "tests": [_test(result) for result in detection.results if result.level is not Level.VALIDATION],
        "validation": [_test(result) for result in detection.results if result.level is Level.VALIDATION],
        "id": detection.id,
        "version": detection.version,
        "sha256": detection.sha256,
    }


def _test(result: TestRecord) -> dict[str, Any]:
    ran = result.status in {Status.PASS, Status.FAIL}
    message = _MESSAGES[result.status]
    return {
        "name": result.test,
        "test_type": result.level.value,
        "success": result.status not in _FAILED,
        "message": f"{message}: {words.first_line(result.reason)}" if result.reason else message,
        "exception": result.reason if result.status is Status.ERROR else None,
        "status": result.status.value,
        "duration": round(result.duration_s, 2),
        "wait_duration": None,
        "resultCount": str(result.result_count) if ran and result.search else None,
        "runDuration": f"{result.duration_s:.3f}" if ran and result.search else None,
        "reason": result.reason,
    }


def _status(detection: DetectionRecord) -> Status:
    """contentctl knows no error of a detection: what could not be decided has failed."""
    verdict = words.verdict(detection)
    return Status.FAIL if verdict is Status.ERROR else verdict


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else _UNKNOWN
