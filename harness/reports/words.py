"""The words of the Testing table, as a detection's published page has them."""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import urlsplit

from harness.runner.record import DetectionRecord, Level, RunRecord, Status, TestRecord
from harness.wording import counted

COLUMNS = ("Test Type", "Status", "Dataset", "Source", "Sourcetype")
NOT_APPLICABLE = "N/A"
STATUS = {
    Status.PASS: "✅ Passing",
    Status.FAIL: "❌ Failing",
    Status.ERROR: "⚠️ Error",
    Status.SKIP: "⏭️ Skipped",
}
LEVEL = {Level.VALIDATION: "Validation", Level.UNIT: "Unit", Level.INTEGRATION: "Integration"}


def summary_line(record: RunRecord) -> str:
    summary = record.summary
    flaky = sum(result.flaky for result in record.results())
    passed = f"{summary.passed} passed{f' ({flaky} flaky)' if flaky else ''}"
    errors = counted(summary.errors, "error")
    return f"{passed}, {summary.failed} failed, {errors}, {summary.skipped} skipped in {record.duration_s:.1f} s"


def status(result: TestRecord) -> str:
    return f"{STATUS[result.status]} (flaky)" if result.flaky else STATUS[result.status]


def about(detection: DetectionRecord) -> list[str]:
    """Its type, version and status; of a file that could not be read nothing is known."""
    version = f"version {detection.version}" if detection.version else ""
    return [text for text in (detection.type, version, detection.status) if text]


def test_type(detection: DetectionRecord, result: TestRecord) -> str:
    """The level; with the test's name where the detection has several tests at that level."""
    same = [other for other in detection.results if other.level == result.level]
    return LEVEL[result.level] if len(same) == 1 else f"{LEVEL[result.level]}: {result.test}"


def verdict(detection: DetectionRecord) -> Status:
    """A detection's own: the worst of its tests; SKIP if nothing but its validation was decided."""
    statuses = {result.status for result in detection.results}
    for status in (Status.FAIL, Status.ERROR):
        if status in statuses:
            return status
    tests = {result.status for result in detection.results if result.level is not Level.VALIDATION} or statuses
    return Status.PASS if Status.PASS in tests else Status.SKIP


def dataset_name(data: str) -> str:
    return PurePosixPath(urlsplit(data).path if "://" in data else data).name or data


def first_line(text: str) -> str:
    return text.partition("\n")[0]
